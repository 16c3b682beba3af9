// SPDX-License-Identifier: GPL-2.0-or-later
#include "keys/private_key.h"

#include "base/plain_text.h"
#include "keys/new_file.h"
#include "keys/public_form.h"
#include "keys/secret_file.h"

#include <algorithm>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace oekd::keys {

namespace {

using Stream = Handle<BIO, BIO_free>;
using Context = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

/// What OpenSSL complained of last; its queue is empty then.
std::string complaint()
{
    auto const* const reason = ERR_reason_error_string(ERR_peek_last_error());
    std::string text = reason ? reason : "no reason given";
    ERR_clear_error();
    return text;
}

/// Called where the key has a passphrase: nobody is there to type it.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) noexcept
{
    *static_cast<bool*>(asked) = true;
    return -1;
}

EVP_PKEY* make_pair(KeyType type, unsigned rsa_bits)
{
    switch (type) {
    case KeyType::Ed25519: return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case KeyType::EcdsaP256: return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "prime256v1");
    case KeyType::EcdsaP384: return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "secp384r1");
    case KeyType::Rsa: return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<size_t>(rsa_bits));
    }
    return nullptr;
}

} // namespace

Result<PrivateKey> PrivateKey::generate(KeyType type, unsigned rsa_bits)
{
    if (type == KeyType::Rsa && (rsa_bits < min_rsa_bits || rsa_bits > max_rsa_bits))
        return fail(ErrorCode::Usage, fmt::format("an RSA key of {} bits; it must have {} to {}", rsa_bits,
                                                  min_rsa_bits, max_rsa_bits));
    Pair pair(make_pair(type, rsa_bits));
    if (!pair)
        return fail(ErrorCode::System, fmt::format("making a key: {}", complaint()));
    return check(std::move(pair));
}

Result<PrivateKey> PrivateKey::load(std::filesystem::path const& path)
{
    auto const name = plain_text(path.native());
    auto const text = read_secret_file(path);
    if (!text)
        return std::unexpected(text.error());
    Stream const stream(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
    bool has_passphrase = false;
    Pair pair(stream ? PEM_read_bio_PrivateKey(stream.get(), nullptr, no_passphrase, &has_passphrase)
                     : nullptr);
    auto const why = pair ? std::string() : complaint();
    if (has_passphrase)
        return fail(
            ErrorCode::Configuration,
            fmt::format("{}: has a passphrase, and nobody is there to type it when oekd starts", name));
    if (!pair)
        return fail(ErrorCode::Configuration,
                    fmt::format("{}: not a private key in PEM form ({})", name, why));
    auto key = check(std::move(pair));
    return key ? std::move(key) : std::unexpected(key.error().with(name));
}

Result<PrivateKey> PrivateKey::check(Pair pair)
{
    auto form = public_form(*pair);
    if (!form)
        return std::unexpected(form.error());
    Context const context(EVP_PKEY_CTX_new_from_pkey(nullptr, pair.get(), nullptr));
    if (!context || EVP_PKEY_pairwise_check(context.get()) != 1)
        return fail(ErrorCode::Configuration,
                    fmt::format("the private and the public half do not belong together ({})", complaint()));
    return PrivateKey(std::move(pair), form->type, std::move(form->key));
}

Result<Secret> PrivateKey::pkcs8_pem() const
{
    Stream const stream(BIO_new(BIO_s_secmem())); // wiped when it is freed
    if (!stream ||
        PEM_write_bio_PKCS8PrivateKey(stream.get(), m_pair.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        return fail(ErrorCode::System, fmt::format("writing the key down: {}", complaint()));
    char* text = nullptr;
    Secret pem(static_cast<size_t>(BIO_get_mem_data(stream.get(), &text)));
    std::copy_n(text, pem.size(), pem.data());
    return pem;
}

Result<void> PrivateKey::save(std::filesystem::path const& path) const
{
    auto const pem = pkcs8_pem();
    return pem ? write_new_file(path, pem->view()) : std::unexpected(pem.error());
}

} // namespace oekd::keys
