// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/daemon_views.h"

#include "daemon/gauges.h"
#include "daemon/version.h"
#include "daemon/why.h"
#include "keys/fingerprint.h"
#include "keys/key_type.h"

#include <algorithm>
#include <fmt/format.h>

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
    case ConnectionState::PotentialOe:
    case ConnectionState::PendingOe: ++status.deciding; break;
    case ConnectionState::Keyed:
        ++status.encrypted;
        if (protection(connection) > Protection::Anonymous)
            ++status.authenticated;
        break;
    case ConnectionState::ClearText: ++status.clear; break;
    case ConnectionState::Deny: ++status.blocked; break;
    }
}

bool is_in_kernel(ConnectionRow const& row) { return row.connection.state != ConnectionState::Expired; }

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
    if (m_identities && m_identities->key()) {
        auto const& key = *m_identities->key();
        status.key = fmt::format("{} {}", keys::kind_of(key), keys::short_fingerprint(key));
        for (auto const& [address, published] : m_identities->published())
            status.published.push_back(
                {address, std::string(word_for(published)), std::string(to_string(published))});
    }
    if (m_names) {
        status.names = m_names->views();
        std::ranges::move(m_names->warnings(), std::back_inserter(status.warnings));
    }
    status.exempt = m_exempt;
    status.tunnels_left_out = m_tunnels_left_out;
    return status;
}

std::vector<FlowView> DaemonViews::flows() { return flows_where(is_in_kernel); }

std::vector<FlowView> DaemonViews::flows_with(Address const& remote)
{
    return flows_where(
        [&](ConnectionRow const& row) { return is_in_kernel(row) && row.connection.flow.remote == remote; });
}

std::vector<FlowView> DaemonViews::flows_where(std::function<bool(ConnectionRow const&)> const& wanted)
{
    auto counters = m_enforcer.counters();
    std::vector<FlowView> views;
    for (auto const& [flow, row] : m_table.rows()) {
        if (wanted(row))
            views.push_back(view_of(row, counters));
    }
    return views;
}

GroupLine const* DaemonViews::line_for(Address const& remote) { return m_table.groups().find(remote); }

WhyView DaemonViews::why(WhyQuestion const& question)
{
    auto const exempt = exemptions(m_exempt);
    auto view = oekd::why(question, {m_table.groups(), exempt, m_explicit, m_config.timing});
    // Also those that have nothing in the kernel: their history tells what happened.
    view.flows =
        flows_where([&](ConnectionRow const& row) { return concerns(question, row.connection.flow); });
    add_present(view);
    return view;
}

std::vector<Metric> DaemonViews::metrics()
{
    auto metrics = gauges_of(m_table, m_config);
    metrics.push_back(gauge("explicit_policies", "Group lines whose network has another program's policy",
                            m_explicit.size()));
    metrics.push_back(gauge("warnings", "What an administrator should mend", m_warnings.size()));
    auto const up = std::chrono::steady_clock::now() - m_began;
    metrics.push_back(gauge("uptime_seconds", "Seconds since the start",
                            static_cast<uint64_t>(std::chrono::floor<std::chrono::seconds>(up).count())));
    for (auto const* counter : m_counters.all())
        metrics.push_back(counter->metric());
    return metrics;
}

} // namespace oekd
