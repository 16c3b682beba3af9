// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/service.h"

#include "policy/printable.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace oekd {

namespace {

// IANA's protocol numbers by the names of /etc/protocols, which has them in capitals too: those that a group
// file is likely to name.
using Name = std::pair<std::string_view, uint8_t>;
constexpr std::array names{Name{"icmp", 1},   Name{"igmp", 2},       Name{"ipip", 4},     Name{"ipencap", 4},
                           Name{"tcp", 6},    Name{"udp", 17},       Name{"dccp", 33},    Name{"ipv6", 41},
                           Name{"gre", 47},   Name{"esp", 50},       Name{"ah", 51},      Name{"icmpv6", 58},
                           Name{"ospf", 89},  Name{"ipv6-icmp", 58}, Name{"vrrp", 112},   Name{"l2tp", 115},
                           Name{"sctp", 132}, Name{"udplite", 136},  Name{"ospfigp", 89}, Name{"pim", 103}};

template <typename T> std::optional<T> number(std::string_view text)
{
    T value{};
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::optional<uint8_t> protocol_number(std::string_view text)
{
    auto const* const known = std::ranges::find(names, lower_case(text), &Name::first);
    return known == names.end() ? number<uint8_t>(text) : std::optional(known->second);
}

std::string protocol_name(uint8_t protocol)
{
    auto const* const known = std::ranges::find(names, protocol, &Name::second);
    return known == names.end() ? std::to_string(protocol) : std::string(known->first);
}

Result<uint16_t> read_port(std::string_view text, std::string_view whose)
{
    if (auto const port = number<uint16_t>(text))
        return *port;
    return fail(
        ErrorCode::Configuration,
        fmt::format("{}: expected the {} port as a number from 0 (any) to 65535", quoted(text), whose));
}

bool covers(uint16_t ours, uint16_t theirs) { return ours == 0 || ours == theirs; }

} // namespace

bool has_ports(uint8_t protocol)
{
    constexpr std::array<uint8_t, 5> with_ports{6, 17, 33, 132, 136};
    return std::ranges::find(with_ports, protocol) != with_ports.end();
}

Result<Service> Service::read(std::string_view protocol, std::string_view local_port,
                              std::string_view remote_port)
{
    auto const number = protocol_number(protocol);
    if (!number)
        return fail(ErrorCode::Configuration,
                    fmt::format("{}: expected a protocol, such as tcp, udp or its number", quoted(protocol)));
    auto const local = read_port(local_port, "local");
    if (!local)
        return std::unexpected(local.error());
    auto const remote = read_port(remote_port, "remote");
    if (!remote)
        return std::unexpected(remote.error());
    if ((*local != 0 || *remote != 0) && !has_ports(*number))
        return fail(ErrorCode::Configuration,
                    fmt::format("protocol {} has no ports; write 0 for both", quoted(protocol)));
    return Service{*number, *local, *remote};
}

bool Service::contains(Service const& other) const
{
    return (protocol == 0 || protocol == other.protocol) && covers(local_port, other.local_port) &&
           covers(remote_port, other.remote_port);
}

std::string Service::to_string() const
{
    return is_everything() ? std::string()
                           : fmt::format("{} {} {}", protocol_name(protocol), local_port, remote_port);
}

unsigned rank_of(Service const& service)
{
    if (service.is_everything())
        return 4;
    return 3 - (service.remote_port != 0 ? 2U : 0U) - (service.local_port != 0 ? 1U : 0U);
}

} // namespace oekd

size_t std::hash<oekd::Service>::operator()(oekd::Service const& service) const noexcept
{
    auto const number = (uint64_t{service.protocol} << 32U) | (uint64_t{service.local_port} << 16U) |
                        uint64_t{service.remote_port};
    return std::hash<uint64_t>{}(number);
}
