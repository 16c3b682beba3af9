// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/status.h"

#include "cli/always_exempt.h"
#include "cli/human.h"
#include "cli/json_output.h"
#include "policy/group.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace oekd::cli {

namespace {

std::string row(std::string_view name, std::string_view text)
{
    return fmt::format("  {:<10}{}\n", name, text);
}

std::string heading(StatusReport const& status, WallTime now, Style const& style)
{
    // A daemon without lines runs and does nothing; that is not "on".
    auto const* const doing = status.lines.empty()
                                  ? "no group has a line, so nothing is encrypted; see oekd-policies(5)"
                                  : "opportunistic encryption is on";
    return fmt::format("{} oekd {} {} {}{}up {}\n", style.paint(style.bullet(), Paint::Bold), status.version,
                       style.dash(), doing, style.separator(), age(now - status.started));
}

std::string flows(StatusReport const& status, Style const& style)
{
    auto const anonymous = status.encrypted - std::min(status.authenticated, status.encrypted);
    std::vector<std::string> const counts{
        fmt::format("{} encrypted ({} authenticated, {} anonymous)", grouped(status.encrypted),
                    grouped(status.authenticated), grouped(anonymous)),
        fmt::format("{} clear", grouped(status.clear)), fmt::format("{} blocked", grouped(status.blocked)),
        fmt::format("{} deciding", grouped(status.deciding))};
    return fmt::format("{} (limit {})", fmt::join(counts, style.separator()), grouped(status.max_flows));
}

/// "private 198.51.100.0/24", or "clear 12 networks" where naming them would be too long.
std::string group_text(PolicyGroup group, StatusReport const& status)
{
    constexpr size_t worth_naming = 3;
    std::vector<std::string> networks;
    for (auto const& line : status.lines) {
        if (line.group == to_string(group))
            networks.push_back(subject_of(line.network, line.service));
    }
    if (networks.empty())
        return {};
    if (networks.size() > worth_naming)
        return fmt::format("{} {} networks", to_string(group), grouped(networks.size()));
    return fmt::format("{} {}", to_string(group), fmt::join(networks, " "));
}

std::string groups(StatusReport const& status, Style const& style)
{
    std::vector<std::string> texts;
    for (auto const group : all_groups) {
        if (auto text = group_text(group, status); !text.empty())
            texts.push_back(std::move(text));
    }
    return fmt::format("{}", fmt::join(texts, style.separator()));
}

std::string names(StatusReport const& status, Style const& style)
{
    auto const unresolved = std::ranges::count_if(
        status.names, [](NameReport const& name) { return name.addresses.empty() || !name.problem.empty(); });
    auto const total = std::ssize(status.names);
    auto text = fmt::format("{} resolved", total - unresolved);
    return unresolved == 0 ? text : fmt::format("{}{}{} not", text, style.separator(), unresolved);
}

/// What is never held nor blocked: the part that differs first.
std::string exempt(StatusReport const& status, Style const& style)
{
    std::vector<std::string> texts;
    if (status.dns == "any")
        texts.emplace_back("DNS to any");
    else if (!status.dns_servers.empty())
        texts.push_back(fmt::format("DNS to {}", fmt::join(status.dns_servers, " ")));
    if (status.ntp == "any")
        texts.emplace_back("NTP until the clock is set");
    texts.push_back(fmt::format("own addresses, {}", fmt::join(always_exempt, ", ")));
    return fmt::format("{}", fmt::join(texts, style.separator()));
}

} // namespace

std::string format_status(StatusReport const& status, WallTime now, Style const& style)
{
    auto result = heading(status, now, style) + row("flows", flows(status, style));
    if (!status.lines.empty())
        result += row("groups", groups(status, style));
    if (!status.names.empty())
        result += row("names", names(status, style));
    result += row("exempt", exempt(status, style));
    if (!status.tunnels_left_out.empty())
        result += row("left out", fmt::format("{} (tunnel devices that are not in interfaces)",
                                              fmt::join(status.tunnels_left_out, " ")));
    if (!status.key.empty())
        result += row("key", status.key);
    for (auto const& published : status.published)
        result += row("", fmt::format("{}: {}", published.address, published.text));
    result += row("IKE", fmt::format("strongSwan {}", status.strongswan));
    for (auto const& warning : status.warnings)
        result += row("warning", style.paint(warning, Paint::Yellow));
    return result;
}

Outcome<std::string> status(DaemonClient& daemon, Format format)
{
    auto const reply = daemon.call("Status");
    if (!reply)
        return std::unexpected(reply.error());
    auto const report = decode_status(*reply);
    if (!report)
        return std::unexpected(report.error());
    if (format == Format::Json)
        return json_text(*report);
    return format_status(*report, WallTime::clock::now(), Style::of_stdout());
}

} // namespace oekd::cli
