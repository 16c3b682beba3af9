// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/address.h"

#include <cstddef>
#include <cstdint>
#include <linux/errqueue.h>
#include <optional>
#include <span>

namespace oekd {

/// An ICMP error says that our IKE datagram did not arrive. Anybody who sees our packets can forge one; the
/// SPI proves that he did see one.
struct Unreachable {
    Address remote;
    uint64_t initiator_spi = 0; ///< of the quoted IKE header, as on the wire

    friend bool operator==(Unreachable const&, Unreachable const&) = default;
};

enum class MarkerBefore { No, NonEsp };

/// Net, host, protocol or port unreachable or administratively prohibited (RFC 792, RFC 1812 §5.2.7.1, RFC
/// 4443 §3.1), from the socket's error queue. `quoted` is the UDP payload as far as the ICMP error repeats
/// it. nullopt for other errors (a too small path MTU is none of our business) and where too little is quoted
/// to see the SPI.
[[nodiscard]] std::optional<Unreachable> parse_unreachable(sock_extended_err const& error,
                                                           Address const& remote,
                                                           std::span<std::byte const> quoted,
                                                           MarkerBefore marker);

} // namespace oekd
