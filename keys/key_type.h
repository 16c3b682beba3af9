// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/public_key.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace oekd::keys {

/// The kinds of keys that we make for ourselves.
enum class KeyType { Ed25519, EcdsaP256, EcdsaP384, Rsa };

inline constexpr std::array all_key_types{KeyType::Ed25519, KeyType::EcdsaP256, KeyType::EcdsaP384,
                                          KeyType::Rsa};

/// As options and JSON name it: "ed25519", "ecdsa", "ecdsa384", "rsa".
[[nodiscard]] std::string_view to_string(KeyType type);
[[nodiscard]] std::optional<KeyType> parse_key_type(std::string_view text);

/// For people: "Ed25519", "ECDSA P-256", "RSA 3072". Any bytes will do: what has no such name is told by its
/// number and length.
[[nodiscard]] std::string kind_of(PublicKey const& key);

} // namespace oekd::keys
