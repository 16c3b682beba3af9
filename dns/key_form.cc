// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/key_form.h"

#include <bit>
#include <fmt/format.h>
#include <span>
#include <string_view>

namespace oekd::dns {

namespace {

std::string why_rsa_unusable(std::span<std::byte const> bytes)
{
    constexpr size_t longest_exponent = 8;
    constexpr size_t least_bits = 2048;
    constexpr size_t most_bits = 8192;
    auto const length = bytes.empty() ? 0 : std::to_integer<size_t>(bytes[0]);
    // 0 announces a length of two bytes, which no exponent needs that is short enough.
    if (length == 0 || length > longest_exponent || bytes.size() <= 1 + length)
        return fmt::format("an RSA key of {} bytes without an exponent of at most {}", bytes.size(),
                           longest_exponent);
    auto const exponent = bytes.subspan(1, length);
    auto const modulus = bytes.subspan(1 + length);
    auto const is_odd = [](std::span<std::byte const> number) {
        return (number.back() & std::byte{1}) != std::byte{0};
    };
    if (exponent.front() == std::byte{0} || modulus.front() == std::byte{0})
        return "an RSA key with leading zeros"; // RFC 3110 §2
    auto const bits =
        (modulus.size() - 1) * 8 + size_t(std::bit_width(std::to_integer<unsigned>(modulus[0])));
    if (bits < least_bits || bits > most_bits)
        return fmt::format("an RSA key of {} bits, not {} to {}", bits, least_bits, most_bits);
    bool const one = length == 1 && exponent[0] == std::byte{1};
    if (one || !is_odd(exponent) || !is_odd(modulus))
        return "no RSA key has such numbers";
    return {};
}

std::string why_size_unusable(std::string_view name, size_t size, size_t one, size_t other)
{
    if (size == one || size == other)
        return {};
    return fmt::format("an {} key of {} bytes, not {} or {}", name, size, one, other);
}

} // namespace

std::string why_unusable(PublicKey const& key)
{
    switch (key.algorithm) {
    case KeyAlgorithm::Rsa: return why_rsa_unusable(key.bytes);
    case KeyAlgorithm::Ecdsa: return why_size_unusable("ECDSA", key.bytes.size(), 64, 96); // RFC 6605 §4
    case KeyAlgorithm::EdDsa: return why_size_unusable("EdDSA", key.bytes.size(), 32, 57); // RFC 8080 §3
    }
    return "a key of no algorithm";
}

} // namespace oekd::dns
