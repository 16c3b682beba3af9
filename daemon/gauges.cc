// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/gauges.h"

#include <fmt/format.h>
#include <map>
#include <tuple>

namespace oekd {

namespace {

Metric flows_by_kind(ConnectionTable const& table)
{
    std::map<std::tuple<ConnectionState, Protection, PolicyGroup>, uint64_t> counts;
    for (auto const& [flow, row] : table.rows()) {
        auto const& connection = row.connection;
        if (connection.state != ConnectionState::Expired)
            ++counts[{connection.state, protection(connection), connection.group}];
    }
    Metric metric{"oekd_flows", Metric::Type::Gauge, "Flows with something of their own in the kernel", {}};
    for (auto const& [kind, count] : counts) {
        auto const& [state, protection, group] = kind;
        metric.samples.push_back({{{"state", std::string(to_string(state))},
                                   {"protection", std::string(to_string(protection))},
                                   {"group", std::string(to_string(group))}},
                                  count});
    }
    return metric;
}

struct Totals {
    uint64_t negotiating = 0;
    uint64_t sas = 0;
};

Totals totals_of(ConnectionTable const& table)
{
    Totals totals;
    for (auto const& [flow, row] : table.rows()) {
        totals.negotiating += row.connection.negotiating ? 1 : 0;
        totals.sas += row.sas.size();
    }
    return totals;
}

} // namespace

Metric gauge(std::string_view name, std::string_view help, uint64_t value)
{
    return {fmt::format("oekd_{}", name), Metric::Type::Gauge, std::string(help), {{{}, value}}};
}

std::vector<Metric> gauges_of(ConnectionTable const& table, Config const& config)
{
    auto const totals = totals_of(table);
    return {
        flows_by_kind(table),
        gauge("table_rows", "Flows that are remembered, also those that have nothing in the kernel",
              table.rows().size()),
        gauge("table_rows_limit", "Most flows that are remembered", table.max_flows()),
        gauge("negotiations", "Key exchanges of ours that run", totals.negotiating),
        gauge("negotiations_limit", "Most key exchanges of ours at the same time",
              config.ike.max_negotiations),
        gauge("sas", "SAs that flows have", totals.sas),
        gauge("sas_limit", "Most IKE SAs", config.ike.max_sas),
        gauge("group_lines", "Group lines in force", table.groups().lines().size()),
    };
}

} // namespace oekd
