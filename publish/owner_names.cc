// SPDX-License-Identifier: GPL-2.0-or-later
#include "publish/owner_names.h"

#include "dns/reverse_name.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace oekd::publish {

namespace {

constexpr int v4_zone_length = 24;    // what is longer shares its zone with others (RFC 2317)
constexpr int v6_single_length = 120; // 256 addresses; a larger IPv6 range becomes wildcards

/// The bits that one label of a reverse name stands for.
int label_bits(Prefix const& range) { return range.family() == Family::V4 ? 8 : 4; }

/// The length, this one or more, where a label ends.
int whole_labels(Prefix const& range)
{
    int const bits = label_bits(range);
    return (range.length() + bits - 1) / bits * bits;
}

std::string without_labels(std::string name, int count)
{
    for (; count > 0; --count)
        name.erase(0, name.find('.') + 1);
    return name;
}

/// "*.2.0.192.in-addr.arpa": the labels that are the same in all of the network.
std::string wildcard_name(Prefix const& network)
{
    int const varying = (network.address().bits() - network.length()) / label_bits(network);
    return "*." + without_labels(dns::reverse_name(network.address()), varying);
}

/// "1.0/25.2.0.192.in-addr.arpa" (RFC 2317 §4)
std::string rfc2317_name(Prefix const& range, Address const& address)
{
    return fmt::format("{}.{}/{}.{}", std::to_integer<int>(address.bytes().back()),
                       std::to_integer<int>(range.address().bytes().back()), range.length(),
                       without_labels(dns::reverse_name(address), 1));
}

} // namespace

bool is_by_wildcard(Prefix const& range, Wildcards wildcards)
{
    switch (wildcards) {
    case Wildcards::LargeIpv6: return range.family() == Family::V6 && range.length() < v6_single_length;
    case Wildcards::Always: return whole_labels(range) < range.address().bits();
    }
    return false;
}

bool is_by_rfc2317(Prefix const& range, SmallNetworks small_networks)
{
    return small_networks == SmallNetworks::Rfc2317 && range.family() == Family::V4 &&
           range.length() > v4_zone_length && !range.is_host();
}

Result<std::vector<Owner>> owners_in(Prefix const& range, SmallNetworks small_networks, Wildcards wildcards)
{
    bool const by_wildcard = is_by_wildcard(range, wildcards);
    bool const by_rfc2317 = is_by_rfc2317(range, small_networks);
    int const length = by_wildcard ? whole_labels(range) : range.address().bits();
    auto const count = parts_of(range, length);
    if (count > max_names)
        return fail(ErrorCode::Limit,
                    fmt::format("{}: more than {} addresses; --wildcard writes them with a few names",
                                range.to_string(), max_names));
    std::vector<Owner> owners;
    owners.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
        auto const part = part_of(range, length, i);
        if (by_wildcard)
            owners.push_back({wildcard_name(part), std::nullopt});
        else if (by_rfc2317)
            owners.push_back({rfc2317_name(range, part.address()), part.address()});
        else
            owners.push_back({dns::reverse_name(part.address()), part.address()});
    }
    return owners;
}

Prefix part_of(Prefix const& range, int length, uint64_t index)
{
    std::array<std::byte, 16> bytes{};
    auto const first = range.address().bytes();
    std::ranges::copy(first, bytes.begin());
    for (int bit = length - 1; index > 0 && bit >= range.length(); --bit, index >>= 1)
        if ((index & 1) != 0)
            bytes.at(static_cast<size_t>(bit) / 8) |= std::byte{0x80} >> (bit % 8);
    // Only ::ffff:0:0/96 has no address there, and no range begins in it.
    return {Address::from_bytes(std::span(bytes).first(first.size())).value_or(range.address()), length};
}

uint64_t parts_of(Prefix const& range, int length)
{
    int const bits = length - range.length();
    return bits < 64 ? uint64_t{1} << bits : UINT64_MAX;
}

} // namespace oekd::publish
