// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/policy_test.h"

#include "cli/json_output.h"
#include "cli/why.h"
#include "group-files/group_files.h"
#include "policy/explain.h"

#include <fmt/format.h>

namespace oekd::cli {

namespace {

struct PolicyTestReport {
    size_t lines = 0; ///< that would be in force
    size_t names = 0; ///< lines that name a host
    std::vector<LineError> problems;
    std::optional<WhyReport> address; ///< what would decide, where that was asked
};

/// A file that cannot be read is a problem like any other; the message names it.
LineError unreadable(Error const& error) { return {"", 0, error.message}; }

GroupFile read_file(std::string const& path, std::string const& group_of_others)
{
    auto group = parse_policy_group(std::filesystem::path(path).filename().native());
    if (!group)
        group = parse_policy_group(group_of_others);
    if (!group)
        return {.errors = {not_a_group(path)}};
    auto file = read_group_file(path, *group);
    return file ? std::move(*file) : GroupFile{.errors = {unreadable(file.error())}};
}

GroupFile read_all(PolicyTest const& test)
{
    if (!test.directory.empty()) {
        auto directory = read_group_directory(test.directory);
        return directory ? std::move(*directory) : GroupFile{.errors = {unreadable(directory.error())}};
    }
    GroupFile all;
    for (auto const& path : test.files)
        append(all, read_file(path, test.group));
    return all;
}

LineReport report_of(GroupLine const& line)
{
    return {line.network.to_string(), std::string(to_string(line.group)), line.file,
            static_cast<uint64_t>(line.line), line.service.to_string()};
}

std::vector<LineReport> reports_of(std::vector<GroupLine const*> const& lines)
{
    std::vector<LineReport> reports;
    for (auto const* line : lines)
        reports.push_back(report_of(*line));
    return reports;
}

std::optional<WhyReport> explain_address(GroupTable const& table, std::string const& text)
{
    auto const address = Address::parse(text);
    if (!address)
        return std::nullopt;
    auto const explanation = explain(table, *address, {});
    WhyReport report;
    if (explanation.decides)
        report.line = report_of(*explanation.decides);
    report.exceptions = reports_of(explanation.exceptions);
    report.overruled = reports_of(explanation.overruled);
    return report;
}

std::string format_test(PolicyTestReport const& report, std::string const& address)
{
    std::string text;
    for (auto const& problem : report.problems)
        text += problem.to_string() + '\n';
    text += fmt::format("{} {} good", report.lines, report.lines == 1 ? "line is" : "lines are");
    if (report.names > 0)
        text += fmt::format(", {} more name hosts", report.names);
    if (!report.problems.empty())
        text += fmt::format("; {} {} not used", report.problems.size(),
                            report.problems.size() == 1 ? "is" : "are");
    text += '\n';
    if (report.address)
        text += '\n' + format_why({.remote = address}, *report.address, {}, Style::of_stdout());
    return text;
}

OrderedJson json_of_problem(LineError const& problem)
{
    return {{"file", or_null(problem.file)},
            {"line", problem.line > 0 ? OrderedJson(problem.line) : OrderedJson()},
            {"message", problem.message}};
}

std::string json_text(PolicyTestReport const& test)
{
    return text_of({{"lines", test.lines},
                    {"names", test.names},
                    {"problems", to_array(test.problems, json_of_problem)},
                    {"address", test.address ? json_of_explanation(*test.address) : OrderedJson()}});
}

} // namespace

TextAndStatus test_policy(PolicyTest const& test, Format format)
{
    auto all = read_all(test);
    PolicyTestReport report;
    report.names = all.names.size();
    auto const table = GroupTable::build(std::move(all.lines), all.errors);
    report.lines = table.lines().size();
    report.problems = std::move(all.errors);
    report.address = explain_address(table, test.address);
    auto const status = report.problems.empty() ? ExitStatus::Ok : ExitStatus::Failure;
    return {format == Format::Json ? json_text(report) : format_test(report, test.address), status};
}

} // namespace oekd::cli
