// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/key_answer.h"

#include <variant>
#include <vector>

namespace oekd::dns {

/// Who may use a name as its identity: whoever proves one of the keys. It counts for a flow only if one of
/// the addresses is the flow's.
struct NamedKeys {
    KeysFound::Trust trust = KeysFound::Trust::Unsigned; ///< of the keys
    std::vector<PublicKey> keys;                         ///< at least one
    std::vector<Address> addresses;                      ///< signed ones only, of both families
    std::chrono::seconds ttl{};                          ///< of keys and addresses
    friend bool operator==(NamedKeys const&, NamedKeys const&) = default;
};
using NamedAnswer = std::variant<NamedKeys, NoKey, BadKey, Unavailable>;

} // namespace oekd::dns
