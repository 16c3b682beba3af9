// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel-glue/xfrm.h"
#include "policy/service.h"

#include <vector>

/// What is never trapped nor blocked, whatever the group lines say: pure functions. IKE is not among it, as
/// its sockets have a bypass of their own.
namespace oekd {

/// The part that differs from host to host and from hour to hour.
struct Exempt {
    enum class Dns {
        ToServers, ///< to dns_servers, and from them
        ToAny      ///< a resolver on this host asks we know not whom
    };
    enum class Ntp {
        Trapped,
        ToAny ///< the clock is not set, and without it no signature has a date
    };

    std::vector<Address> own_addresses; ///< all that this host has
    std::vector<Address> dns_servers;
    Dns dns = Dns::ToServers;
    Ntp ntp = Ntp::Trapped;

    friend bool operator==(Exempt const&, Exempt const&) = default;
};

/// The services that are exempt with this peer, as seen from here: DNS and NTP. DHCP is not among them, as it
/// has other ways than to a peer.
std::vector<Service> exempt_services(Exempt const& exempt, Address const& peer);

/// These and what is the same everywhere: neighbour discovery, DHCP, multicast, broadcast, link-local.
/// Loopback needs none, as it carries own addresses only.
std::vector<xfrm::Policy> exemptions(Exempt const& exempt);

} // namespace oekd
