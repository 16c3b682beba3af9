// SPDX-License-Identifier: GPL-2.0-or-later
#include "keys/key_type.h"

#include <bit>
#include <fmt/format.h>
#include <span>

namespace oekd::keys {

namespace {

/// The bits of an RSA modulus; 0 where the key is cut short (RFC 3110 §2).
size_t modulus_bits(std::span<std::byte const> key)
{
    if (key.size() < 3)
        return 0;
    auto const number = [&](size_t i) { return std::to_integer<size_t>(key[i]); };
    bool const is_long = number(0) == 0;
    size_t const skipped = is_long ? 3 + (number(1) << 8 | number(2)) : 1 + number(0);
    if (key.size() <= skipped)
        return 0;
    return (key.size() - skipped) * 8 -
           static_cast<size_t>(std::countl_zero(std::to_integer<uint8_t>(key[skipped])));
}

} // namespace

std::string_view to_string(KeyType type)
{
    switch (type) {
    case KeyType::Ed25519: return "ed25519";
    case KeyType::EcdsaP256: return "ecdsa";
    case KeyType::EcdsaP384: return "ecdsa384";
    case KeyType::Rsa: return "rsa";
    }
    return {};
}

std::optional<KeyType> parse_key_type(std::string_view text)
{
    for (auto const type : all_key_types)
        if (to_string(type) == text)
            return type;
    return std::nullopt;
}

std::string kind_of(PublicKey const& key)
{
    auto const size = key.bytes.size();
    if (key.algorithm == KeyAlgorithm::EdDsa && size == 32)
        return "Ed25519";
    if (key.algorithm == KeyAlgorithm::EdDsa && size == 57)
        return "Ed448";
    if (key.algorithm == KeyAlgorithm::Ecdsa && size == 64)
        return "ECDSA P-256";
    if (key.algorithm == KeyAlgorithm::Ecdsa && size == 96)
        return "ECDSA P-384";
    if (auto const bits = modulus_bits(key.bytes); key.algorithm == KeyAlgorithm::Rsa && bits > 0)
        return fmt::format("RSA {}", bits);
    return fmt::format("algorithm {} with {} bytes", static_cast<int>(key.algorithm), size);
}

} // namespace oekd::keys
