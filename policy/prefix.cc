// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/address.h"
#include "policy/printable.h"

#include <charconv>
#include <fmt/format.h>

namespace oekd {

namespace {

// Plain decimal: no sign, and no leading zero, which other programs take for octal.
std::optional<int> parse_length(std::string_view text)
{
    int value = 0;
    auto const [end, error] = std::from_chars(text.begin(), text.end(), value);
    bool const plain = !text.empty() && text.front() != '-' && (text.front() != '0' || text.size() == 1);
    if (error != std::errc{} || end != text.end() || !plain)
        return std::nullopt;
    return value;
}

std::unexpected<Error> refuse(std::string_view text, std::string_view why)
{
    return fail(ErrorCode::Configuration, fmt::format("{}: {}", quoted(text), why));
}

} // namespace

Prefix::Prefix(Address const& address, int length) : m_address(address.truncated(length)), m_length(length) {}

Result<Prefix> Prefix::read(std::string_view text)
{
    auto const slash = text.find('/');
    auto const address = Address::read(text.substr(0, slash));
    if (!address)
        return std::unexpected(address.error());
    if (slash == std::string_view::npos)
        return host(*address);

    auto const length = parse_length(text.substr(slash + 1));
    if (!length || *length > address->bits())
        return refuse(text, fmt::format("the prefix length must be a number from 0 to {}", address->bits()));
    Prefix const prefix(*address, *length);
    if (prefix.address() != *address)
        return refuse(text,
                      fmt::format("bits are set after the prefix; the network is {}, this host alone is {}",
                                  prefix.to_string(), address->to_string()));
    return prefix;
}

std::optional<Prefix> Prefix::parse(std::string_view text)
{
    auto const prefix = read(text);
    return prefix ? std::optional(*prefix) : std::nullopt;
}

bool Prefix::contains(Address const& address) const
{
    return address.family() == family() && address.truncated(m_length) == m_address;
}

std::string Prefix::to_string() const { return fmt::format("{}/{}", m_address.to_string(), m_length); }

} // namespace oekd

size_t std::hash<oekd::Prefix>::operator()(oekd::Prefix const& prefix) const noexcept
{
    // The length goes in as a factor, so that 10.0.0.0/8 and 10.0.0.0/16 do not share a bucket.
    return std::hash<oekd::Address>{}(prefix.address()) * 131 + static_cast<size_t>(prefix.length());
}
