// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "daemon/connection_table.h"
#include "daemon/enforcer.h"
#include "daemon/view.h"

namespace oekd {

/// Shows the ConnectionTable to the control socket. Main thread.
class DaemonViews final : public ViewSource {
public:
    DaemonViews(ConnectionTable const& table, Enforcer& enforcer) : m_table(table), m_enforcer(enforcer) {}

    /// Things an administrator should mend, shown until the next reload.
    void set_warnings(std::vector<std::string> warnings) { m_warnings = std::move(warnings); }

    void set_exempt(Exempt exempt, std::vector<std::string> tunnels_left_out)
    {
        m_exempt = std::move(exempt);
        m_tunnels_left_out = std::move(tunnels_left_out);
    }

    [[nodiscard]] StatusView status() override;
    [[nodiscard]] std::vector<FlowView> flows() override;
    [[nodiscard]] std::vector<FlowView> flows_with(Address const& remote) override;
    [[nodiscard]] GroupLine const* line_for(Address const& remote) override;

private:
    [[nodiscard]] std::vector<FlowView> flows_where(std::function<bool(Flow const&)> const& wanted);

    ConnectionTable const& m_table;
    Enforcer& m_enforcer;
    std::vector<std::string> m_warnings;
    Exempt m_exempt;
    std::vector<std::string> m_tunnels_left_out;
    WallTime m_started = std::chrono::system_clock::now();
};

} // namespace oekd
