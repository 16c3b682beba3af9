// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/group_table.h"
#include "tests/policy/flow_model.h"

#include <map>
#include <string>
#include <vector>

namespace oekd {

/// Flows under group lines that change, as daemon/ holds them (though it holds none of `clear` and `block`):
/// a reload withdraws the flows that it affects and forgets them, their next event makes them anew under the
/// new lines. Watches the promises of each flow, and that a reload touches just those that must be touched.
class ReloadModel {
public:
    ReloadModel(std::vector<GroupLine> lines, Timing const& timing);

    /// Both return the promise that was broken, or "".
    std::string happen(Flow const& flow, Event const& event, Time at);
    std::string reload(std::vector<GroupLine> lines, Time at);

    /// nullptr where nothing is known of the flow.
    [[nodiscard]] FlowModel const* find(Flow const& flow) const;
    [[nodiscard]] size_t withdrawn() const { return m_withdrawn; }
    [[nodiscard]] size_t kept() const { return m_kept; }

private:
    struct Known {
        GroupLine line; ///< under which it was made, or the last one that left it alone
        FlowModel model;
    };
    [[nodiscard]] Known* find_or_add(Flow const& flow);
    [[nodiscard]] std::string check_verdict(Known const& known, GroupLine const* line) const;

    Timing m_timing;
    GroupTable m_table;
    std::map<Flow, Known> m_flows;
    size_t m_withdrawn = 0;
    size_t m_kept = 0;
};

} // namespace oekd
