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
    [[nodiscard]] std::vector<std::string> const& warnings() const { return m_warnings; }

    [[nodiscard]] StatusView status() override;
    [[nodiscard]] std::vector<FlowView> flows() override;
    [[nodiscard]] std::vector<FlowView> flows_with(Address const& remote) override;
    [[nodiscard]] GroupLine const* line_for(Address const& remote) override;

private:
    [[nodiscard]] std::vector<FlowView> flows_where(std::function<bool(Flow const&)> const& wanted);

    ConnectionTable const& m_table;
    Enforcer& m_enforcer;
    std::vector<std::string> m_warnings;
    WallTime m_started = std::chrono::system_clock::now();
};

} // namespace oekd
