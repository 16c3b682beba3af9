// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace oekd {

/// Which traffic between two hosts is meant: FreeS/WAN's "proto local-port remote-port". Zero means any, and
/// all zero means everything. A port stands only with a protocol that has ports.
struct Service {
    uint8_t protocol = 0;
    uint16_t local_port = 0;
    uint16_t remote_port = 0;

    /// "tcp 0 22": the protocol by name or number, both ports by number. The error says what is wrong.
    static Result<Service> read(std::string_view protocol, std::string_view local_port,
                                std::string_view remote_port);

    [[nodiscard]] bool is_everything() const { return *this == Service{}; }
    /// True where each packet of `other` is one of ours.
    [[nodiscard]] bool contains(Service const& other) const;
    [[nodiscard]] std::string to_string() const; ///< "tcp 0 22"; empty for everything

    friend auto operator<=>(Service const&, Service const&) = default;
};

/// Of two services that share a packet the one with the lower rank decides: both ports, the remote port (a
/// server that we go to), the local port, the protocol alone, everything.
[[nodiscard]] unsigned rank_of(Service const& service);
constexpr unsigned service_ranks = 5; ///< 0..4

/// Protocols whose packets have ports: TCP, UDP, DCCP, SCTP, UDP-Lite.
[[nodiscard]] bool has_ports(uint8_t protocol);

} // namespace oekd

template <> struct std::hash<oekd::Service> {
    size_t operator()(oekd::Service const& service) const noexcept;
};
