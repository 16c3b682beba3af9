// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace oekd {

/// Those of the IPSECKEY registry that oekd uses, with their numbers there.
enum class KeyAlgorithm : uint8_t {
    Rsa = 2,   ///< RFC 3110: exponent length, exponent, modulus
    Ecdsa = 3, ///< RFC 6605: x | y, 64 bytes for P-256 and 96 for P-384
    EdDsa = 4, ///< RFC 9373: 32 bytes for Ed25519, 57 for Ed448
};

/// A public key in the form that an IPSECKEY record carries (RFC 4025 §2.6). Equal keys have equal bytes.
struct PublicKey {
    KeyAlgorithm algorithm = KeyAlgorithm::EdDsa;
    std::vector<std::byte> bytes;
    friend auto operator<=>(PublicKey const&, PublicKey const&) = default;
};

} // namespace oekd
