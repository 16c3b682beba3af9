// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/answer.h"
#include "policy/named_lines.h"

#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

/// Answers as tests write them.
namespace oekd::test {

inline Address address(std::string_view text) { return Address::parse(text).value(); }

inline std::vector<std::byte> bytes(std::string_view text)
{
    auto const raw = std::as_bytes(std::span(text));
    return {raw.begin(), raw.end()};
}

inline dns::Records records(std::initializer_list<std::string_view> addresses,
                            dns::Security security = dns::Security::Unsigned,
                            std::chrono::seconds ttl = std::chrono::seconds{60})
{
    dns::Records result{{}, ttl, security, {}};
    for (auto const text : addresses) {
        auto const value = address(text);
        result.data.emplace_back(value.bytes().begin(), value.bytes().end());
    }
    return result;
}

inline dns::NoRecord no_name(dns::Security security = dns::Security::Unsigned)
{
    return {dns::NoRecord::Missing::Name, std::chrono::seconds{60}, security, {}};
}

inline dns::NoRecord no_type(dns::Security security = dns::Security::Unsigned)
{
    return {dns::NoRecord::Missing::Type, std::chrono::seconds{60}, security, {}};
}

inline HostAddress unproven(std::string_view text)
{
    return {HostAddress::Provenance::Unsigned, address(text)};
}
inline HostAddress proven(std::string_view text) { return {HostAddress::Provenance::Signed, address(text)}; }

} // namespace oekd::test
