// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/address.h"
#include "policy/public_key.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// IPSECKEY records (RFC 4025): pure functions.
namespace oekd::dns {

/// Type 3 of a gateway. The text is that of dns/domain_name.h.
struct GatewayName {
    std::string text;
    friend auto operator<=>(GatewayName const&, GatewayName const&) = default;
};
struct NoGateway {
    friend auto operator<=>(NoGateway const&, NoGateway const&) = default;
};

/// One record.
struct IpsecKey {
    using Gateway = std::variant<NoGateway, Address, GatewayName>;

    uint8_t precedence = 10;      ///< lower ones are tried first
    Gateway gateway;              ///< none: the host itself
    std::optional<PublicKey> key; ///< none: the key is to be had where the gateway is described

    friend bool operator==(IpsecKey const&, IpsecKey const&) = default;
};

/// Of a kind that oekd does not use, and therefore not judged: an unknown gateway type or algorithm, DSA.
struct UnknownIpsecKey {
    std::string why;
    friend bool operator==(UnknownIpsecKey const&, UnknownIpsecKey const&) = default;
};
/// Nobody can do anything with it.
struct MalformedIpsecKey {
    std::string why;
    friend bool operator==(MalformedIpsecKey const&, MalformedIpsecKey const&) = default;
};
using IpsecKeyParse = std::variant<IpsecKey, UnknownIpsecKey, MalformedIpsecKey>;

/// Takes any bytes. Malformed are also a gateway that no host can have (loopback, multicast, link-local and
/// the like), a key of another size than its algorithm's (why_unusable()), and no key where there is no
/// gateway either.
[[nodiscard]] IpsecKeyParse parse_ipseckey(std::span<std::byte const> rdata);

/// RDATA. Requires a gateway's name to be one.
[[nodiscard]] std::vector<std::byte> rdata_of(IpsecKey const& record);
/// RDATA as a zone file has it (RFC 4025 §3.1): "10 1 4 192.0.2.1 AQNR...".
[[nodiscard]] std::string zone_text_of(IpsecKey const& record);

} // namespace oekd::dns
