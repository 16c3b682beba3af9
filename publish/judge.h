// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/answer.h"
#include "dns/ipseckey.h"

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace oekd::publish {

/// How the DNS compares with what should be there.
enum class Verdict {
    Matches,
    Unsigned, ///< it matches, without DNSSEC
    Missing,  ///< there is no IPSECKEY record
    Differs,
    Bogus,   ///< its signatures are wrong: everybody who validates will deny the address
    NoAnswer ///< nobody knows
};
inline constexpr std::array all_verdicts{Verdict::Matches, Verdict::Unsigned, Verdict::Missing,
                                         Verdict::Differs, Verdict::Bogus,    Verdict::NoAnswer};

/// "matches", "unsigned", "missing", "differs", "bogus", "no-answer".
[[nodiscard]] std::string_view to_string(Verdict verdict);

struct Finding {
    Address address;
    Verdict verdict = Verdict::NoAnswer;
    std::string why;            ///< for people; of a match only what else is there
    std::chrono::seconds ttl{}; ///< of what is there
};

/// `expected` has one record for each of our keys, the current one first, all of one gateway. A record
/// without gateway is as good as one that names the address itself. Other gateways' records are left alone,
/// and told.
[[nodiscard]] Finding judge(Address const& address, std::vector<dns::IpsecKey> const& expected,
                            dns::Answer const& answer);

} // namespace oekd::publish
