// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/report.h"

#include "base/plain_text.h"
#include "cli/decode.h"

#include <algorithm>

namespace oekd::cli {

using namespace decode;

namespace {

SaReport decode_sa(Json const& sa)
{
    return {number(sa, "IkeSa"), text(sa, "Mode"),     text(sa, "Protection"),  text(sa, "StartedBy"),
            number(sa, "SpiIn"), number(sa, "SpiOut"), text(sa, "IkeProposal"), text(sa, "EspProposal")};
}

HistoryReport decode_history_entry(Json const& entry)
{
    return {to_time(entry.at(0).get<uint64_t>()), plain_text(entry.at(1).get<std::string>())};
}

} // namespace

LineReport decode_line(Json const& line)
{
    return {text(line, "Network"), text(line, "Group"), text(line, "File"), number(line, "Line"),
            text(line, "Service")};
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

namespace {

NameReport decode_name(Json const& name)
{
    return {text(name, "Name"),
            text(name, "Service"),
            text(name, "Group"),
            text(name, "File"),
            number(name, "Line"),
            texts(name, "Addresses"),
            texts(name, "SignedAddresses"),
            text(name, "Problem")};
}

PublishedReport decode_published(Json const& published)
{
    return {text(published, "Address"), text(published, "State"), text(published, "Text")};
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
    report.names = list(status, "Names", decode_name);
    report.key = text(status, "Key");
    report.published = list(status, "Published", decode_published);
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

} // namespace oekd::cli
