// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/list.h"

#include "cli/human.h"
#include "cli/json_output.h"
#include "cli/table.h"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace oekd::cli {

namespace {

bool lets_through(FlowFilter const& filter, FlowReport const& flow)
{
    auto const matches = [](std::string const& wanted, std::string const& is) {
        return wanted.empty() || wanted == is;
    };
    if (!matches(filter.state, flow.state) || !matches(filter.protection, flow.protection) ||
        !matches(filter.group, flow.group))
        return false;
    if (!filter.remote)
        return true;
    auto const remote = Address::parse(flow.remote);
    return remote && filter.remote->contains(*remote);
}

/// Bytes through the present SAs; a flow that has carried none has nothing to count.
std::string bytes_of(FlowReport const& flow, Style const& style)
{
    if (flow.state != "keyed")
        return std::string(style.dash());
    return fmt::format("{}/{}", short_count(flow.bytes_in), short_count(flow.bytes_out));
}

std::string why_of(FlowReport const& flow, WallTime now)
{
    auto why = flow.why;
    if (flow.next_try)
        why += fmt::format("; next try in {}", age(*flow.next_try));
    if (flow.clear_until)
        why += fmt::format("; was in the clear until {} ago", age(now - *flow.clear_until));
    return why;
}

} // namespace

std::vector<FlowReport> select_flows(std::vector<FlowReport> flows, FlowFilter const& filter)
{
    std::erase_if(flows, [&](FlowReport const& flow) { return !lets_through(filter, flow); });
    std::ranges::sort(flows, {}, [](FlowReport const& flow) {
        return std::tuple(Address::parse(flow.remote), Address::parse(flow.local), flow.service);
    });
    return flows;
}

std::string format_list(std::vector<FlowReport> const& flows, WallTime now, Style const& style)
{
    if (flows.empty())
        return "no flows\n";
    std::vector<std::vector<Cell>> rows;
    rows.emplace_back();
    for (auto const* heading : {"REMOTE", "LOCAL", "PROTECTION", "SINCE", "BYTES IN/OUT", "WHY"})
        rows.back().push_back({heading, Paint::Bold});
    for (auto const& flow : flows) {
        rows.push_back({{subject_of(flow.remote, flow.service)},
                        {flow.local},
                        {flow.protection, paint_of(flow.protection)},
                        {age(now - flow.since)},
                        {bytes_of(flow, style)},
                        {why_of(flow, now)}});
    }
    return format_table(rows, style);
}

Outcome<std::string> list(DaemonClient& daemon, FlowFilter const& filter, Format format)
{
    auto const reply = daemon.call("ListFlows");
    if (!reply)
        return std::unexpected(reply.error());
    auto report = decode_flows(*reply);
    if (!report)
        return std::unexpected(report.error());
    auto const flows = select_flows(std::move(*report), filter);
    if (format == Format::Json)
        return json_text(flows);
    return format_list(flows, WallTime::clock::now(), Style::of_stdout());
}

} // namespace oekd::cli
