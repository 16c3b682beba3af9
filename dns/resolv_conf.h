// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/address.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Whom this host asks about names: pure functions.
namespace oekd::dns {

struct NameServer {
    Address address;
    std::string zone; ///< of a link-local address: "eth0" in "fe80::1%eth0"; else empty

    friend bool operator==(NameServer const&, NameServer const&) = default;
};

/// resolv.conf(5) allows three to the C library; systemd-resolved lists all that it has. More are not used.
constexpr size_t max_name_servers = 16;

/// The servers in the order of the file, each once. Takes any text; lines that make no sense are passed over,
/// as the C library does.
[[nodiscard]] std::vector<NameServer> parse_resolv_conf(std::string_view text);

/// The servers that this host's programs ask, and where DNS goes from here.
struct SystemResolvers {
    std::vector<NameServer> asked; ///< empty: none is configured
    /// The addresses that queries leave this host for, sorted, each once. nullopt where nobody knows, as a
    /// resolver on this host asks whom it wants.
    std::optional<std::vector<Address>> on_the_wire;

    friend bool operator==(SystemResolvers const&, SystemResolvers const&) = default;
};

/// `upstreams` is what systemd-resolved asks; nullopt where it does not run.
[[nodiscard]] SystemResolvers system_resolvers(std::vector<NameServer> asked,
                                               std::optional<std::vector<NameServer>> const& upstreams);

} // namespace oekd::dns
