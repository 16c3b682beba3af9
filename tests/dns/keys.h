// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/ipseckey.h"
#include "policy/key_answer.h"
#include "tests/dns/records.h"

#include <fmt/format.h>
#include <ostream>

/// Keys and records with them, as tests write them.
namespace oekd::test {

/// One of as many as there are numbers.
inline PublicKey ed25519(uint8_t number)
{
    return {KeyAlgorithm::EdDsa, std::vector<std::byte>(32, std::byte{number})};
}

inline PublicKey rsa(size_t modulus_bytes, std::string const& exponent = {"\1\0\1", 3})
{
    std::vector<std::byte> key{std::byte(exponent.size())};
    for (char const c : exponent)
        key.push_back(std::byte(c));
    key.insert(key.end(), modulus_bytes, std::byte{0xab});
    return {KeyAlgorithm::Rsa, key};
}

/// No address and no name: the host itself.
inline dns::IpsecKey::Gateway gateway(std::string const& text = {})
{
    if (text.empty())
        return dns::NoGateway{};
    auto const numeric = Address::parse(text);
    return numeric ? dns::IpsecKey::Gateway(*numeric) : dns::GatewayName{text};
}

inline std::vector<std::byte> record(std::optional<PublicKey> key, std::string const& where = {},
                                     uint8_t precedence = 10)
{
    return dns::rdata_of({precedence, gateway(where), std::move(key)});
}

constexpr std::chrono::seconds usual_ttl{3600};

inline dns::Records key_records(std::vector<std::vector<std::byte>> data,
                                dns::Security security = dns::Security::Signed,
                                std::chrono::seconds ttl = usual_ttl)
{
    return {std::move(data), ttl, security, security == dns::Security::Bogus ? "a wrong signature" : ""};
}

} // namespace oekd::test

namespace oekd {

inline std::ostream& operator<<(std::ostream& out, PublicKey const& key)
{
    return out << fmt::format("key {}:{}", int(key.algorithm),
                              key.bytes.empty() ? 0 : std::to_integer<int>(key.bytes[0]));
}
inline std::ostream& operator<<(std::ostream& out, KeyAnswer const& answer)
{
    if (auto const* found = std::get_if<KeysFound>(&answer)) {
        out << (found->trust == KeysFound::Trust::Dnssec ? "dnssec" : "unsigned") << ' '
            << found->ttl.count();
        for (auto const& gateway : found->gateways) {
            out << ' ' << gateway.address.to_string() << ':';
            for (auto const& key : gateway.keys)
                out << ' ' << key;
        }
        return out;
    }
    if (auto const* none = std::get_if<NoKey>(&answer))
        return out << "no key " << none->ttl.count() << ": " << none->why;
    if (auto const* bad = std::get_if<BadKey>(&answer))
        return out << "bad key " << bad->ttl.count() << ": " << bad->why;
    return out << "unavailable: " << std::get<Unavailable>(answer).why;
}

} // namespace oekd
