// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/handle.h"
#include "keys/key_type.h"
#include "keys/secret.h"
#include "policy/public_key.h"

#include <filesystem>

struct evp_pkey_st;
extern "C" void EVP_PKEY_free(evp_pkey_st*);

namespace oekd::keys {

constexpr unsigned default_rsa_bits = 3072;
constexpr unsigned min_rsa_bits = 2048; ///< less is malformed in an IPSECKEY record of ours
constexpr unsigned max_rsa_bits = 8192;

/// A key pair of our own. The private part stays in OpenSSL's memory, which is wiped when it is freed.
class PrivateKey {
public:
    /// `rsa_bits` counts for RSA only, and must be within the bounds.
    static Result<PrivateKey> generate(KeyType type, unsigned rsa_bits = default_rsa_bits);
    /// From a PEM file without passphrase. Refuses a file that others may read (Permission), a key of a kind
    /// or size that is not ours, and one whose halves do not belong together (Configuration). Errors name the
    /// file.
    static Result<PrivateKey> load(std::filesystem::path const& path);

    /// PKCS#8 as PEM, for who is to sign with it.
    [[nodiscard]] Result<Secret> pkcs8_pem() const;
    /// Writes that, mode 0600: all of it or nothing, and on the disk when this returns. Makes the
    /// directory where only that is missing. Fails with Exists where there is such a file.
    [[nodiscard]] Result<void> save(std::filesystem::path const& path) const;

    [[nodiscard]] KeyType type() const { return m_type; }
    [[nodiscard]] PublicKey const& public_key() const { return m_public; }

private:
    using Pair = Handle<evp_pkey_st, EVP_PKEY_free>;
    static Result<PrivateKey> check(Pair pair);
    PrivateKey(Pair pair, KeyType type, PublicKey public_key)
        : m_pair(std::move(pair)), m_type(type), m_public(std::move(public_key))
    {}

    Pair m_pair;
    KeyType m_type;
    PublicKey m_public;
};

} // namespace oekd::keys
