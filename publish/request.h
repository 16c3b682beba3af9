// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/ipseckey.h"
#include "policy/address.h"
#include "policy/public_key.h"

#include <chrono>
#include <variant>
#include <vector>

/// What goes into the DNS about a range of addresses, so that others find our key there: pure functions, but
/// for update.h.
namespace oekd::publish {

/// Each address is its own gateway: the record names it.
struct AddressItself {
    friend bool operator==(AddressItself, AddressItself) = default;
};

using GatewayChoice = std::variant<AddressItself, dns::NoGateway, Address, dns::GatewayName>;

/// How the names of a network smaller than /24 are written.
enum class SmallNetworks {
    Plain,  ///< 1.2.0.192.in-addr.arpa
    Rfc2317 ///< 1.0/25.2.0.192.in-addr.arpa
};

enum class Wildcards {
    LargeIpv6, ///< for IPv6 networks with too many addresses to write each of them down
    Always     ///< for every network that one fits
};

struct Request {
    std::vector<Prefix> ranges;
    std::vector<PublicKey> keys; ///< the current one, and the next one where there is one
    GatewayChoice gateway = AddressItself{};
    uint8_t precedence = 10;
    std::chrono::seconds ttl{3600};
    SmallNetworks small_networks = SmallNetworks::Plain;
    Wildcards wildcards = Wildcards::LargeIpv6;
};

} // namespace oekd::publish
