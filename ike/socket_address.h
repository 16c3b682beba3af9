// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/address.h"

#include <array>
#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>

/// Addresses as the socket calls have them.
namespace oekd {

/// A socket address of either family, and its length.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = sizeof(sockaddr_storage);

    static SocketAddress make(Address const& address, uint16_t port);
    [[nodiscard]] sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
    /// nullopt for other families and for link-local IPv6, which says nothing without its interface.
    [[nodiscard]] std::optional<Address> address() const;
    [[nodiscard]] uint16_t port() const;
};

/// Room for the control messages that carry one local address (IP_PKTINFO, IPV6_PKTINFO) and one extended
/// error.
struct alignas(cmsghdr) ControlBuffer {
    std::array<std::byte, 512> bytes;
};

/// Makes `message` leave from this local address. `control` must live until the message is sent.
void set_local_address(msghdr& message, ControlBuffer& control, Address const& local);
/// The address that a received datagram was sent to; nullopt for multicast and broadcast, and where it is not
/// told.
[[nodiscard]] std::optional<Address> local_address(msghdr const& message);

} // namespace oekd
