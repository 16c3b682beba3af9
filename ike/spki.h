// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/public_key.h"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

/// SubjectPublicKeyInfo (RFC 5280 §4.1.2.7): how a raw key travels in a CERT payload (RFC 7670).
namespace oekd {

/// Only the one DER encoding of a key that oekd uses: Ed25519, Ed448, P-256, P-384, or RSA of 2048 to 8192
/// bits with an odd exponent of at most 64.
[[nodiscard]] std::optional<PublicKey> parse_spki(std::span<std::byte const> der);

/// The inverse; nullopt where the key is none of these.
[[nodiscard]] std::optional<std::vector<std::byte>> make_spki(PublicKey const& key);

} // namespace oekd
