// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/key_records.h"
#include "policy/key_answer.h"

#include <variant>
#include <vector>

/// Which gateways are looked for, and what comes of all that were. Pure functions.
namespace oekd::dns {

constexpr size_t max_gateways = 3; ///< of one address; what a zone has more is not used

/// A gateway as records give it.
struct Candidate {
    std::variant<Address, GatewayName> gateway;
    std::vector<PublicKey> keys; ///< empty: they stand where the gateway is described
    Chain chain;
};

/// The first ones, each with all its keys. No gateway is the address itself.
[[nodiscard]] std::vector<Candidate> candidates(UsableRecords const& usable, Address const& asked);

/// `answers` has one for each candidate, in their order. One gateway that can be used suffices; what is
/// signed displaces what is not. Else forged is worse than unknown, and that worse than nothing.
[[nodiscard]] KeyAnswer merged(std::vector<KeyAnswer> const& answers);

} // namespace oekd::dns
