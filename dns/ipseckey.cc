// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/ipseckey.h"

#include "base/base64.h"
#include "dns/answer.h"
#include "dns/domain_name.h"
#include "dns/key_form.h"

#include <cassert>
#include <fmt/format.h>
#include <utility>

namespace oekd::dns {

namespace {

// RFC 4025 §2.1: precedence, gateway type, algorithm; then gateway and key.
constexpr size_t header_size = 3;

// RFC 4025 §2.3
constexpr uint8_t gateway_none = 0;
constexpr uint8_t gateway_v4 = 1;
constexpr uint8_t gateway_v6 = 2;
constexpr uint8_t gateway_name = 3;

constexpr uint8_t algorithm_none = 0; // RFC 4025 §2.4

using GatewayParse = std::variant<IpsecKey::Gateway, MalformedIpsecKey>;
using KeyParse = std::variant<std::optional<PublicKey>, UnknownIpsecKey, MalformedIpsecKey>;

/// How many bytes the gateway takes; nullopt where there are fewer.
std::optional<size_t> gateway_size(uint8_t type, std::span<std::byte const> bytes)
{
    constexpr size_t v4_size = 4;
    constexpr size_t v6_size = 16;
    if (type == gateway_name)
        return name_size(bytes);
    size_t const size = type == gateway_v4 ? v4_size : type == gateway_v6 ? v6_size : 0;
    return size <= bytes.size() ? std::optional(size) : std::nullopt;
}

/// `bytes` are all of the gateway.
GatewayParse parse_gateway(uint8_t type, std::span<std::byte const> bytes)
{
    if (type == gateway_none)
        return NoGateway{};
    if (type == gateway_name) {
        auto text = name_text(bytes);
        if (text.empty())
            return MalformedIpsecKey{"the gateway's name is the root's"};
        return GatewayName{std::move(text)};
    }
    auto const address = Address::from_bytes(bytes);
    if (!address)
        return MalformedIpsecKey{"the gateway is an IPv4-mapped address"};
    if (!can_be_a_peer(*address))
        return MalformedIpsecKey{fmt::format("no host has the gateway's address {}", address->to_string())};
    return *address;
}

KeyParse parse_key(uint8_t algorithm, std::span<std::byte const> bytes)
{
    if (algorithm == algorithm_none) {
        if (!bytes.empty())
            return MalformedIpsecKey{fmt::format("{} bytes of a key without an algorithm", bytes.size())};
        return std::nullopt;
    }
    if (algorithm < std::to_underlying(KeyAlgorithm::Rsa) ||
        algorithm > std::to_underlying(KeyAlgorithm::EdDsa))
        return UnknownIpsecKey{fmt::format("algorithm {}", algorithm)};
    PublicKey key{KeyAlgorithm{algorithm}, {bytes.begin(), bytes.end()}};
    if (auto why = why_unusable(key); !why.empty())
        return MalformedIpsecKey{std::move(why)};
    return key;
}

uint8_t gateway_type(IpsecKey::Gateway const& gateway)
{
    if (std::holds_alternative<GatewayName>(gateway))
        return gateway_name;
    if (auto const* address = std::get_if<Address>(&gateway))
        return address->family() == Family::V4 ? gateway_v4 : gateway_v6;
    return gateway_none;
}

uint8_t algorithm_of(IpsecKey const& record)
{
    return record.key ? std::to_underlying(record.key->algorithm) : algorithm_none;
}

std::string gateway_text(IpsecKey::Gateway const& gateway)
{
    if (auto const* name = std::get_if<GatewayName>(&gateway))
        return name->text + ".";
    if (auto const* address = std::get_if<Address>(&gateway))
        return address->to_string();
    return ".";
}

} // namespace

IpsecKeyParse parse_ipseckey(std::span<std::byte const> rdata)
{
    if (rdata.size() < header_size)
        return MalformedIpsecKey{fmt::format("{} bytes, fewer than {}", rdata.size(), header_size)};
    auto const type = std::to_integer<uint8_t>(rdata[1]);
    if (type > gateway_name)
        return UnknownIpsecKey{fmt::format("gateway type {}", type)};
    auto const rest = rdata.subspan(header_size);
    auto const size = gateway_size(type, rest);
    if (!size)
        return MalformedIpsecKey{fmt::format("{} bytes hold no gateway of type {}", rest.size(), type)};

    auto gateway = parse_gateway(type, rest.first(*size));
    if (auto* malformed = std::get_if<MalformedIpsecKey>(&gateway))
        return std::move(*malformed);
    auto key = parse_key(std::to_integer<uint8_t>(rdata[2]), rest.subspan(*size));
    if (auto* malformed = std::get_if<MalformedIpsecKey>(&key))
        return std::move(*malformed);
    if (auto* unknown = std::get_if<UnknownIpsecKey>(&key))
        return std::move(*unknown);
    IpsecKey record{std::to_integer<uint8_t>(rdata[0]), std::get<IpsecKey::Gateway>(std::move(gateway)),
                    std::get<std::optional<PublicKey>>(std::move(key))};
    if (!record.key && type == gateway_none)
        return MalformedIpsecKey{"neither a key nor a gateway"};
    return record;
}

std::vector<std::byte> rdata_of(IpsecKey const& record)
{
    std::vector<std::byte> rdata{std::byte{record.precedence}, std::byte{gateway_type(record.gateway)},
                                 std::byte{algorithm_of(record)}};
    auto const append = [&rdata](std::span<std::byte const> bytes) {
        rdata.insert(rdata.end(), bytes.begin(), bytes.end());
    };
    if (auto const* address = std::get_if<Address>(&record.gateway))
        append(address->bytes());
    if (auto const* name = std::get_if<GatewayName>(&record.gateway)) {
        auto const wire = name_wire(name->text);
        assert(wire);
        append(wire.value());
    }
    if (record.key)
        append(record.key->bytes);
    return rdata;
}

std::string zone_text_of(IpsecKey const& record)
{
    auto text = fmt::format("{} {} {} {}", record.precedence, gateway_type(record.gateway),
                            algorithm_of(record), gateway_text(record.gateway));
    return record.key ? fmt::format("{} {}", text, base64(record.key->bytes)) : text;
}

} // namespace oekd::dns
