// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "daemon/config.h"
#include "daemon/connection_table.h"
#include "daemon/counters.h"
#include "daemon/enforcer.h"
#include "daemon/named_groups.h"
#include "daemon/own_identity.h"
#include "daemon/view.h"

namespace oekd {

/// Shows the ConnectionTable to the control socket. Main thread.
class DaemonViews final : public ViewSource {
public:
    DaemonViews(ConnectionTable const& table, Enforcer& enforcer, Counters const& counters,
                Config const& config)
        : m_table(table), m_enforcer(enforcer), m_counters(counters), m_config(config)
    {}

    /// Things an administrator should mend, shown until the next reload.
    void set_warnings(std::vector<std::string> warnings) { m_warnings = std::move(warnings); }
    [[nodiscard]] std::vector<std::string> const& warnings() const { return m_warnings; }
    /// Lines whose network has another program's policy, which wins.
    void set_explicit(std::vector<GroupLine> lines) { m_explicit = std::move(lines); }

    void set_exempt(Exempt exempt, std::vector<std::string> tunnels_left_out)
    {
        m_exempt = std::move(exempt);
        m_tunnels_left_out = std::move(tunnels_left_out);
    }

    void show_names(NamedGroups const& names) { m_names = &names; }
    void show_identities(OwnIdentities const& identities) { m_identities = &identities; }

    [[nodiscard]] StatusView status() override;
    [[nodiscard]] std::vector<FlowView> flows() override;
    [[nodiscard]] std::vector<FlowView> flows_with(Address const& remote) override;
    [[nodiscard]] GroupLine const* line_for(Address const& remote) override;
    [[nodiscard]] WhyView why(WhyQuestion const& question) override;
    [[nodiscard]] std::vector<Metric> metrics() override;

private:
    [[nodiscard]] std::vector<FlowView> flows_where(std::function<bool(ConnectionRow const&)> const& wanted);

    ConnectionTable const& m_table;
    Enforcer& m_enforcer;
    Counters const& m_counters;
    Config const& m_config;
    std::vector<GroupLine> m_explicit;
    std::vector<std::string> m_warnings;
    NamedGroups const* m_names = nullptr;
    OwnIdentities const* m_identities = nullptr;
    Exempt m_exempt;
    std::vector<std::string> m_tunnels_left_out;
    WallTime m_started = std::chrono::system_clock::now();
    Time m_began = std::chrono::steady_clock::now(); ///< the same moment, by the clock that nobody sets
};

} // namespace oekd
