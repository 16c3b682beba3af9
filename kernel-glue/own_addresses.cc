// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/own_addresses.h"

#include "kernel-glue/netlink_exchange.h"

#include <algorithm>
#include <array>
#include <fnmatch.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <set>

namespace oekd {

namespace {

constexpr std::array<std::string_view, 11> tunnel_kinds{
    "wireguard", "tun", "ovpn", "ipip", "ip6tnl", "sit", "gre", "ip6gre", "vti", "vti6", "xfrm"};

bool leaves_the_link(Address const& address)
{
    for (auto const* text :
         {"127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "::1/128", "fe80::/10", "ff00::/8"})
        if (Prefix::parse(text).value().contains(address))
            return false;
    return !address.is_any();
}

bool is_listed(std::string const& name, std::span<std::string const> listed)
{
    return std::ranges::any_of(
        listed, [&](std::string const& pattern) { return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0; });
}

template <typename T> std::vector<T> values_of(std::set<T> const& set) { return {set.begin(), set.end()}; }

/// What a dump has of one type of message, each through `take`.
template <typename Take>
Result<void> dump(netlink::Exchange& kernel, netlink::Request const& request, uint16_t type, Take take)
{
    return kernel.transact(request, [&](netlink::Message const& message) -> Result<void> {
        return message.type == type ? take(message.payload) : Result<void>{};
    });
}

} // namespace

bool is_tunnel(rtnl::Link const& link)
{
    return std::ranges::find(tunnel_kinds, link.kind) != tunnel_kinds.end() && link.hardware != ARPHRD_ETHER;
}

OwnAddresses sort_own_addresses(std::span<rtnl::Link const> links,
                                std::span<rtnl::LinkAddress const> addresses,
                                std::span<std::string const> listed)
{
    std::set<Address> all;
    std::set<Address> ends;
    std::set<std::string> left_out;
    for (auto const& [index, address] : addresses) {
        if (!leaves_the_link(address))
            continue;
        all.insert(address);
        // A device that came between the two dumps is ordinary until the kernel has told of it.
        auto const link = std::ranges::find(links, index, &rtnl::Link::index);
        if (link != links.end() && is_tunnel(*link) && !is_listed(link->name, listed))
            left_out.insert(link->name);
        else
            ends.insert(address);
    }
    return {values_of(all), values_of(ends), values_of(left_out)};
}

Result<OwnAddresses> own_addresses(std::span<std::string const> listed)
{
    constexpr std::string_view what = "listing this host's addresses";
    auto kernel = netlink::Exchange::open(NETLINK_ROUTE);
    if (!kernel)
        return std::unexpected(kernel.error().with(what));
    std::vector<rtnl::Link> links;
    std::vector<rtnl::LinkAddress> addresses;
    auto const take_link = [&](std::span<std::byte const> payload) -> Result<void> {
        auto link = rtnl::parse_link(payload);
        if (!link)
            return std::unexpected(link.error());
        links.push_back(std::move(*link));
        return {};
    };
    auto const take_address = [&](std::span<std::byte const> payload) -> Result<void> {
        auto const address = rtnl::parse_address(payload);
        if (!address)
            return std::unexpected(address.error());
        if (*address)
            addresses.push_back(**address);
        return {};
    };
    auto read = dump(*kernel, rtnl::encode_dump_links(), RTM_NEWLINK, take_link);
    if (read)
        read = dump(*kernel, rtnl::encode_dump_addresses(), RTM_NEWADDR, take_address);
    if (!read)
        return std::unexpected(read.error().with(what));
    return sort_own_addresses(links, addresses, listed);
}

} // namespace oekd
