// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "daemon/metric.h"
#include "ike/ike_event.h"
#include "kernel-glue/exemptions.h"
#include "policy/connection.h"
#include "policy/group_table.h"
#include "policy/named_lines.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

/// What oekctl shows, as values: filled by ConnectionTable, sent by ControlServer.
namespace oekd {

using WallTime = std::chrono::system_clock::time_point;

struct HistoryEntry {
    WallTime when;
    std::string text; ///< "pending -> keyed: AUTH-NULL with 10.2.0.1, by us"
};

struct FlowView {
    Flow flow;
    PolicyGroup group = PolicyGroup::Clear;
    std::string group_file; ///< the line that decided
    int group_line = 0;
    ConnectionState state = ConnectionState::Expired;
    Protection protection = Protection::Clear;
    WallTime since;                               ///< of this state
    std::string why;                              ///< one line for people
    std::optional<std::chrono::seconds> next_try; ///< how long a shunt still lasts
    std::optional<WallTime> clear_until;          ///< an upgraded flow: it went in the clear until then
    Reqid reqid{};
    std::vector<SaDescription> sas;
    uint64_t bytes_in = 0; ///< of the present SAs
    uint64_t bytes_out = 0;
    uint64_t packets_in = 0;
    uint64_t packets_out = 0;
    std::vector<HistoryEntry> history; ///< bounded, oldest first
};

/// A host name in a group file.
struct NameView {
    NamedLine line;
    std::vector<HostAddress> addresses;
    std::string problem; ///< why the DNS does not know it now; empty where it does, or has yet to be asked
};

/// What the DNS says of one of our addresses.
struct PublishedView {
    Address address;
    std::string state; ///< "unknown", "none", "other", "dns", "dnssec"
    std::string text;  ///< for people
};

struct StatusView {
    std::string version;    ///< of oekd
    std::string strongswan; ///< of the embedded libcharon
    WallTime started;
    size_t encrypted = 0;     ///< flows by what they have
    size_t authenticated = 0; ///< of these
    size_t clear = 0;
    size_t blocked = 0;
    size_t deciding = 0;
    size_t max_flows = 0;
    std::vector<GroupLine> lines;
    std::vector<std::string> warnings; ///< bad group lines, explicit policies in the way, …
    std::vector<NameView> names;
    std::string key;                      ///< our own, for people; empty where we have none
    std::vector<PublishedView> published; ///< for each of our addresses, where we have a key
    Exempt exempt;
    std::vector<std::string> tunnels_left_out; ///< devices whose addresses are no end of any flow
};

/// What would happen, and why?
struct WhyQuestion {
    Address remote;
    std::optional<Address> local; ///< only flows from this address of ours
    Service service{};            ///< only this traffic
};

struct WhyView {
    std::optional<GroupLine> line;       ///< decides; nullopt where nobody asked for anything
    std::vector<GroupLine> exceptions;   ///< decide about some service of the address instead
    std::vector<GroupLine> overruled;    ///< would decide if those before them were not there
    std::vector<std::string> exemptions; ///< "DHCP", "neighbour discovery": pass whatever the line says
    bool exempt = false;                 ///< that is so for all the traffic that was asked about
    std::vector<std::string> forecast;   ///< what happens to the next packet, one sentence each
    std::vector<FlowView> flows;         ///< that exist now
};

/// Where the control socket gets its answers. Main thread.
class ViewSource {
public:
    virtual ~ViewSource() = default;
    [[nodiscard]] virtual StatusView status() = 0;
    /// All flows with something in the kernel, in no order; counters are as fresh as the kernel's.
    [[nodiscard]] virtual std::vector<FlowView> flows() = 0;
    /// All flows with this remote address, one per local address.
    [[nodiscard]] virtual std::vector<FlowView> flows_with(Address const& remote) = 0;
    /// The group line that decides about an address never contacted; nullptr where there is none.
    [[nodiscard]] virtual GroupLine const* line_for(Address const& remote) = 0;
    [[nodiscard]] virtual WhyView why(WhyQuestion const& question) = 0;
    [[nodiscard]] virtual std::vector<Metric> metrics() = 0;
};

} // namespace oekd
