// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/address.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

/// What the DNS says.
namespace oekd::dns {

enum class RecordType : uint16_t {
    A = 1,         ///< RFC 1035 §3.2.2
    Aaaa = 28,     ///< RFC 3596 §2.1
    Ipseckey = 45, ///< RFC 4025 §3
};

/// How far an answer can be believed (RFC 4035 §4.3).
enum class Security {
    Signed,   ///< proven by a chain of signatures from a trust anchor
    Unsigned, ///< proven to have none, or there is no trust anchor
    Bogus,    ///< ought to be signed, and is not, or wrongly
    /// Nobody can tell, as not even the trust anchor's own signature is to be had: the resolvers that are
    /// asked leave signatures out.
    Indeterminate
};

/// What is not signed is as it should be, too.
[[nodiscard]] constexpr bool is_valid(Security security)
{
    return security == Security::Signed || security == Security::Unsigned;
}

/// Records of the type that was asked for.
struct Records {
    std::vector<std::vector<std::byte>> data; ///< RDATA of each, in no order; bounded
    std::chrono::seconds ttl{};
    Security security = Security::Unsigned;
    std::string why_invalid; ///< for people; empty where it is valid
};
/// There is no such name, or no such record there.
struct NoRecord {
    enum class Missing { Name, Type } missing = Missing::Name;
    std::chrono::seconds ttl{};
    Security security = Security::Unsigned;
    std::string why_invalid;
};
/// Nobody knows.
struct NoAnswer {
    std::string why; ///< for people
};
using Answer = std::variant<Records, NoRecord, NoAnswer>;

/// What a host on the network can have: neither loopback nor unspecified, link-local, multicast and the like.
[[nodiscard]] bool can_be_a_peer(Address const& address);

/// The addresses in the RDATA of A or AAAA records; what is malformed, or cannot be a peer, is
/// passed over.
[[nodiscard]] std::vector<Address> addresses_in(Records const& records);

} // namespace oekd::dns
