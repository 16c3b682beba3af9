// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/spki.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace oekd {

namespace {

using namespace std::string_view_literals;
using Bytes = std::span<std::byte const>;
using Buffer = std::vector<std::byte>;

/// Keys of one size have one beginning.
struct Fixed {
    KeyAlgorithm algorithm;
    size_t size;
    std::string_view prefix;
};
constexpr std::array fixed_sizes{
    Fixed{KeyAlgorithm::EdDsa, 32, "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"sv}, // RFC 8410
    Fixed{KeyAlgorithm::EdDsa, 57, "\x30\x43\x30\x05\x06\x03\x2b\x65\x71\x03\x3a\x00"sv},
    Fixed{KeyAlgorithm::Ecdsa, 64, // RFC 5480, an uncompressed point on P-256
          "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
          "\x03\x42\x00\x04"sv},
    Fixed{KeyAlgorithm::Ecdsa, 96, // on P-384
          "\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22"
          "\x03\x62\x00\x04"sv},
};

constexpr std::byte sequence{0x30}, integer{0x02}, bit_string{0x03};
constexpr std::string_view rsa_encryption = // RFC 3279 §2.3.1: the OID, and NULL
    "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"sv;

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

// ---- DER, as far as an RSA key needs it

/// Takes one element off the front; its content, or nullopt.
std::optional<Bytes> take(Bytes& der, std::byte tag)
{
    if (der.size() < 2 || der[0] != tag)
        return std::nullopt;
    size_t size = std::to_integer<size_t>(der[1]);
    size_t header = 2;
    if (size > 0x7f) {
        size_t const count = size & 0x7f;
        header += count;
        if (count < 1 || count > 2 || der.size() < header)
            return std::nullopt;
        size = 0;
        for (auto byte : der.subspan(2, count))
            size = size << 8 | std::to_integer<size_t>(byte);
    }
    if (der.size() - header < size)
        return std::nullopt;
    auto const content = der.subspan(header, size);
    der = der.subspan(header + size);
    return content;
}

/// A positive number without leading zeros. That the encoding was the shortest shows when it is made again.
std::optional<Bytes> take_number(Bytes& der)
{
    auto content = take(der, integer);
    if (content && content->size() > 1 && content->front() == std::byte{0})
        content = content->subspan(1);
    if (!content || content->empty() || content->front() == std::byte{0})
        return std::nullopt;
    return content;
}

Buffer element(std::byte tag, std::initializer_list<Bytes> parts)
{
    size_t size = 0;
    for (auto part : parts)
        size += part.size();
    constexpr size_t longest_head = 4;
    Buffer der;
    der.reserve(longest_head + size);
    der.push_back(tag);
    if (size > 0xff) {
        der.push_back(std::byte{0x82});
        der.push_back(std::byte(size >> 8));
    } else if (size > 0x7f) {
        der.push_back(std::byte{0x81});
    }
    der.push_back(std::byte(size & 0xff));
    for (auto part : parts)
        der.insert(der.end(), part.begin(), part.end());
    return der;
}

Buffer number(Bytes value)
{
    constexpr std::array zero{std::byte{0}};
    bool const looks_negative = (value.front() & std::byte{0x80}) != std::byte{0};
    return element(integer, {looks_negative ? Bytes(zero) : Bytes{}, value});
}

// ---- RSA

struct Rsa {
    Bytes exponent;
    Bytes modulus;
};

bool is_odd(Bytes value) { return (value.back() & std::byte{1}) != std::byte{0}; }

bool is_usable(Rsa const& key)
{
    constexpr size_t least = 256, most = 1024, longest_exponent = 8; // bytes
    bool const full = !key.modulus.empty() && (key.modulus.front() & std::byte{0x80}) != std::byte{0};
    return key.modulus.size() >= least && key.modulus.size() <= most &&
           (full || key.modulus.size() > least) && key.modulus.front() != std::byte{0} &&
           is_odd(key.modulus) && !key.exponent.empty() && key.exponent.size() <= longest_exponent &&
           key.exponent.front() != std::byte{0} && is_odd(key.exponent) &&
           (key.exponent.size() > 1 || key.exponent.front() != std::byte{1});
}

/// RFC 3110 §2; an exponent that we take needs one byte for its length.
std::optional<Rsa> read_rsa(Bytes bytes)
{
    if (bytes.empty())
        return std::nullopt;
    auto const size = std::to_integer<size_t>(bytes.front());
    if (size == 0 || bytes.size() - 1 <= size)
        return std::nullopt;
    Rsa const key{.exponent = bytes.subspan(1, size), .modulus = bytes.subspan(1 + size)};
    return is_usable(key) ? std::optional(key) : std::nullopt;
}

Buffer make_rsa_spki(Rsa const& key)
{
    constexpr std::array no_unused_bits{std::byte{0}};
    auto const numbers = element(sequence, {number(key.modulus), number(key.exponent)});
    return element(sequence, {bytes_of(rsa_encryption), element(bit_string, {no_unused_bits, numbers})});
}

std::optional<PublicKey> parse_rsa(Bytes der)
{
    auto const whole = der;
    auto info = take(der, sequence);
    if (!info || !std::ranges::equal(info->first(std::min(info->size(), rsa_encryption.size())),
                                     bytes_of(rsa_encryption)))
        return std::nullopt;
    auto rest = info->subspan(rsa_encryption.size());
    auto bits = take(rest, bit_string);
    if (!bits || bits->empty())
        return std::nullopt;
    auto inner = bits->subspan(1);
    auto numbers = take(inner, sequence);
    if (!numbers)
        return std::nullopt;
    auto const modulus = take_number(*numbers);
    auto const exponent = take_number(*numbers);
    if (!modulus || !exponent)
        return std::nullopt;
    Rsa const key{.exponent = *exponent, .modulus = *modulus};
    if (!is_usable(key) || !std::ranges::equal(make_rsa_spki(key), whole))
        return std::nullopt;
    PublicKey result{.algorithm = KeyAlgorithm::Rsa, .bytes = {std::byte(exponent->size())}};
    result.bytes.insert(result.bytes.end(), exponent->begin(), exponent->end());
    result.bytes.insert(result.bytes.end(), modulus->begin(), modulus->end());
    return result;
}

} // namespace

std::optional<PublicKey> parse_spki(std::span<std::byte const> der)
{
    for (auto const& each : fixed_sizes) {
        auto const prefix = bytes_of(each.prefix);
        if (der.size() == prefix.size() + each.size && std::ranges::equal(der.first(prefix.size()), prefix)) {
            auto const rest = der.subspan(prefix.size());
            return PublicKey{.algorithm = each.algorithm, .bytes = {rest.begin(), rest.end()}};
        }
    }
    return parse_rsa(der);
}

std::optional<std::vector<std::byte>> make_spki(PublicKey const& key)
{
    if (key.algorithm == KeyAlgorithm::Rsa) {
        auto const rsa = read_rsa(key.bytes);
        return rsa ? std::optional(make_rsa_spki(*rsa)) : std::nullopt;
    }
    for (auto const& each : fixed_sizes) {
        if (each.algorithm != key.algorithm || each.size != key.bytes.size())
            continue;
        auto const prefix = bytes_of(each.prefix);
        Buffer der(prefix.begin(), prefix.end());
        der.insert(der.end(), key.bytes.begin(), key.bytes.end());
        return der;
    }
    return std::nullopt;
}

} // namespace oekd
