// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/report.h"

#include "base/plain_text.h"

#include <algorithm>

namespace oekd::cli {

namespace {

using Json = nlohmann::json;

std::string text(Json const& object, char const* key) { return plain_text(object.value(key, std::string())); }

uint64_t number(Json const& object, char const* key) { return object.value(key, uint64_t{0}); }

/// What the clock cannot count is cut to the last moment that it can, in 2262.
WallTime to_time(uint64_t microseconds_since_epoch)
{
    constexpr auto latest = std::chrono::floor<std::chrono::microseconds>(WallTime::max().time_since_epoch());
    return WallTime(std::chrono::microseconds(std::min(microseconds_since_epoch, uint64_t(latest.count()))));
}

WallTime time(Json const& object, char const* key) { return to_time(number(object, key)); }

template <typename Decode> auto list(Json const& object, char const* key, Decode decode)
{
    std::vector<decltype(decode(object))> result;
    if (auto const found = object.find(key); found != object.end()) {
        for (auto const& item : *found)
            result.push_back(decode(item));
    }
    return result;
}

std::vector<std::string> texts(Json const& object, char const* key)
{
    return list(object, key, [](Json const& item) {
        return item.is_string() ? plain_text(item.get<std::string>()) : std::string();
    });
}

LineReport decode_line(Json const& line)
{
    return {text(line, "Network"), text(line, "Group"), text(line, "File"), number(line, "Line"),
            text(line, "Service")};
}

SaReport decode_sa(Json const& sa)
{
    return {number(sa, "IkeSa"), text(sa, "Mode"),     text(sa, "Protection"),  text(sa, "StartedBy"),
            number(sa, "SpiIn"), number(sa, "SpiOut"), text(sa, "IkeProposal"), text(sa, "EspProposal")};
}

HistoryReport decode_history_entry(Json const& entry)
{
    return {to_time(entry.at(0).get<uint64_t>()), plain_text(entry.at(1).get<std::string>())};
}

SampleReport decode_sample(Json const& sample)
{
    SampleReport report{{}, sample.at(1).get<uint64_t>()};
    for (auto const& [name, value] : sample.at(0).items())
        report.labels[plain_text(name)] = plain_text(value.get<std::string>());
    return report;
}

FlowReport decode_flow(Json const& flow)
{
    FlowReport report;
    report.local = text(flow, "Local");
    report.remote = text(flow, "Remote");
    report.service = text(flow, "Service");
    report.group = text(flow, "Group");
    report.file = text(flow, "File");
    report.line = number(flow, "Line");
    report.state = text(flow, "State");
    report.protection = text(flow, "Protection");
    report.since = time(flow, "Since");
    report.why = text(flow, "Why");
    if (flow.contains("NextTry"))
        report.next_try = std::chrono::seconds(std::min(number(flow, "NextTry"), uint64_t{1} << 32));
    if (flow.contains("ClearUntil"))
        report.clear_until = time(flow, "ClearUntil");
    report.reqid = number(flow, "Reqid");
    report.bytes_in = number(flow, "BytesIn");
    report.bytes_out = number(flow, "BytesOut");
    report.packets_in = number(flow, "PacketsIn");
    report.packets_out = number(flow, "PacketsOut");
    report.sas = list(flow, "SAs", decode_sa);
    report.history = list(flow, "History", decode_history_entry);
    return report;
}

StatusReport decode_status_dictionary(Json const& status)
{
    StatusReport report;
    report.version = text(status, "Version");
    report.strongswan = text(status, "StrongSwan");
    report.started = time(status, "Started");
    report.encrypted = number(status, "Encrypted");
    report.authenticated = number(status, "Authenticated");
    report.clear = number(status, "Clear");
    report.blocked = number(status, "Blocked");
    report.deciding = number(status, "Deciding");
    report.max_flows = number(status, "MaxFlows");
    report.lines = list(status, "Lines", decode_line);
    report.warnings = texts(status, "Warnings");
    report.own_addresses = texts(status, "OwnAddresses");
    report.dns_servers = texts(status, "DnsServers");
    report.dns = text(status, "Dns");
    report.ntp = text(status, "Ntp");
    report.tunnels_left_out = texts(status, "TunnelsLeftOut");
    return report;
}

std::vector<FlowReport> decode_flow_array(Json const& array)
{
    std::vector<FlowReport> flows;
    for (auto const& flow : array)
        flows.push_back(decode_flow(flow));
    return flows;
}

/// The JSON library throws where a value is missing or of the wrong type; here that ends.
template <typename Decode> auto guarded(Decode decode) -> Outcome<decltype(decode())>
{
    try {
        return decode();
    } catch (Json::exception const&) {
        return failed(ExitStatus::Failure,
                      "oekd's answer makes no sense to this oekctl: are they of one version?");
    }
}

} // namespace

std::string subject_of(std::string const& remote, std::string const& service)
{
    return service.empty() ? remote : remote + ' ' + service;
}

Outcome<StatusReport> decode_status(Json const& reply)
{
    return guarded([&] { return decode_status_dictionary(reply.at(0)); });
}

Outcome<std::vector<FlowReport>> decode_flows(Json const& reply)
{
    return guarded([&] { return decode_flow_array(reply.at(0)); });
}

Outcome<ShowReport> decode_show(Json const& reply)
{
    return guarded([&] {
        ShowReport report{decode_flow_array(reply.at(0)), std::nullopt};
        if (auto const& line = reply.at(1); !line.empty())
            report.line = decode_line(line);
        return report;
    });
}

Outcome<WhyReport> decode_why(Json const& reply)
{
    return guarded([&] {
        auto const& why = reply.at(0);
        WhyReport report;
        if (auto const line = why.find("Line"); line != why.end())
            report.line = decode_line(*line);
        report.exceptions = list(why, "Exceptions", decode_line);
        report.overruled = list(why, "Overruled", decode_line);
        report.exemptions = texts(why, "Exemptions");
        report.forecast = texts(why, "Forecast");
        report.flows = list(why, "Flows", decode_flow);
        return report;
    });
}

Outcome<DecisionReport> decode_decision(Json const& values)
{
    return guarded([&] {
        auto const& decision = values.at(0);
        DecisionReport report;
        report.when = time(decision, "When");
        report.local = text(decision, "Local");
        report.remote = text(decision, "Remote");
        report.service = text(decision, "Service");
        report.group = text(decision, "Group");
        report.file = text(decision, "File");
        report.line = number(decision, "Line");
        report.before = text(decision, "Before");
        report.after = text(decision, "After");
        report.protection = text(decision, "Protection");
        report.why = text(decision, "Why");
        return report;
    });
}

Outcome<std::vector<MetricReport>> decode_metrics(Json const& reply)
{
    return guarded([&] {
        std::vector<MetricReport> metrics;
        for (auto const& metric : reply.at(0))
            metrics.push_back({text(metric, "Name"), text(metric, "Type"), text(metric, "Help"),
                               list(metric, "Samples", decode_sample)});
        return metrics;
    });
}

Outcome<ReloadReport> decode_reload(Json const& reply)
{
    return guarded([&] {
        auto const& result = reply.at(0);
        return ReloadReport{number(result, "Lines"), texts(result, "Warnings")};
    });
}

} // namespace oekd::cli
