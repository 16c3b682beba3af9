// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace oekd {

enum class Family : uint8_t { V4, V6 };

/// An IPv4 or IPv6 address, bytes in network order. A value: compares and hashes by content.
///
/// One address has one value: IPv4-mapped IPv6 addresses (::ffff:192.0.2.1, RFC 4291 §2.5.5.2) are refused
/// everywhere. They belong to the socket interface; no packet carries them, so a group line or a flow that
/// names one would match nothing while it seems to protect 192.0.2.1.
class Address {
public:
    Address() = default; ///< 0.0.0.0
    /// 4 or 16 bytes in network order; anything else, and IPv4-mapped, gives nullopt.
    static std::optional<Address> from_bytes(std::span<std::byte const> bytes);
    /// Numeric text only ("192.0.2.1", "2001:db8::1"), no scope, no host name. The error quotes the text,
    /// made printable, and says what is wrong with it.
    static Result<Address> read(std::string_view text);
    /// read() for those who need no reason.
    static std::optional<Address> parse(std::string_view text);
    /// 0.0.0.0 or ::
    static Address any(Family family);

    [[nodiscard]] Family family() const { return m_family; }
    [[nodiscard]] std::span<std::byte const> bytes() const;
    [[nodiscard]] int bits() const { return m_family == Family::V4 ? 32 : 128; }
    [[nodiscard]] bool is_any() const;
    /// The same address with all bits after the first `length` cleared. Requires 0 <= length <= bits().
    [[nodiscard]] Address truncated(int length) const;
    [[nodiscard]] std::string to_string() const;

    friend auto operator<=>(Address const&, Address const&) = default;

private:
    Family m_family = Family::V4;
    std::array<std::byte, 16> m_bytes{}; ///< an IPv4 address fills the first four, the rest is zero
};

/// An address block. Bits after the length are always zero.
class Prefix {
public:
    Prefix() = default; ///< 0.0.0.0/0
    /// Clears the bits after `length`. Requires 0 <= length <= address.bits().
    Prefix(Address const& address, int length);
    /// The block that holds this address only.
    static Prefix host(Address const& address) { return {address, address.bits()}; }
    /// "192.0.2.0/24", "2001:db8::/32", or a single address. Bits after the length must be zero, as a slip of
    /// the pen there usually means another network than was written. The error quotes the text, made
    /// printable, and says what is wrong with it.
    static Result<Prefix> read(std::string_view text);
    /// read() for those who need no reason.
    static std::optional<Prefix> parse(std::string_view text);

    [[nodiscard]] Address const& address() const { return m_address; }
    [[nodiscard]] Family family() const { return m_address.family(); }
    [[nodiscard]] int length() const { return m_length; }
    [[nodiscard]] bool contains(Address const& address) const;
    [[nodiscard]] bool is_host() const { return m_length == m_address.bits(); }
    [[nodiscard]] std::string to_string() const;

    friend auto operator<=>(Prefix const&, Prefix const&) = default;

private:
    Address m_address;
    int m_length = 0;
};

} // namespace oekd

template <> struct std::hash<oekd::Address> {
    size_t operator()(oekd::Address const& address) const noexcept;
};
template <> struct std::hash<oekd::Prefix> {
    size_t operator()(oekd::Prefix const& prefix) const noexcept;
};
