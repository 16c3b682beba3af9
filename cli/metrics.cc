// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/metrics.h"

#include "base/plain_text.h"
#include "cli/decode.h"
#include "cli/json_output.h"

#include <fmt/format.h>
#include <iterator>

namespace oekd::cli {

namespace {

SampleReport decode_sample(nlohmann::json const& sample)
{
    SampleReport report{{}, sample.at(1).get<uint64_t>()};
    for (auto const& [name, value] : sample.at(0).get<std::map<std::string, std::string>>())
        report.labels[plain_text(name)] = plain_text(value);
    return report;
}

/// OpenMetrics 1.0, "escaped-string": in label values and in help.
std::string escaped(std::string_view text)
{
    std::string result;
    for (char const c : text) {
        if (c == '\\' || c == '"')
            result += '\\';
        result += c;
    }
    return result;
}

std::string labels_text(std::map<std::string, std::string> const& labels)
{
    if (labels.empty())
        return {};
    std::string text = "{";
    for (auto const& [name, value] : labels)
        fmt::format_to(std::back_inserter(text), "{}{}=\"{}\"", text.size() > 1 ? "," : "", name,
                       escaped(value));
    return text + "}";
}

std::string json_text(std::span<MetricReport const> metrics)
{
    auto const sample = [](SampleReport const& report) {
        return OrderedJson{{"labels", report.labels}, {"value", report.value}};
    };
    OrderedJson result;
    result["metrics"] = to_array(metrics, [&](MetricReport const& metric) {
        return OrderedJson{{"name", metric.name},
                           {"type", metric.type},
                           {"help", metric.help},
                           {"samples", to_array(metric.samples, sample)}};
    });
    return text_of(result);
}

} // namespace

Outcome<std::vector<MetricReport>> decode_metrics(nlohmann::json const& reply)
{
    return decode::guarded([&] {
        std::vector<MetricReport> metrics;
        for (auto const& metric : reply.at(0))
            metrics.push_back({decode::text(metric, "Name"), decode::text(metric, "Type"),
                               decode::text(metric, "Help"), decode::list(metric, "Samples", decode_sample)});
        return metrics;
    });
}

std::string format_metrics(std::span<MetricReport const> metrics)
{
    std::string text;
    auto const out = std::back_inserter(text);
    for (auto const& metric : metrics) {
        fmt::format_to(out, "# TYPE {} {}\n# HELP {} {}\n", metric.name, metric.type, metric.name,
                       escaped(metric.help));
        auto const* const suffix = metric.type == "counter" ? "_total" : "";
        for (auto const& sample : metric.samples)
            fmt::format_to(out, "{}{}{} {}\n", metric.name, suffix, labels_text(sample.labels), sample.value);
    }
    return text + "# EOF\n";
}

Outcome<std::string> metrics(DaemonClient& daemon, Format format)
{
    auto const reply = daemon.call("Metrics");
    if (!reply)
        return std::unexpected(reply.error());
    auto const report = decode_metrics(*reply);
    if (!report)
        return std::unexpected(report.error());
    return format == Format::Json ? json_text(*report) : format_metrics(*report);
}

} // namespace oekd::cli
