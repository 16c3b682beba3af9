// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "kernel-glue/rtnl_messages.h"
#include "policy/address.h"

#include <span>
#include <string>
#include <vector>

namespace oekd {

/// This host's addresses. Each list is sorted and without repetition.
struct OwnAddresses {
    /// All but those that never leave the host or its link: loopback, link-local, multicast.
    std::vector<Address> all;
    /// Those of them that can be one end of a flow: left out are addresses that only a tunnel device has
    /// which nobody listed, as its traffic leaves this host inside other packets.
    std::vector<Address> flow_ends;
    /// These devices.
    std::vector<std::string> tunnels_left_out;

    friend bool operator==(OwnAddresses const&, OwnAddresses const&) = default;
};

/// As the kernel tells (RTNETLINK), without waiting. `listed` are names of tunnel devices to be treated like
/// ordinary ones, as shell patterns: "wg0", "tun*".
Result<OwnAddresses> own_addresses(std::span<std::string const> listed);

/// The pure half of it.
[[nodiscard]] OwnAddresses sort_own_addresses(std::span<rtnl::Link const> links,
                                              std::span<rtnl::LinkAddress const> addresses,
                                              std::span<std::string const> listed);

/// WireGuard, tun, IP in IP, GRE, SIT, VTI, XFRM interfaces and the like: what carries IP packets in other
/// packets. A tap device is not: it is an Ethernet.
[[nodiscard]] bool is_tunnel(rtnl::Link const& link);

} // namespace oekd
