// SPDX-License-Identifier: GPL-2.0-or-later
#include "keys/public_form.h"

#include "base/handle.h"
#include "keys/private_key.h"

#include <array>
#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <optional>
#include <span>

namespace oekd::keys {

namespace {

using Number = Handle<BIGNUM, BN_free>;
using Bytes = std::vector<std::byte>;

constexpr size_t max_exponent_bytes = 8; // more makes verifying slow on purpose

std::unexpected<Error> refuse(std::string why) { return fail(ErrorCode::Configuration, std::move(why)); }

Number number_of(EVP_PKEY const& pair, char const* name)
{
    BIGNUM* number = nullptr;
    EVP_PKEY_get_bn_param(&pair, name, &number);
    return Number(number);
}

/// In `size` bytes, zeros first; nothing where it has more.
Bytes bytes_of(BIGNUM const& number, size_t size)
{
    Bytes bytes(size);
    auto* const place = reinterpret_cast<unsigned char*>(bytes.data());
    if (BN_bn2binpad(&number, place, static_cast<int>(size)) < 0)
        bytes.clear();
    return bytes;
}

Bytes bytes_of(BIGNUM const& number) { return bytes_of(number, static_cast<size_t>(BN_num_bytes(&number))); }

void append(Bytes& bytes, Bytes const& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

/// RFC 3110 §2: the exponent's length, the exponent, the modulus.
Result<TypedKey> rsa_form(EVP_PKEY const& pair)
{
    auto const exponent = number_of(pair, OSSL_PKEY_PARAM_RSA_E);
    auto const modulus = number_of(pair, OSSL_PKEY_PARAM_RSA_N);
    if (!exponent || !modulus)
        return refuse("an RSA key without its public half");
    auto const bits = static_cast<unsigned>(BN_num_bits(modulus.get()));
    if (bits < min_rsa_bits || bits > max_rsa_bits)
        return refuse(
            fmt::format("an RSA key of {} bits; it must have {} to {}", bits, min_rsa_bits, max_rsa_bits));
    auto const exponent_bytes = bytes_of(*exponent);
    if (exponent_bytes.size() > max_exponent_bytes)
        return refuse(fmt::format("an RSA exponent of {} bytes; at most {} are used", exponent_bytes.size(),
                                  max_exponent_bytes));
    Bytes bytes{static_cast<std::byte>(exponent_bytes.size())};
    append(bytes, exponent_bytes);
    append(bytes, bytes_of(*modulus));
    return TypedKey{KeyType::Rsa, {KeyAlgorithm::Rsa, std::move(bytes)}};
}

struct Curve {
    std::string_view name;
    KeyType type;
    size_t coordinate; ///< bytes
};
constexpr std::array curves{Curve{"prime256v1", KeyType::EcdsaP256, 32},
                            Curve{"secp384r1", KeyType::EcdsaP384, 48}};

Result<Curve> curve_of(EVP_PKEY const& pair)
{
    std::array<char, 64> name{};
    EVP_PKEY_get_utf8_string_param(&pair, OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size(), nullptr);
    for (auto const& curve : curves)
        if (curve.name == name.data())
            return curve;
    return refuse(fmt::format("an ECDSA key on the curve {}; P-256 and P-384 can be used", name.data()));
}

/// RFC 6605 §4: x | y.
Result<TypedKey> ecdsa_form(EVP_PKEY const& pair)
{
    auto const curve = curve_of(pair);
    if (!curve)
        return std::unexpected(curve.error());
    auto const x = number_of(pair, OSSL_PKEY_PARAM_EC_PUB_X);
    auto const y = number_of(pair, OSSL_PKEY_PARAM_EC_PUB_Y);
    if (!x || !y)
        return refuse("an ECDSA key without its public half");
    auto bytes = bytes_of(*x, curve->coordinate);
    append(bytes, bytes_of(*y, curve->coordinate));
    return TypedKey{curve->type, {KeyAlgorithm::Ecdsa, std::move(bytes)}};
}

/// RFC 8080 §3: as it is.
Result<TypedKey> ed25519_form(EVP_PKEY const& pair)
{
    Bytes bytes(32);
    size_t size = bytes.size();
    auto* const place = reinterpret_cast<unsigned char*>(bytes.data());
    if (EVP_PKEY_get_raw_public_key(&pair, place, &size) != 1 || size != bytes.size())
        return refuse("an Ed25519 key without its public half");
    return TypedKey{KeyType::Ed25519, {KeyAlgorithm::EdDsa, std::move(bytes)}};
}

} // namespace

Result<TypedKey> public_form(evp_pkey_st const& pair)
{
    if (EVP_PKEY_is_a(&pair, "ED25519") == 1)
        return ed25519_form(pair);
    if (EVP_PKEY_is_a(&pair, "EC") == 1)
        return ecdsa_form(pair);
    if (EVP_PKEY_is_a(&pair, "RSA") == 1)
        return rsa_form(pair);
    auto const* const name = EVP_PKEY_get0_type_name(&pair);
    return refuse(
        fmt::format("a key of type {}; Ed25519, ECDSA and RSA can be used", name ? name : "unknown"));
}

} // namespace oekd::keys
