// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/connection.h"

#include <set>
#include <string>

namespace oekd {

/// One flow as the kernel and the peer see it: carries out the actions of each step and watches the promises
/// of policy/connection.h. The property test and the fuzz target drive it with any sequence of events.
class FlowModel {
public:
    FlowModel(PolicyGroup group, Timing const& timing, Conduct conduct = {}, Judgement judgement = {})
        : m_timing(timing)
    {
        m_connection.group = group;
        m_connection.conduct = conduct;
        m_connection.judgement = judgement;
    }

    /// Takes one step at this time. Returns the promise that the step has broken, or "" if it has kept them
    /// all.
    std::string happen(Event const& event, Time at);

    [[nodiscard]] Connection const& connection() const { return m_connection; }
    /// Neither policies of its own nor SAs.
    [[nodiscard]] bool is_bare() const { return m_out == Out::None && m_in == In::None && m_sas.empty(); }

private:
    /// What the flow's own policies do. None: there are none, the wide trap decides.
    enum class Out { None, Hold, Esp, Clear, Nothing };
    enum class In { None, ClearOrEsp, EspOnly, Nothing };

    void before(Event const& event);
    void carry_out(Action const& action, Connection const& next);
    void broken(std::string promise);

    void check_cleartext();
    void check_inbound(Connection const& from, Connection const& next);
    void check_sas(Connection const& next);
    void check_time(Connection const& next, Time at);
    void check_state(Connection const& next);
    void check_proof(Event const& event, Connection const& from, Connection const& next);

    [[nodiscard]] static bool promised(Connection const& connection);
    [[nodiscard]] bool sends_clear() const;
    [[nodiscard]] static Out undecided_out(Connection const& next);

    Timing m_timing;
    Connection m_connection;
    Out m_out = Out::None;
    In m_in = In::None;
    std::set<IkeSaId> m_sas; ///< that are up
    bool m_negotiating = false;
    bool m_asking = false;
    std::string m_broken;
};

} // namespace oekd
