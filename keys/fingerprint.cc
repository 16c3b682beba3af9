// SPDX-License-Identifier: GPL-2.0-or-later
#include "keys/fingerprint.h"

#include "base/base64.h"

#include <array>
#include <openssl/sha.h>

namespace oekd::keys {

std::string fingerprint(PublicKey const& key)
{
    std::vector<std::byte> hashed{static_cast<std::byte>(key.algorithm)};
    hashed.insert(hashed.end(), key.bytes.begin(), key.bytes.end());
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<unsigned char const*>(hashed.data()), hashed.size(), digest.data());
    auto text = base64(std::as_bytes(std::span(digest)));
    text.erase(text.find('='));
    return text;
}

std::string short_fingerprint(PublicKey const& key) { return fingerprint(key).substr(0, 12); }

} // namespace oekd::keys
