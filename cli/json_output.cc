// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/json_output.h"

#include "cli/always_exempt.h"
#include "cli/human.h"

#include <fmt/format.h>

namespace oekd::cli {

namespace {

std::string spi_text(uint64_t spi) { return fmt::format("0x{:08x}", spi); }

OrderedJson json_of_name(NameReport const& name)
{
    return {{"name", name.name},
            {"service", or_null(name.service)},
            {"group", name.group},
            {"file", name.file},
            {"line", name.line},
            {"addresses", name.addresses},
            {"signed_addresses", name.signed_addresses},
            {"problem", or_null(name.problem)}};
}

OrderedJson json_of_sa(SaReport const& sa)
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

OrderedJson json_of_entry(HistoryReport const& entry)
{
    return {{"when", rfc3339(entry.when)}, {"text", entry.text}};
}

/// What a list has of a flow; show adds to it.
OrderedJson json_of_flow(FlowReport const& flow)
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
            {"next_try_seconds", flow.next_try ? OrderedJson(flow.next_try->count()) : OrderedJson()},
            {"clear_until", flow.clear_until ? OrderedJson(rfc3339(*flow.clear_until)) : OrderedJson()},
            {"reqid", flow.reqid},
            {"bytes_in", flow.bytes_in},
            {"bytes_out", flow.bytes_out},
            {"packets_in", flow.packets_in},
            {"packets_out", flow.packets_out}};
}

OrderedJson json_of_published(PublishedReport const& published)
{
    return {{"address", published.address}, {"state", published.state}};
}

} // namespace

OrderedJson or_null(std::string const& text) { return text.empty() ? OrderedJson() : OrderedJson(text); }

std::string text_of(OrderedJson const& json) { return json.dump(2) + "\n"; }

OrderedJson json_of_line(LineReport const& line)
{
    return {{"network", line.network},
            {"service", or_null(line.service)},
            {"group", line.group},
            {"file", line.file},
            {"line", line.line}};
}

OrderedJson json_in_detail(FlowReport const& flow)
{
    auto result = json_of_flow(flow);
    result["sas"] = to_array(flow.sas, json_of_sa);
    result["history"] = to_array(flow.history, json_of_entry);
    return result;
}

std::string json_text(StatusReport const& status)
{
    OrderedJson const flows{{"encrypted", status.encrypted}, {"authenticated", status.authenticated},
                            {"clear", status.clear},         {"blocked", status.blocked},
                            {"deciding", status.deciding},   {"limit", status.max_flows}};
    OrderedJson const exempt{{"own_addresses", status.own_addresses},       {"dns", status.dns},
                             {"dns_servers", status.dns_servers},           {"ntp", status.ntp},
                             {"tunnels_left_out", status.tunnels_left_out}, {"always", always_exempt}};
    return text_of({{"version", status.version},
                    {"strongswan", status.strongswan},
                    {"started", rfc3339(status.started)},
                    {"flows", flows},
                    {"lines", to_array(status.lines, json_of_line)},
                    {"names", to_array(status.names, json_of_name)},
                    {"key", status.key},
                    {"published", to_array(status.published, json_of_published)},
                    {"exempt", exempt},
                    {"warnings", status.warnings}});
}

std::string json_text(std::span<FlowReport const> flows)
{
    OrderedJson result;
    result["flows"] = to_array(flows, json_of_flow);
    return text_of(result);
}

std::string json_text(ShowReport const& show)
{
    OrderedJson result;
    result["flows"] = to_array(show.flows, json_in_detail);
    result["line"] = show.line ? json_of_line(*show.line) : OrderedJson();
    return text_of(result);
}

} // namespace oekd::cli
