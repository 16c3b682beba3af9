// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/socket_address.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace oekd {

namespace {

template <typename T> std::span<std::byte const> bytes_of(T const& value)
{
    return std::as_bytes(std::span(&value, 1));
}

template <typename T> T payload_of(cmsghdr const* header)
{
    T value{};
    std::memcpy(&value, CMSG_DATA(header), sizeof value);
    return value;
}

template <typename T> bool holds(cmsghdr const* header, int level, int type)
{
    return header->cmsg_level == level && header->cmsg_type == type &&
           header->cmsg_len >= CMSG_LEN(sizeof(T));
}

template <typename T> void attach(msghdr& message, ControlBuffer& control, int level, int type,
                                  T const& value)
{
    std::memset(&control, 0, sizeof control);
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(sizeof value);
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(header), &value, sizeof value);
}

} // namespace

SocketAddress SocketAddress::make(Address const& address, uint16_t port)
{
    SocketAddress result;
    auto bytes = address.bytes();
    if (address.family() == Family::V4) {
        sockaddr_in in{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
        std::memcpy(&in.sin_addr, bytes.data(), bytes.size());
        std::memcpy(&result.storage, &in, sizeof in);
        result.length = sizeof in;
    } else {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        in.sin6_port = htons(port);
        std::memcpy(&in.sin6_addr, bytes.data(), bytes.size());
        std::memcpy(&result.storage, &in, sizeof in);
        result.length = sizeof in;
    }
    return result;
}

std::optional<Address> SocketAddress::address() const
{
    if (storage.ss_family == AF_INET && length >= sizeof(sockaddr_in))
        return Address::from_bytes(bytes_of(reinterpret_cast<sockaddr_in const&>(storage).sin_addr));
    if (storage.ss_family != AF_INET6 || length < sizeof(sockaddr_in6))
        return std::nullopt;
    auto const& in = reinterpret_cast<sockaddr_in6 const&>(storage);
    if (IN6_IS_ADDR_LINKLOCAL(&in.sin6_addr))
        return std::nullopt;
    return Address::from_bytes(bytes_of(in.sin6_addr));
}

uint16_t SocketAddress::port() const
{
    // Both families keep it in the same place.
    return ntohs(reinterpret_cast<sockaddr_in const&>(storage).sin_port);
}

void set_local_address(msghdr& message, ControlBuffer& control, Address const& local)
{
    auto bytes = local.bytes();
    if (local.family() == Family::V4) {
        in_pktinfo info{};
        std::memcpy(&info.ipi_spec_dst, bytes.data(), bytes.size());
        attach(message, control, IPPROTO_IP, IP_PKTINFO, info);
    } else {
        in6_pktinfo info{};
        std::memcpy(&info.ipi6_addr, bytes.data(), bytes.size());
        attach(message, control, IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
}

std::optional<Address> local_address(msghdr const& message)
{
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): CMSG_NXTHDR takes it so, and changes nothing
    auto& mutable_message = const_cast<msghdr&>(message);
    for (auto* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&mutable_message, header)) {
        if (holds<in_pktinfo>(header, IPPROTO_IP, IP_PKTINFO)) {
            auto info = payload_of<in_pktinfo>(header);
            // They differ where the datagram was sent to a broadcast or multicast address.
            if (info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr)
                return std::nullopt;
            return Address::from_bytes(bytes_of(info.ipi_addr));
        }
        if (holds<in6_pktinfo>(header, IPPROTO_IPV6, IPV6_PKTINFO)) {
            auto info = payload_of<in6_pktinfo>(header);
            if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr) || IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
                return std::nullopt;
            return Address::from_bytes(bytes_of(info.ipi6_addr));
        }
    }
    return std::nullopt;
}

} // namespace oekd
