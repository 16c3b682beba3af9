// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/show.h"

#include "cli/human.h"
#include "cli/json_output.h"
#include "cli/table.h"

#include <fmt/format.h>

namespace oekd::cli {

namespace {

using Rows = std::vector<std::vector<Cell>>;

void add(Rows& rows, std::string_view name, std::string text, Paint paint = Paint::Plain)
{
    rows.push_back({{fmt::format("  {}", name), Paint::Dim}, {std::move(text), paint}});
}

std::string moment(WallTime time, WallTime now)
{
    return fmt::format("{} ({} ago)", local_time(time), age(now - time));
}

std::string meaning_of(std::string_view protection)
{
    if (protection == "anonymous")
        return "anonymous: encrypted, the peer has proven nothing";
    if (protection == "dns")
        return "dns: encrypted, the peer has proven a key that the DNS has for it without DNSSEC";
    if (protection == "dnssec")
        return "dnssec: encrypted, the peer has proven the key that DNSSEC has for it";
    if (protection == "clear")
        return "clear: not encrypted";
    if (protection == "blocked")
        return "blocked: nothing passes";
    return std::string(protection);
}

/// The line that decided; after a reload it may be another one than decides now.
void add_group(Rows& rows, FlowReport const& flow, std::optional<LineReport> const& now)
{
    bool const same = now && now->group == flow.group && now->file == flow.file && now->line == flow.line;
    if (same)
        return add(rows, "group", line_text(*now));
    add(rows, "group", fmt::format("{} in {}:{}", flow.group, flow.file, flow.line));
    add(rows, "now", now ? line_text(*now) : "no line");
}

void add_sa(Rows& rows, SaReport const& sa)
{
    add(rows, "SA",
        fmt::format("{}, {} mode, started by {}", sa.protection, sa.mode,
                    sa.started_by == "us" ? "us" : "the peer"));
    add(rows, "", fmt::format("SPI in 0x{:08x} out 0x{:08x}", sa.spi_in, sa.spi_out));
    add(rows, "", fmt::format("IKE {}", sa.ike_proposal));
    add(rows, "", fmt::format("ESP {}", sa.esp_proposal));
}

void add_history(Rows& rows, std::vector<HistoryReport> const& history)
{
    std::string_view name = "history";
    for (auto const& entry : history) {
        add(rows, name, fmt::format("{}  {}", local_time(entry.when), entry.text));
        name = "";
    }
}

} // namespace

std::string line_text(LineReport const& line)
{
    return fmt::format("{}: {} in {}:{}", line.group, subject_of(line.network, line.service), line.file,
                       line.line);
}

std::string format_flow(FlowReport const& flow, std::optional<LineReport> const& line, WallTime now,
                        Style const& style)
{
    Rows rows;
    add(rows, "protection", meaning_of(flow.protection), paint_of(flow.protection));
    add(rows, "state", fmt::format("{} since {}", flow.state, moment(flow.since, now)));
    add(rows, "why", flow.why);
    if (flow.next_try)
        add(rows, "next try", fmt::format("in {}", age(*flow.next_try)));
    if (flow.clear_until)
        add(rows, "was clear", fmt::format("until {}", moment(*flow.clear_until, now)), Paint::Yellow);
    add_group(rows, flow, line);
    if (!flow.sas.empty())
        add(rows, "traffic",
            fmt::format("in {} bytes, {} packets; out {} bytes, {} packets", grouped(flow.bytes_in),
                        grouped(flow.packets_in), grouped(flow.bytes_out), grouped(flow.packets_out)));
    for (auto const& sa : flow.sas)
        add_sa(rows, sa);
    if (flow.reqid != 0)
        add(rows, "reqid", fmt::format("{}", flow.reqid));
    add_history(rows, flow.history);
    return fmt::format(
        "{}\n{}",
        style.paint(fmt::format("{} - {}", flow.local, subject_of(flow.remote, flow.service)), Paint::Bold),
        format_table(rows, style));
}

std::string format_show(ShowReport const& show, WallTime now, Style const& style)
{
    std::string result;
    for (auto const& flow : show.flows) {
        if (!result.empty())
            result += '\n';
        result += format_flow(flow, show.line, now, style);
    }
    return result;
}

Outcome<std::string> show(DaemonClient& daemon, std::string const& remote, Format format)
{
    auto const reply = daemon.call("ShowFlow", remote);
    if (!reply)
        return std::unexpected(reply.error());
    auto const report = decode_show(*reply);
    if (!report)
        return std::unexpected(report.error());
    if (format == Format::Json)
        return json_text(*report);
    return format_show(*report, WallTime::clock::now(), Style::of_stdout());
}

} // namespace oekd::cli
