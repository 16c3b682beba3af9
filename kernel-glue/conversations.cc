// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/conversations.h"

#include "kernel-glue/sysctl.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>

namespace oekd {

namespace {

constexpr size_t max_reserved_ranges = 1'024;

struct Icmp {
    uint8_t protocol;
    uint8_t echo_request;
};
constexpr Icmp icmpv4{IPPROTO_ICMP, ICMP_ECHO};
constexpr Icmp icmpv6{IPPROTO_ICMPV6, ICMP6_ECHO_REQUEST};

Result<uint16_t> read_port(std::string_view text)
{
    uint16_t port = 0;
    auto const* const end = text.data() + text.size();
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): it has the end
    auto const parsed = std::from_chars(text.data(), end, port);
    if (parsed.ec != std::errc{} || parsed.ptr != end)
        return fail(ErrorCode::Malformed, fmt::format("\"{}\" is no port", text));
    return port;
}

std::string_view trimmed(std::string_view text)
{
    auto const blank = std::string_view(" \t\n");
    auto const first = text.find_first_not_of(blank);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

void put(Address const& address, __be32 (&raw)[4]) // NOLINT(modernize-avoid-c-arrays): the kernel's
{
    std::memcpy(raw, address.bytes().data(), address.bytes().size());
}

} // namespace

std::optional<Beginner> beginner_of(Family family, xfrm::Packet const& packet)
{
    auto const& icmp = family == Family::V4 ? icmpv4 : icmpv6;
    if (packet.protocol == icmp.protocol)
        return packet.source_port == icmp.echo_request ? Beginner::Us : Beginner::Them;
    if (!has_ports(packet.protocol))
        return Beginner::Us; // a tunnel or the like: what strangers send there is answered by ICMP, if at all
    return std::nullopt;
}

Result<ClientPorts::Range> ClientPorts::read_range(std::string_view text, char separator)
{
    auto const middle = text.find(separator);
    auto const first = read_port(trimmed(text.substr(0, middle)));
    if (!first)
        return std::unexpected(first.error());
    if (middle == std::string_view::npos)
        return Range{*first, *first};
    auto const last = read_port(trimmed(text.substr(middle + 1)));
    if (!last)
        return std::unexpected(last.error());
    return Range{*first, *last};
}

Result<ClientPorts> ClientPorts::read(std::string_view range, std::string_view reserved)
{
    ClientPorts ports;
    auto const whole = read_range(trimmed(range), '\t');
    if (!whole)
        return std::unexpected(whole.error().with("net.ipv4.ip_local_port_range"));
    ports.m_range = *whole;
    for (auto rest = trimmed(reserved); !rest.empty() && ports.m_reserved.size() < max_reserved_ranges;) {
        auto const comma = rest.find(',');
        auto const one = read_range(rest.substr(0, comma), '-');
        if (!one)
            return std::unexpected(one.error().with("net.ipv4.ip_local_reserved_ports"));
        ports.m_reserved.push_back(*one);
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
    return ports;
}

bool ClientPorts::contains(uint16_t port) const
{
    return m_range.contains(port) &&
           std::ranges::none_of(m_reserved, [port](Range const& range) { return range.contains(port); });
}

namespace sock_diag {

netlink::Request encode_get_tcp(Flow const& flow, xfrm::Packet const& packet)
{
    netlink::Request request(SOCK_DIAG_BY_FAMILY, NLM_F_ACK);
    auto& body = request.put_struct<inet_diag_req_v2>();
    body.sdiag_family = flow.local.family() == Family::V4 ? AF_INET : AF_INET6;
    body.sdiag_protocol = IPPROTO_TCP;
    body.idiag_states = ~0U;
    body.id.idiag_sport = htons(packet.source_port);
    body.id.idiag_dport = htons(packet.destination_port);
    put(flow.local, body.id.idiag_src);
    put(flow.remote, body.id.idiag_dst);
    body.id.idiag_cookie[0] = body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return request;
}

netlink::Request encode_dump_connecting(Family family, uint16_t remote_port)
{
    netlink::Request request(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
    auto& body = request.put_struct<inet_diag_req_v2>();
    body.sdiag_family = family == Family::V4 ? AF_INET : AF_INET6;
    body.sdiag_protocol = IPPROTO_TCP;
    body.idiag_states = 1U << TCP_SYN_SENT;
    body.id.idiag_dport = htons(remote_port);
    return request;
}

Result<Address> parse_remote(std::span<std::byte const> payload)
{
    auto const socket = netlink::read_struct<inet_diag_msg>(payload, "inet_diag_msg");
    if (!socket)
        return std::unexpected(socket.error());
    auto const raw = std::as_bytes(std::span(socket->id.idiag_dst));
    auto const address = Address::from_bytes(raw.first(socket->idiag_family == AF_INET ? 4 : 16));
    if (!address)
        return fail(ErrorCode::Malformed, "inet_diag_msg has an IPv4-mapped address");
    return *address;
}

Result<Beginner> parse_beginner(std::span<std::byte const> payload)
{
    auto const socket = netlink::read_struct<inet_diag_msg>(payload, "inet_diag_msg");
    if (!socket)
        return std::unexpected(socket.error());
    switch (socket->idiag_state) {
    case TCP_ESTABLISHED:
    case TCP_SYN_SENT:
    case TCP_FIN_WAIT1:
    case TCP_FIN_WAIT2:
    case TCP_TIME_WAIT:
    case TCP_CLOSE_WAIT:
    case TCP_LAST_ACK:
    case TCP_CLOSING: return Beginner::Us;
    default: return Beginner::Them; // listening, or half open
    }
}

} // namespace sock_diag

Result<Conversations> Conversations::open()
{
    auto kernel = netlink::Exchange::open(NETLINK_SOCK_DIAG);
    if (!kernel)
        return std::unexpected(kernel.error().with("asking the kernel for sockets"));
    auto const range = read_sysctl("net.ipv4.ip_local_port_range");
    if (!range)
        return std::unexpected(range.error());
    auto const reserved = read_sysctl("net.ipv4.ip_local_reserved_ports");
    if (!reserved)
        return std::unexpected(reserved.error());
    auto ports = ClientPorts::read(*range, *reserved);
    if (!ports)
        return std::unexpected(ports.error());
    auto const told = kernel->transact(sock_diag::encode_dump_connecting(Family::V4, 0));
    auto const sees_tcp = told ? SeesTcp::Yes : SeesTcp::No;
    return Conversations(std::move(*kernel), std::move(*ports), sees_tcp);
}

Beginner Conversations::beginner(Flow const& flow, xfrm::Packet const& packet)
{
    if (auto const known = beginner_of(flow.remote.family(), packet))
        return *known;
    if (packet.protocol != IPPROTO_TCP || m_sees_tcp == SeesTcp::No)
        return m_ports.contains(packet.source_port) ? Beginner::Us : Beginner::Them;
    return packet.source_port == 0 ? connecting(flow, packet) : connected(flow, packet);
}

// A RST has no socket.
Beginner Conversations::connected(Flow const& flow, xfrm::Packet const& packet)
{
    auto beginner = Beginner::Them;
    auto const visit = [&beginner](netlink::Message const& message) -> Result<void> {
        auto const parsed = sock_diag::parse_beginner(message.payload);
        if (!parsed)
            return std::unexpected(parsed.error());
        beginner = *parsed;
        return {};
    };
    auto const asked = m_kernel.transact(sock_diag::encode_get_tcp(flow, packet), visit);
    return asked ? beginner : Beginner::Them;
}

// connect() looks for its route, and meets the trap, before it has a port of its own. But the RST to a
// segment for port 0 comes from there, too; and the socket gets its place in the kernel's table a moment
// later.
Beginner Conversations::connecting(Flow const& flow, xfrm::Packet const& packet)
{
    auto beginner = Beginner::Unclear;
    auto const visit = [&](netlink::Message const& message) -> Result<void> {
        if (auto const remote = sock_diag::parse_remote(message.payload); remote && *remote == flow.remote)
            beginner = Beginner::Us;
        return {};
    };
    auto const request = sock_diag::encode_dump_connecting(flow.remote.family(), packet.destination_port);
    (void)m_kernel.transact(request, visit); // what it told before an error counts
    return beginner;
}

} // namespace oekd
