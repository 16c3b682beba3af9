// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "publish/request.h"

#include <optional>
#include <string>
#include <vector>

namespace oekd::publish {

/// The most names that one run deals with.
constexpr size_t max_names = 65'536;

/// A name that gets records.
struct Owner {
    std::string name;               ///< without the dot at the end
    std::optional<Address> address; ///< none: a wildcard, which stands for many
};

/// Whether the range is written as wildcards.
[[nodiscard]] bool is_by_wildcard(Prefix const& range, Wildcards wildcards);
/// Whether its names are those of RFC 2317.
[[nodiscard]] bool is_by_rfc2317(Prefix const& range, SmallNetworks small_networks);

/// Fails with Limit where there are more than `max_names`.
[[nodiscard]] Result<std::vector<Owner>> owners_in(Prefix const& range, SmallNetworks small_networks,
                                                   Wildcards wildcards);

/// Network number `index` of those of this length that the range consists of; the bits of a number that is
/// too large do not count.
[[nodiscard]] Prefix part_of(Prefix const& range, int length, uint64_t index);
/// How many of them there are; what does not fit into the number is cut to its largest value.
[[nodiscard]] uint64_t parts_of(Prefix const& range, int length);

} // namespace oekd::publish
