// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/why.h"

#include "cli/decode.h"
#include "cli/show.h"
#include "cli/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace oekd::cli {

namespace {

using Rows = std::vector<std::vector<Cell>>;

void add(Rows& rows, std::string_view name, std::vector<std::string> const& texts)
{
    for (auto const& text : texts) {
        rows.push_back({{fmt::format("  {}", name), Paint::Dim}, {text}});
        name = "";
    }
}

std::vector<std::string> texts_of(std::vector<LineReport> const& lines)
{
    std::vector<std::string> texts;
    for (auto const& line : lines)
        texts.push_back(line_text(line));
    return texts;
}

std::string json_text(WhyReport const& why)
{
    auto json = json_of_explanation(why);
    json["exemptions"] = why.exemptions;
    json["forecast"] = why.forecast;
    json["flows"] = to_array(why.flows, json_in_detail);
    return text_of(json);
}

} // namespace

Outcome<WhyReport> decode_why(nlohmann::json const& reply)
{
    return decode::guarded([&] {
        auto const& why = reply.at(0);
        WhyReport report;
        if (auto const line = why.find("Line"); line != why.end())
            report.line = decode_line(*line);
        report.exceptions = decode::list(why, "Exceptions", decode_line);
        report.overruled = decode::list(why, "Overruled", decode_line);
        report.exemptions = decode::texts(why, "Exemptions");
        report.forecast = decode::texts(why, "Forecast");
        report.flows = decode::list(why, "Flows", decode_flow);
        return report;
    });
}

OrderedJson json_of_explanation(WhyReport const& why)
{
    return {{"line", why.line ? json_of_line(*why.line) : OrderedJson()},
            {"exceptions", to_array(why.exceptions, json_of_line)},
            {"overruled", to_array(why.overruled, json_of_line)}};
}

std::string format_why(WhyQuestion const& question, WhyReport const& report, WallTime now, Style const& style)
{
    Rows rows;
    add(rows, "decides", {report.line ? line_text(*report.line) : "no line"});
    add(rows, "but", texts_of(report.exceptions));
    add(rows, "not", texts_of(report.overruled));
    if (!report.exemptions.empty())
        add(rows, "exempt", {fmt::format("{}", fmt::join(report.exemptions, ", "))});
    add(rows, "so", report.forecast);
    auto const subject = subject_of(question.remote, question.service.to_string());
    auto text = fmt::format("{}\n{}", style.paint(subject, Paint::Bold), format_table(rows, style));
    for (auto const& flow : report.flows)
        text += '\n' + format_flow(flow, report.line, now, style);
    return text;
}

Outcome<std::string> why(DaemonClient& daemon, WhyQuestion const& question, Format format)
{
    auto const& service = question.service;
    auto const reply = daemon.call("Why", [&](sd_bus_message* call) {
        return sd_bus_message_append(call, "ssyqq", question.remote.c_str(), question.local.c_str(),
                                     service.protocol, service.local_port, service.remote_port);
    });
    if (!reply)
        return std::unexpected(reply.error());
    auto const report = decode_why(*reply);
    if (!report)
        return std::unexpected(report.error());
    if (format == Format::Json)
        return json_text(*report);
    return format_why(question, *report, WallTime::clock::now(), Style::of_stdout());
}

} // namespace oekd::cli
