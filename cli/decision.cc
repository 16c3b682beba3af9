// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/decision.h"

#include "cli/decode.h"
#include "cli/human.h"
#include "cli/json_output.h"

#include <fmt/format.h>

namespace oekd::cli {

Outcome<DecisionReport> decode_decision(nlohmann::json const& values)
{
    return decode::guarded([&] {
        auto const& decision = values.at(0);
        DecisionReport report;
        report.when = decode::time(decision, "When");
        report.local = decode::text(decision, "Local");
        report.remote = decode::text(decision, "Remote");
        report.service = decode::text(decision, "Service");
        report.group = decode::text(decision, "Group");
        report.file = decode::text(decision, "File");
        report.line = decode::number(decision, "Line");
        report.before = decode::text(decision, "Before");
        report.after = decode::text(decision, "After");
        report.protection = decode::text(decision, "Protection");
        report.why = decode::text(decision, "Why");
        return report;
    });
}

std::string format_decision(DecisionReport const& decision, Style const& style)
{
    auto flow = fmt::format("{} - {}", decision.local, subject_of(decision.remote, decision.service));
    return fmt::format("{}  {:<30}  {:<18}  {}  {}\n", local_time(decision.when), flow,
                       fmt::format("{} -> {}", decision.before, decision.after),
                       style.paint(fmt::format("{:<9}", decision.protection), paint_of(decision.protection)),
                       decision.why);
}

std::string json_line(DecisionReport const& decision)
{
    OrderedJson const json{{"when", rfc3339_milliseconds(decision.when)},
                           {"remote", decision.remote},
                           {"local", decision.local},
                           {"service", or_null(decision.service)},
                           {"from", decision.before},
                           {"to", decision.after},
                           {"protection", decision.protection},
                           {"group", decision.group},
                           {"file", decision.file},
                           {"line", decision.line},
                           {"why", decision.why}};
    return json.dump() + "\n";
}

} // namespace oekd::cli
