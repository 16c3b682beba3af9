// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "keys/key_type.h"
#include "policy/public_key.h"

struct evp_pkey_st;

namespace oekd::keys {

struct TypedKey {
    KeyType type = KeyType::Ed25519;
    PublicKey key;
};

/// The public half in the form of an IPSECKEY record. Fails with Configuration where its kind or size is none
/// that we publish.
[[nodiscard]] Result<TypedKey> public_form(evp_pkey_st const& pair);

} // namespace oekd::keys
