// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/public_key.h"

#include <string>
#include <vector>

namespace oekd {

/// Our own key pair.
struct OwnKey {
    std::string pkcs8_pem; ///< unencrypted
    PublicKey public_key;  ///< its public half
};

/// As whom we speak to a peer. Without a key, or without a name for Name, it is Anonymous; so it is where the
/// peer cannot verify the signatures that our key makes (RFC 7427 §4).
enum class OwnIdentity {
    Anonymous, ///< AUTH-NULL with ID_NULL (RFC 7619)
    Address,   ///< our address of the flow, with a signature
    Name,      ///< IkeSettings::own_name, with a signature
};

/// How we speak to a peer, and what it must prove. The identity that it claims counts for nothing: it proves
/// a key, or it is nobody.
struct Authentication {
    OwnIdentity own = OwnIdentity::Anonymous;
    enum class Demand {
        Anything,  ///< AUTH-NULL, one of the keys, or another one that it brings along (RFC 7670)
        Preferred, ///< AUTH-NULL or one of the keys
        Required,  ///< one of the keys
    } demand = Demand::Anything;
    std::vector<PublicKey> keys{}; ///< the first max_keys count

    static constexpr size_t max_keys = 16;
    friend bool operator==(Authentication const&, Authentication const&) = default;
};

/// What we have proven to the peer.
enum class OwnProof {
    None,
    Signature, ///< of our key; whether the peer knows that key is its own affair
};

} // namespace oekd
