// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/public_key.h"

#include <string>

namespace oekd::keys {

/// What names a key: SHA-256 over its algorithm's number and its bytes, in base64 without padding (43
/// characters).
[[nodiscard]] std::string fingerprint(PublicKey const& key);
/// Its first 12 characters, for people to compare: 72 bits.
[[nodiscard]] std::string short_fingerprint(PublicKey const& key);

} // namespace oekd::keys
