// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/public_key.h"

#include <string>

namespace oekd::dns {

/// Why nobody may use such a key, for people; empty where it has the form that its algorithm asks for. An RSA
/// key has 2048 to 8192 bits, an exponent of at most 64 bits and no leading zeros (RFC 3110 §2), so that
/// equal keys have equal bytes. Whether the numbers make sense, only a cryptographic library can say.
[[nodiscard]] std::string why_unusable(PublicKey const& key);

} // namespace oekd::dns
