// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control_encoding.h"

#include "daemon/bus_entries.h"

#include <utility>

namespace oekd::control_encoding {

using bus::append_array;
using bus::append_dictionary;
using bus::append_text;
using bus::Entries;
using bus::inside;
using bus::microseconds;

namespace {

/// "tcp 0 22"; no key where all services are meant.
void write_service(Entries& entries, Service const& service)
{
    if (!service.is_everything())
        entries.text("Service", service.to_string());
}

void write_ends(Entries& entries, Flow const& flow)
{
    entries.text("Local", flow.local.to_string());
    entries.text("Remote", flow.remote.to_string());
    write_service(entries, flow.service);
}

int append_address(sd_bus_message* message, Address const& address)
{
    return append_text(message, address.to_string());
}

int append_group_line(sd_bus_message* message, GroupLine const& line)
{
    return append_dictionary(message, [&](Entries& entries) {
        entries.text("Network", line.network.to_string());
        write_service(entries, line.service);
        entries.text("Group", to_string(line.group));
        entries.text("File", line.file);
        entries.number("Line", static_cast<uint64_t>(line.line));
    });
}

int append_sa(sd_bus_message* message, SaDescription const& sa)
{
    return append_dictionary(message, [&](Entries& entries) {
        entries.number("IkeSa", std::to_underlying(sa.sa));
        entries.text("Mode", to_string(sa.mode));
        entries.text("Protection", to_string(sa.protection));
        entries.text("StartedBy", sa.by == Established::By::Us ? "us" : "peer");
        entries.number("SpiIn", std::to_underlying(sa.inbound));
        entries.number("SpiOut", std::to_underlying(sa.outbound));
        entries.text("IkeProposal", sa.ike_proposal);
        entries.text("EspProposal", sa.esp_proposal);
    });
}

int append_history_entry(sd_bus_message* message, HistoryEntry const& entry)
{
    return inside(message, 'r', "ts", [&] {
        uint64_t const when = microseconds(entry.when);
        int r = sd_bus_message_append_basic(message, 't', &when);
        return r < 0 ? r : append_text(message, entry.text);
    });
}

int append_label(sd_bus_message* message, std::pair<std::string, std::string> const& label)
{
    return inside(message, 'e', "ss", [&] {
        int r = append_text(message, label.first);
        return r < 0 ? r : append_text(message, label.second);
    });
}

int append_sample(sd_bus_message* message, Metric::Sample const& sample)
{
    return inside(message, 'r', "a{ss}t", [&] {
        int r = append_array(message, "{ss}", sample.labels, append_label);
        return r < 0 ? r : sd_bus_message_append_basic(message, 't', &sample.value);
    });
}

void write_flow(Entries& entries, FlowView const& flow)
{
    write_ends(entries, flow.flow);
    entries.text("Group", to_string(flow.group));
    entries.text("File", flow.group_file);
    entries.number("Line", static_cast<uint64_t>(flow.group_line));
    entries.text("State", to_string(flow.state));
    entries.text("Protection", to_string(flow.protection));
    entries.number("Since", microseconds(flow.since));
    entries.text("Why", flow.why);
    if (flow.next_try)
        entries.number("NextTry",
                       static_cast<uint64_t>(std::max(flow.next_try->count(), std::chrono::seconds::rep{0})));
    if (flow.clear_until)
        entries.number("ClearUntil", microseconds(*flow.clear_until));
    entries.number("Reqid", std::to_underlying(flow.reqid));
    entries.number("BytesIn", flow.bytes_in);
    entries.number("BytesOut", flow.bytes_out);
    entries.number("PacketsIn", flow.packets_in);
    entries.number("PacketsOut", flow.packets_out);
}

int append_one_in_detail(sd_bus_message* message, FlowView const& flow)
{
    return append_dictionary(message, [&](Entries& entries) {
        write_flow(entries, flow);
        entries.array("SAs", "aa{sv}", flow.sas, append_sa);
        entries.array("History", "a(ts)", flow.history, append_history_entry);
    });
}

int append_published(sd_bus_message* message, PublishedView const& published)
{
    return append_dictionary(message, [&](Entries& entries) {
        entries.text("Address", published.address.to_string());
        entries.text("State", published.state);
        entries.text("Text", published.text);
    });
}

int append_name(sd_bus_message* message, NameView const& name)
{
    std::vector<Address> addresses;
    std::vector<Address> proven;
    for (auto const& host : name.addresses) {
        addresses.push_back(host.address);
        if (host.provenance == HostAddress::Provenance::Signed)
            proven.push_back(host.address);
    }
    return append_dictionary(message, [&](Entries& entries) {
        entries.text("Name", name.line.name);
        write_service(entries, name.line.service);
        entries.text("Group", to_string(name.line.group));
        entries.text("File", name.line.file);
        entries.number("Line", static_cast<uint64_t>(name.line.line));
        entries.array("Addresses", "as", addresses, append_address);
        entries.array("SignedAddresses", "as", proven, append_address);
        if (!name.problem.empty())
            entries.text("Problem", name.problem);
    });
}

} // namespace

int append_status(sd_bus_message* message, StatusView const& status)
{
    return append_dictionary(message, [&](Entries& entries) {
        entries.text("Version", status.version);
        entries.text("StrongSwan", status.strongswan);
        entries.number("Started", microseconds(status.started));
        entries.number("Encrypted", status.encrypted);
        entries.number("Authenticated", status.authenticated);
        entries.number("Clear", status.clear);
        entries.number("Blocked", status.blocked);
        entries.number("Deciding", status.deciding);
        entries.number("MaxFlows", status.max_flows);
        entries.array("Lines", "aa{sv}", status.lines, append_group_line);
        entries.array("Warnings", "as", status.warnings, append_text);
        entries.array("Names", "aa{sv}", status.names, append_name);
        entries.text("Key", status.key);
        entries.array("Published", "aa{sv}", status.published, append_published);
        entries.array("OwnAddresses", "as", status.exempt.own_addresses, append_address);
        entries.array("DnsServers", "as", status.exempt.dns_servers, append_address);
        entries.text("Dns", status.exempt.dns == Exempt::Dns::ToAny ? "any" : "servers");
        entries.text("Ntp", status.exempt.ntp == Exempt::Ntp::ToAny ? "any" : "none");
        entries.array("TunnelsLeftOut", "as", status.tunnels_left_out, append_text);
    });
}

int append_flows(sd_bus_message* message, std::span<FlowView const> flows)
{
    return append_array(message, "a{sv}", flows, [](sd_bus_message* array, FlowView const& flow) {
        return append_dictionary(array, [&](Entries& entries) { write_flow(entries, flow); });
    });
}

int append_details(sd_bus_message* message, std::span<FlowView const> flows)
{
    return append_array(message, "a{sv}", flows, append_one_in_detail);
}

int append_why(sd_bus_message* message, WhyView const& why)
{
    return append_dictionary(message, [&](Entries& entries) {
        if (why.line)
            entries.value("Line", "a{sv}",
                          [&](sd_bus_message* value) { return append_group_line(value, *why.line); });
        entries.array("Exceptions", "aa{sv}", why.exceptions, append_group_line);
        entries.array("Overruled", "aa{sv}", why.overruled, append_group_line);
        entries.array("Exemptions", "as", why.exemptions, append_text);
        entries.array("Forecast", "as", why.forecast, append_text);
        entries.array("Flows", "aa{sv}", why.flows, append_one_in_detail);
    });
}

int append_line(sd_bus_message* message, GroupLine const* line)
{
    if (line)
        return append_group_line(message, *line);
    return append_dictionary(message, [](Entries&) {});
}

int append_decision(sd_bus_message* message, Decision const& decision)
{
    return append_dictionary(message, [&](Entries& entries) {
        entries.number("When", microseconds(decision.when));
        write_ends(entries, decision.flow);
        entries.text("Group", to_string(decision.group));
        entries.text("File", decision.file);
        entries.number("Line", static_cast<uint64_t>(decision.line));
        entries.text("Before", to_string(decision.before));
        entries.text("After", to_string(decision.after));
        entries.text("Protection", to_string(decision.protection));
        entries.text("Why", decision.why);
    });
}

int append_metrics(sd_bus_message* message, std::span<Metric const> metrics)
{
    return append_array(message, "a{sv}", metrics, [](sd_bus_message* array, Metric const& metric) {
        return append_dictionary(array, [&](Entries& entries) {
            entries.text("Name", metric.name);
            entries.text("Type", to_string(metric.type));
            entries.text("Help", metric.help);
            entries.array("Samples", "a(a{ss}t)", metric.samples, append_sample);
        });
    });
}

int append_reload(sd_bus_message* message, ReloadView const& reload)
{
    return append_dictionary(message, [&](Entries& entries) {
        entries.number("Lines", reload.lines);
        entries.array("Warnings", "as", reload.warnings, append_text);
    });
}

} // namespace oekd::control_encoding
