// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/json_output.h"

#include "cli/always_exempt.h"
#include "cli/human.h"

#include <fmt/format.h>

namespace oekd::cli {

namespace {

using Json = nlohmann::ordered_json; // in the order of the manual page

std::string spi_text(uint64_t spi) { return fmt::format("0x{:08x}", spi); }

/// What is not there is null.
Json or_null(std::string const& text) { return text.empty() ? Json() : Json(text); }

Json json_of_line(LineReport const& line)
{
    return {{"network", line.network},
            {"service", or_null(line.service)},
            {"group", line.group},
            {"file", line.file},
            {"line", line.line}};
}

Json json_of_sa(SaReport const& sa)
{
    return {{"ike_sa", sa.ike_sa},
            {"mode", sa.mode},
            {"protection", sa.protection},
            {"started_by", sa.started_by},
            {"spi_in", spi_text(sa.spi_in)},
            {"spi_out", spi_text(sa.spi_out)},
            {"ike_proposal", sa.ike_proposal},
            {"esp_proposal", sa.esp_proposal}};
}

Json json_of_entry(HistoryReport const& entry)
{
    return {{"when", rfc3339(entry.when)}, {"text", entry.text}};
}

template <typename Items, typename Convert> Json to_array(Items const& items, Convert convert)
{
    auto array = Json::array();
    for (auto const& item : items)
        array.push_back(convert(item));
    return array;
}

/// What a list has of a flow; show adds to it.
Json json_of_flow(FlowReport const& flow)
{
    return {{"remote", flow.remote},
            {"local", flow.local},
            {"service", or_null(flow.service)},
            {"protection", flow.protection},
            {"state", flow.state},
            {"group", flow.group},
            {"file", flow.file},
            {"line", flow.line},
            {"since", rfc3339(flow.since)},
            {"why", flow.why},
            {"next_try_seconds", flow.next_try ? Json(flow.next_try->count()) : Json()},
            {"clear_until", flow.clear_until ? Json(rfc3339(*flow.clear_until)) : Json()},
            {"reqid", flow.reqid},
            {"bytes_in", flow.bytes_in},
            {"bytes_out", flow.bytes_out},
            {"packets_in", flow.packets_in},
            {"packets_out", flow.packets_out}};
}

Json details(FlowReport const& flow)
{
    auto result = json_of_flow(flow);
    result["sas"] = to_array(flow.sas, json_of_sa);
    result["history"] = to_array(flow.history, json_of_entry);
    return result;
}

/// Which lines have to do with an address.
Json json_of_explanation(WhyReport const& why)
{
    return {{"line", why.line ? json_of_line(*why.line) : Json()},
            {"exceptions", to_array(why.exceptions, json_of_line)},
            {"overruled", to_array(why.overruled, json_of_line)}};
}

Json json_of_problem(LineError const& problem)
{
    return {{"file", or_null(problem.file)},
            {"line", problem.line > 0 ? Json(problem.line) : Json()},
            {"message", problem.message}};
}

std::string text_of(Json const& json) { return json.dump(2) + "\n"; }

} // namespace

std::string json_text(StatusReport const& status)
{
    Json const flows{{"encrypted", status.encrypted}, {"authenticated", status.authenticated},
                     {"clear", status.clear},         {"blocked", status.blocked},
                     {"deciding", status.deciding},   {"limit", status.max_flows}};
    Json const exempt{{"own_addresses", status.own_addresses},       {"dns", status.dns},
                      {"dns_servers", status.dns_servers},           {"ntp", status.ntp},
                      {"tunnels_left_out", status.tunnels_left_out}, {"always", always_exempt}};
    return text_of({{"version", status.version},
                    {"strongswan", status.strongswan},
                    {"started", rfc3339(status.started)},
                    {"flows", flows},
                    {"lines", to_array(status.lines, json_of_line)},
                    {"exempt", exempt},
                    {"warnings", status.warnings}});
}

std::string json_text(std::span<FlowReport const> flows)
{
    Json result;
    result["flows"] = to_array(flows, json_of_flow);
    return text_of(result);
}

std::string json_text(ShowReport const& show)
{
    Json result;
    result["flows"] = to_array(show.flows, details);
    result["line"] = show.line ? json_of_line(*show.line) : Json();
    return text_of(result);
}

std::string json_text(WhyReport const& why)
{
    auto json = json_of_explanation(why);
    json["exemptions"] = why.exemptions;
    json["forecast"] = why.forecast;
    json["flows"] = to_array(why.flows, details);
    return text_of(json);
}

std::string json_text(PolicyTestReport const& test)
{
    return text_of({{"lines", test.lines},
                    {"names", test.names},
                    {"problems", to_array(test.problems, json_of_problem)},
                    {"address", test.address ? json_of_explanation(*test.address) : Json()}});
}

std::string json_text(std::span<MetricReport const> metrics)
{
    auto const sample = [](SampleReport const& report) {
        return Json{{"labels", report.labels}, {"value", report.value}};
    };
    Json result;
    result["metrics"] = to_array(metrics, [&](MetricReport const& metric) {
        return Json{{"name", metric.name},
                    {"type", metric.type},
                    {"help", metric.help},
                    {"samples", to_array(metric.samples, sample)}};
    });
    return text_of(result);
}

std::string json_line(DecisionReport const& decision)
{
    Json const json{{"when", rfc3339_milliseconds(decision.when)},
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

std::string json_text(ReloadReport const& reload)
{
    return text_of({{"lines", reload.lines}, {"warnings", reload.warnings}});
}

} // namespace oekd::cli
