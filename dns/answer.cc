// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/answer.h"

#include <algorithm>
#include <array>

namespace oekd::dns {

bool can_be_a_peer(Address const& address)
{
    static constexpr std::array others{"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3",
                                       "::/127",    "fe80::/10",   "ff00::/8"};
    return std::ranges::none_of(
        others, [&](char const* network) { return Prefix::parse(network).value().contains(address); });
}

std::vector<Address> addresses_in(Records const& records)
{
    std::vector<Address> addresses;
    for (auto const& data : records.data)
        if (auto const address = Address::from_bytes(data); address && can_be_a_peer(*address))
            addresses.push_back(*address);
    return addresses;
}

} // namespace oekd::dns
