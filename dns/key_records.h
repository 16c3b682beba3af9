// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/answer.h"
#include "dns/ipseckey.h"
#include "policy/key_answer.h"

#include <random>
#include <variant>
#include <vector>

/// Judges the IPSECKEY records at one name, before any gateway is looked for. Pure functions.
namespace oekd::dns {

constexpr size_t max_keys = 8; ///< of one host: each may have to be tried

using Randomness = std::minstd_rand; ///< spreads load, keeps no secret

/// How far the steps to a key can be believed, and for how long: the weakest of them decides.
struct Chain {
    KeysFound::Trust trust = KeysFound::Trust::Dnssec;
    std::chrono::seconds ttl = std::chrono::seconds::max();

    /// One more step, which must be valid.
    void add(Security security, std::chrono::seconds step_ttl);
};

/// Those that may be used, by precedence, in random order where that is equal.
struct UsableRecords {
    Chain chain;
    std::vector<IpsecKey> records; ///< at least one
};
using RecordsJudged = std::variant<UsableRecords, NoKey, BadKey>;

/// What may be used of the records at the reverse name of `asked`; they must be valid. Without signatures
/// that is only what names no gateway but the address itself (RFC 4025 §4.1).
[[nodiscard]] RecordsJudged judge_records(Records const& records, Address const& asked, Randomness& random);

/// Whom a name stands for: a record there speaks for that host itself where it names no gateway or this one.
struct Host {
    std::string name;               ///< empty: known by its addresses only
    std::vector<Address> addresses; ///< some of them
};
/// The keys that records at a host's own name give for itself, by precedence, each once.
[[nodiscard]] std::vector<PublicKey> own_keys(Records const& records, Host const& host);

/// A host of the Internet cannot have a gateway that only its own network can reach (RFC 1918, RFC 4193).
[[nodiscard]] bool is_out_of_reach(Address const& gateway, Address const& asked);

} // namespace oekd::dns
