// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/address.h"
#include "policy/service.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace oekd {

/// What one decision covers: one of our addresses and one remote address of the same family, and all that
/// they exchange, or the service that a group line or the peer has named.
struct Flow {
    Address local;
    Address remote;
    Service service{};

    [[nodiscard]] std::string to_string() const; ///< "10.1.0.1 - 10.2.0.1", "10.1.0.1 - 10.2.0.1 tcp 0 22"
    friend auto operator<=>(Flow const&, Flow const&) = default;
};

/// Binds SAs and policies together in the kernel. 0 means none.
enum class Reqid : uint32_t {};

/// Security parameter index, host byte order. 0 means a larval SA.
enum class Spi : uint32_t {};

enum class EspMode { Transport, Tunnel };

/// How well a flow is protected, never overstated (RFC 7435). From the weakest to the strongest.
enum class Protection {
    Clear,     ///< no IPsec
    Anonymous, ///< encrypted, and the peer has proven nothing: AUTH-NULL (RFC 7619)
    Dns,       ///< the peer has proven a key that is published for it without DNSSEC
    Dnssec,    ///< the same, and each step to the key is signed
    Blocked,   ///< nothing passes
};

[[nodiscard]] std::string_view to_string(EspMode mode); ///< "transport", "tunnel"
[[nodiscard]] std::string_view
to_string(Protection protection); ///< "clear", "anonymous", "dns", "dnssec", "blocked"

} // namespace oekd

template <> struct std::hash<oekd::Flow> {
    size_t operator()(oekd::Flow const& flow) const noexcept;
};
