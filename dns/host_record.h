// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/answer.h"
#include "policy/named_lines.h"

#include <chrono>
#include <string>
#include <vector>

namespace oekd::dns {

/// Of one family; what a zone has more is not used.
constexpr size_t max_host_addresses = 16;
constexpr std::chrono::seconds longest_host_ttl{24 * 3600};
constexpr std::chrono::seconds first_retry{2};     ///< doubles with each failure,
constexpr std::chrono::seconds slowest_retry{300}; ///< up to this

/// What is known of one name.
struct HostRecord {
    std::vector<HostAddress> addresses; ///< sorted, each once
    std::string problem;                ///< why there is no answer now, for people; empty when there is one
    unsigned failures = 0;              ///< in a row
    std::chrono::seconds next{};        ///< how long this holds

    friend bool operator==(HostRecord const&, HostRecord const&) = default;
};

/// What is known after both answers, by their TTL, of which `shortest_ttl` counts at least. Pure.
///
/// While the DNS fails, old addresses stay, of each family by itself. So they do where the name is said to
/// have none at all and nobody signed that. An answer that fails validation, or that nobody can validate,
/// counts as unsigned; after signed ones it counts as a failure.
[[nodiscard]] HostRecord updated(HostRecord const& before, Answer const& v4, Answer const& v6,
                                 std::chrono::seconds shortest_ttl);

} // namespace oekd::dns
