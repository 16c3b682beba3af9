// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/daemon_views.h"

#include "daemon/version.h"

#include <algorithm>

namespace oekd {

namespace {

void add_counters(FlowView& view, CountersBySa const& counters)
{
    for (auto const& sa : view.sas) {
        if (auto in = counters.find({sa.flow.local, sa.inbound}); in != counters.end()) {
            view.bytes_in += in->second.bytes;
            view.packets_in += in->second.packets;
        }
        if (auto out = counters.find({sa.flow.remote, sa.outbound}); out != counters.end()) {
            view.bytes_out += out->second.bytes;
            view.packets_out += out->second.packets;
        }
    }
}

std::optional<std::chrono::seconds> next_try(Connection const& connection)
{
    if (connection.state != ConnectionState::ClearText && connection.state != ConnectionState::Deny)
        return std::nullopt;
    if (!connection.deadline)
        return std::nullopt;
    auto left = *connection.deadline - std::chrono::steady_clock::now();
    return std::max(std::chrono::ceil<std::chrono::seconds>(left), std::chrono::seconds{0});
}

FlowView view_of(ConnectionRow const& row, CountersBySa const& counters)
{
    FlowView view;
    view.flow = row.connection.flow;
    view.group = row.connection.group;
    view.group_file = row.file;
    view.group_line = row.line;
    view.state = row.connection.state;
    view.protection = protection(row.connection);
    view.since = row.since;
    view.why = row.why;
    view.next_try = next_try(row.connection);
    view.clear_until = row.clear_until;
    view.reqid = row.reqid;
    view.sas = row.sas;
    view.history.assign(row.history.begin(), row.history.end());
    add_counters(view, counters);
    return view;
}

void count(StatusView& status, Connection const& connection)
{
    switch (connection.state) {
    case ConnectionState::Expired: break;
    case ConnectionState::PendingOe: ++status.deciding; break;
    case ConnectionState::Keyed: ++status.encrypted; break;
    case ConnectionState::ClearText: ++status.clear; break;
    case ConnectionState::Deny: ++status.blocked; break;
    }
}

} // namespace

StatusView DaemonViews::status()
{
    StatusView status;
    status.version = oekd_version;
    status.strongswan = ike_version();
    status.started = m_started;
    status.max_flows = m_table.max_flows();
    for (auto const& [flow, row] : m_table.rows())
        count(status, row.connection);
    auto lines = m_table.groups().lines();
    status.lines.assign(lines.begin(), lines.end());
    status.warnings = m_warnings;
    status.exempt = m_exempt;
    status.tunnels_left_out = m_tunnels_left_out;
    return status;
}

std::vector<FlowView> DaemonViews::flows()
{
    return flows_where([](Flow const&) { return true; });
}

std::vector<FlowView> DaemonViews::flows_with(Address const& remote)
{
    return flows_where([&](Flow const& flow) { return flow.remote == remote; });
}

std::vector<FlowView> DaemonViews::flows_where(std::function<bool(Flow const&)> const& wanted)
{
    auto counters = m_enforcer.counters();
    std::vector<FlowView> views;
    for (auto const& [flow, row] : m_table.rows()) {
        if (row.connection.state != ConnectionState::Expired && wanted(flow))
            views.push_back(view_of(row, counters));
    }
    return views;
}

GroupLine const* DaemonViews::line_for(Address const& remote) { return m_table.groups().find(remote); }

} // namespace oekd
