// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/address_watch.h"

#include <array>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

namespace oekd {

namespace {

constexpr unsigned datagrams_per_drain = 256;

} // namespace

Result<AddressWatch> AddressWatch::open()
{
    auto socket = netlink::Socket::open(NETLINK_ROUTE, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
    if (!socket)
        return std::unexpected(socket.error().with("watching this host's addresses"));
    return AddressWatch(std::move(*socket));
}

Result<AddressWatch::Changed> AddressWatch::drain()
{
    auto changed = Changed::No;
    alignas(8) std::array<std::byte, 8192> buffer;
    for (unsigned i = 0; i < datagrams_per_drain; ++i) {
        auto const received = m_socket.receive(buffer);
        if (!received)
            return std::unexpected(received.error().with("watching this host's addresses"));
        switch (received->kind) {
        case netlink::Received::Kind::Nothing: return changed;
        case netlink::Received::Kind::Stranger: break;
        case netlink::Received::Kind::Datagram:
        case netlink::Received::Kind::Overrun:
        case netlink::Received::Kind::Truncated: changed = Changed::Yes; break;
        }
    }
    return changed;
}

} // namespace oekd
