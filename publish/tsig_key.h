// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>

namespace oekd::publish {

/// What a server knows us by (RFC 8945).
struct TsigKey {
    std::string name;
    std::string algorithm; ///< "hmac-sha256" or "hmac-sha512"
    std::string secret;    ///< in base64
    friend bool operator==(TsigKey const&, TsigKey const&) = default;
};

/// Reads what tsig-keygen(8) prints: key "name" { algorithm hmac-sha256; secret "..."; }; with comments as in
/// named.conf(5). Takes any text; the error does not repeat it, as there is a secret in it.
[[nodiscard]] Result<TsigKey> parse_tsig_key(std::string_view text);

} // namespace oekd::publish
