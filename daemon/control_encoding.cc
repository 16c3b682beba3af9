// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control_encoding.h"

#include "base/plain_text.h"

#include <utility>

namespace oekd::control_encoding {

namespace {

uint64_t microseconds(WallTime time)
{
    auto const since_epoch =
        std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
    return since_epoch < 0 ? 0 : static_cast<uint64_t>(since_epoch);
}

int append_text(sd_bus_message* message, std::string_view text)
{
    return sd_bus_message_append_basic(message, 's', plain_text(text).c_str());
}

int append_address(sd_bus_message* message, Address const& address)
{
    return append_text(message, address.to_string());
}

/// Opens a container, lets `fill` write what is inside, closes it. Stops at the first error.
template <typename Fill> int inside(sd_bus_message* message, char type, char const* contents, Fill fill)
{
    if (int r = sd_bus_message_open_container(message, type, contents); r < 0)
        return r;
    if (int r = fill(); r < 0)
        return r;
    return sd_bus_message_close_container(message);
}

/// An array with one element for each item.
template <typename Items, typename Append>
int append_array(sd_bus_message* message, char const* element, Items const& items, Append append)
{
    return inside(message, 'a', element, [&] {
        for (auto const& item : items) {
            if (int r = append(message, item); r < 0)
                return r;
        }
        return 0;
    });
}

/// The entries of one a{sv}. After an error nothing more is written; result() tells.
class Entries {
public:
    explicit Entries(sd_bus_message* message) : m_message(message) {}

    void text(char const* key, std::string_view value)
    {
        entry(key, "s", [&] { return append_text(m_message, value); });
    }
    void number(char const* key, uint64_t value)
    {
        entry(key, "t", [&] { return sd_bus_message_append_basic(m_message, 't', &value); });
    }
    template <typename Items, typename Append>
    void array(char const* key, char const* signature, Items const& items, Append append)
    {
        entry(key, signature, [&] { return append_array(m_message, signature + 1, items, append); });
    }
    [[nodiscard]] int result() const { return m_result; }

private:
    template <typename Fill> void entry(char const* key, char const* signature, Fill fill)
    {
        if (m_result < 0)
            return;
        m_result = inside(m_message, 'e', "sv", [&] {
            int r = sd_bus_message_append_basic(m_message, 's', key);
            return r < 0 ? r : inside(m_message, 'v', signature, fill);
        });
    }

    sd_bus_message* m_message;
    int m_result = 0;
};

/// One a{sv}: `write` gets the Entries.
template <typename Write> int append_dictionary(sd_bus_message* message, Write write)
{
    return inside(message, 'a', "{sv}", [&] {
        Entries entries(message);
        write(entries);
        return entries.result();
    });
}

int append_group_line(sd_bus_message* message, GroupLine const& line)
{
    return append_dictionary(message, [&](Entries& entries) {
        entries.text("Network", line.network.to_string());
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

void write_flow(Entries& entries, FlowView const& flow)
{
    entries.text("Local", flow.flow.local.to_string());
    entries.text("Remote", flow.flow.remote.to_string());
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
    return append_array(message, "a{sv}", flows, [](sd_bus_message* array, FlowView const& flow) {
        return append_dictionary(array, [&](Entries& entries) {
            write_flow(entries, flow);
            entries.array("SAs", "aa{sv}", flow.sas, append_sa);
            entries.array("History", "a(ts)", flow.history, append_history_entry);
        });
    });
}

int append_line(sd_bus_message* message, GroupLine const* line)
{
    if (line)
        return append_group_line(message, *line);
    return append_dictionary(message, [](Entries&) {});
}

} // namespace oekd::control_encoding
