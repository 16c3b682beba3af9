// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "kernel-glue/netlink.h"
#include "policy/address.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

/// RTNETLINK's messages as bytes (include/uapi/linux/rtnetlink.h, if_link.h, if_addr.h): pure functions, no
/// socket.
namespace oekd::rtnl {

/// A network device.
struct Link {
    int index = 0;
    std::string name;
    std::string kind;      ///< "wireguard", "tun", …; empty for hardware
    uint16_t hardware = 0; ///< ARPHRD_

    friend bool operator==(Link const&, Link const&) = default;
};

/// One of this host's addresses and the device that has it.
struct LinkAddress {
    int link = 0; ///< Link::index
    Address address;

    friend bool operator==(LinkAddress const&, LinkAddress const&) = default;
};

// Each takes what follows the netlink header. Malformed where the bytes contradict themselves.
Result<Link> parse_link(std::span<std::byte const> payload); ///< RTM_NEWLINK
/// RTM_NEWADDR. nullopt where it is neither IPv4 nor IPv6.
Result<std::optional<LinkAddress>> parse_address(std::span<std::byte const> payload);

netlink::Request encode_dump_links();
netlink::Request encode_dump_addresses();

} // namespace oekd::rtnl
