// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/address.h"
#include "policy/public_key.h"

#include <chrono>
#include <string>
#include <variant>
#include <vector>

/// What the reverse DNS says about an address: who may speak for it, and with which keys (RFC 4025, RFC 4322
/// §3.2). Names are resolved, malformed records are gone.
namespace oekd {

/// One IKE responder for the address, and the keys that prove it; any of them may (a roll-over has two).
struct Gateway {
    Address address; ///< the address that was asked about, where it speaks for itself
    std::vector<PublicKey> keys;
    friend bool operator==(Gateway const&, Gateway const&) = default;
};

struct KeysFound {
    enum class Trust {
        Dnssec,  ///< each step from a trust anchor to the key is signed
        Unsigned ///< one at least is not
    } trust = Trust::Unsigned;
    std::vector<Gateway> gateways; ///< in the order to try them, at least one and at most three
    std::chrono::seconds ttl{};
    friend bool operator==(KeysFound const&, KeysFound const&) = default;
};
/// There is no usable record.
struct NoKey {
    std::chrono::seconds ttl{};
    std::string why; ///< for people, where there is more to say than that nothing is published
    friend bool operator==(NoKey const&, NoKey const&) = default;
};
/// What is there was forged or is broken, and must not be taken for nothing (RFC 4322 §3.2.4): bogus, or
/// signed and wholly malformed.
struct BadKey {
    std::chrono::seconds ttl{};
    std::string why;
    friend bool operator==(BadKey const&, BadKey const&) = default;
};
/// Nobody knows: no answer in time, SERVFAIL, too many questions at once.
struct Unavailable {
    std::string why;
    friend bool operator==(Unavailable const&, Unavailable const&) = default;
};
using KeyAnswer = std::variant<KeysFound, NoKey, BadKey, Unavailable>;

} // namespace oekd
