// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/address.h"

#include "policy/printable.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cassert>
#include <fmt/format.h>
#include <vector>

namespace oekd {

namespace {

constexpr size_t v4_bytes = 4;
constexpr size_t v6_bytes = 16;

// RFC 4291 §2.5.5.2: 80 bits of zero, 16 bits of one, the IPv4 address.
bool is_v4_mapped(std::span<std::byte const> bytes)
{
    constexpr size_t zeros = 10;
    constexpr size_t ones = 2;
    if (bytes.size() != v6_bytes)
        return false;
    return std::ranges::all_of(bytes.first(zeros), [](std::byte b) { return b == std::byte{0}; }) &&
           std::ranges::all_of(bytes.subspan(zeros, ones), [](std::byte b) { return b == std::byte{0xff}; });
}

/// The bytes that numeric text stands for; none where it is not an address.
std::vector<std::byte> bytes_of(std::string_view text)
{
    // inet_pton reads up to a NUL, so a text that holds one would be taken for its beginning.
    if (text.size() >= INET6_ADDRSTRLEN || text.contains('\0'))
        return {};
    std::string const terminated(text);
    std::vector<std::byte> bytes(v6_bytes);
    if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1)
        bytes.resize(v4_bytes);
    else if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) != 1)
        bytes.clear();
    return bytes;
}

// Byte number `index` of an address without the bits that lie after the first `length` of the whole.
std::byte keep_leading_bits(std::byte value, int index, int length)
{
    constexpr int bits_per_byte = 8;
    int const kept = length - index * bits_per_byte;
    if (kept >= bits_per_byte)
        return value;
    return kept <= 0 ? std::byte{0} : value & (std::byte{0xff} << (bits_per_byte - kept));
}

} // namespace

std::optional<Address> Address::from_bytes(std::span<std::byte const> bytes)
{
    if ((bytes.size() != v4_bytes && bytes.size() != v6_bytes) || is_v4_mapped(bytes))
        return std::nullopt;
    Address address;
    address.m_family = bytes.size() == v4_bytes ? Family::V4 : Family::V6;
    std::ranges::copy(bytes, address.m_bytes.begin());
    return address;
}

Result<Address> Address::read(std::string_view text)
{
    auto const bytes = bytes_of(text);
    auto const address = from_bytes(bytes);
    if (address)
        return *address;
    return fail(ErrorCode::Configuration,
                fmt::format("{}: {}", quoted(text),
                            bytes.empty()
                                ? "not an IPv4 or IPv6 address"
                                : "IPv4-mapped addresses never match a packet; write the IPv4 address"));
}

std::optional<Address> Address::parse(std::string_view text) { return from_bytes(bytes_of(text)); }

Address Address::any(Family family)
{
    Address address;
    address.m_family = family;
    return address;
}

std::span<std::byte const> Address::bytes() const
{
    return std::span(m_bytes).first(m_family == Family::V4 ? v4_bytes : v6_bytes);
}

bool Address::is_any() const { return *this == any(m_family); }

Address Address::truncated(int length) const
{
    assert(length >= 0 && length <= bits());
    // Losing bits makes no address IPv4-mapped that was not before: the mapped ones are told by bits that are
    // set.
    Address result = any(m_family);
    for (int i = 0; i < bits() / 8; ++i)
        result.m_bytes.at(static_cast<size_t>(i)) =
            keep_leading_bits(m_bytes.at(static_cast<size_t>(i)), i, length);
    return result;
}

std::string Address::to_string() const
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    int const family = m_family == Family::V4 ? AF_INET : AF_INET6;
    [[maybe_unused]] char const* written = inet_ntop(family, m_bytes.data(), text.data(), text.size());
    assert(written != nullptr); // family and size are right
    return text.data();
}

} // namespace oekd

size_t std::hash<oekd::Address>::operator()(oekd::Address const& address) const noexcept
{
    auto const bytes = address.bytes();
    std::string_view const text(reinterpret_cast<char const*>(bytes.data()), bytes.size());
    return std::hash<std::string_view>{}(text); // 4 and 16 bytes hash apart: the length counts
}
