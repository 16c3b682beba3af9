// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/handle.h"
#include "kernel-glue/forwarding_plane.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace oekd {

namespace {

std::optional<Address> address_of(sockaddr const* raw)
{
    if (raw && raw->sa_family == AF_INET) {
        sockaddr_in v4;
        std::memcpy(&v4, raw, sizeof v4);
        return Address::from_bytes(std::as_bytes(std::span(&v4.sin_addr, 1)));
    }
    if (raw && raw->sa_family == AF_INET6) {
        sockaddr_in6 v6;
        std::memcpy(&v6, raw, sizeof v6);
        return Address::from_bytes(std::as_bytes(std::span(&v6.sin6_addr, 1)));
    }
    return std::nullopt;
}

bool can_end_a_flow(Address const& address)
{
    for (auto const* text :
         {"127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "::1/128", "fe80::/10", "ff00::/8"})
        if (Prefix::parse(text).value().contains(address))
            return false;
    return !address.is_any();
}

} // namespace

Result<std::vector<Address>> own_addresses()
{
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) < 0)
        return std::unexpected(system_error(errno, "listing this host's addresses"));
    Handle<ifaddrs, freeifaddrs> const owner(list);
    std::vector<Address> own;
    for (auto const* entry = list; entry; entry = entry->ifa_next)
        if (auto const address = address_of(entry->ifa_addr); address && can_end_a_flow(*address))
            own.push_back(*address);
    std::ranges::sort(own);
    auto const repeated = std::ranges::unique(own);
    own.erase(repeated.begin(), repeated.end());
    return own;
}

} // namespace oekd
