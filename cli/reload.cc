// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/reload.h"

#include "cli/decode.h"
#include "cli/human.h"
#include "cli/json_output.h"

#include <fmt/format.h>

namespace oekd::cli {

namespace {

/// Many lines take the kernel a while, and whoever gave up waiting would not know what is in force.
constexpr std::chrono::minutes patience{5};

std::string json_text(ReloadReport const& reload)
{
    return text_of({{"lines", reload.lines}, {"warnings", reload.warnings}});
}

} // namespace

Outcome<ReloadReport> decode_reload(nlohmann::json const& reply)
{
    return decode::guarded([&] {
        auto const& result = reply.at(0);
        return ReloadReport{decode::number(result, "Lines"), decode::texts(result, "Warnings")};
    });
}

std::string format_reload(ReloadReport const& report, Style const& style)
{
    auto text = fmt::format("reloaded: {} {} in force\n", grouped(report.lines),
                            report.lines == 1 ? "line is" : "lines are");
    for (auto const& warning : report.warnings)
        text += fmt::format("  warning   {}\n", style.paint(warning, Paint::Yellow));
    return text;
}

Outcome<std::string> reload(DaemonClient& daemon, Format format)
{
    daemon.set_patience(patience);
    auto const reply = daemon.call("Reload");
    if (!reply)
        return std::unexpected(reply.error());
    auto const report = decode_reload(*reply);
    if (!report)
        return std::unexpected(report.error());
    return format == Format::Json ? json_text(*report) : format_reload(*report, Style::of_stdout());
}

} // namespace oekd::cli
