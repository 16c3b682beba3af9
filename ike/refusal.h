// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace oekd {

/// An answer to IKE_SA_INIT that says no. Nothing protects it: whoever sees our request can send one.
struct Refusal {
    uint64_t initiator_spi = 0; ///< as on the wire
    uint16_t type = 0;          ///< of the error notify (RFC 7296 §3.10.1)

    friend bool operator==(Refusal const&, Refusal const&) = default;
};

/// From a datagram on an IKE port, NAT's with its non-ESP marker. nullopt for everything else, also where the
/// peer asks for a cookie or another key exchange.
[[nodiscard]] std::optional<Refusal> parse_refusal(std::span<std::byte const> datagram);

/// The IKE message in such a datagram: behind the marker, where there is one (RFC 3948 §2.2).
[[nodiscard]] std::span<std::byte const> without_marker(std::span<std::byte const> datagram);

} // namespace oekd
