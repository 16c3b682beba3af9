// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/xfrm_events.h"

#include "kernel-glue/xfrm_messages.h"

#include <array>
#include <linux/netlink.h>
#include <linux/xfrm.h>

namespace oekd::xfrm {

namespace {

constexpr unsigned datagrams_per_drain = 256;
constexpr size_t datagram_size = 8192;

constexpr unsigned group(unsigned number) { return 1U << (number - 1); }

template <typename T> void take(Events::Batch& batch, Decoded<T> const& decoded)
{
    if (!decoded)
        ++batch.malformed;
    else if (*decoded)
        batch.events.emplace_back(**decoded);
}

void take(Events::Batch& batch, netlink::Message const& message)
{
    if (message.type == XFRM_MSG_ACQUIRE)
        take(batch, parse_acquire(message.payload));
    else if (message.type == XFRM_MSG_EXPIRE)
        take(batch, parse_expire(message.payload));
}

void take(Events::Batch& batch, std::span<std::byte const> datagram)
{
    while (!datagram.empty()) {
        auto const message = netlink::take_message(datagram);
        if (!message) {
            ++batch.malformed;
            return;
        }
        take(batch, *message);
    }
}

} // namespace

Result<Events> Events::open(int receive_buffer)
{
    auto socket = netlink::Socket::open(NETLINK_XFRM, group(XFRMNLGRP_ACQUIRE) | group(XFRMNLGRP_EXPIRE));
    if (!socket)
        return std::unexpected(socket.error().with("listening to XFRM events"));
    if (auto set = socket->set_receive_buffer(receive_buffer); !set)
        return std::unexpected(set.error());
    return Events(std::move(*socket));
}

int Events::fd() const { return m_socket.fd(); }

Result<Events::Batch> Events::drain()
{
    Batch batch;
    alignas(8) std::array<std::byte, datagram_size> buffer;
    for (unsigned i = 0; i < datagrams_per_drain; ++i) {
        auto const received = m_socket.receive(buffer);
        if (!received)
            return std::unexpected(received.error().with("XFRM events"));
        switch (received->kind) {
        case netlink::Received::Kind::Nothing: return batch;
        case netlink::Received::Kind::Datagram: take(batch, received->bytes); break;
        case netlink::Received::Kind::Overrun: batch.overrun = Batch::Overrun::Yes; break;
        case netlink::Received::Kind::Stranger: break;
        case netlink::Received::Kind::Truncated: ++batch.malformed; break;
        }
    }
    return batch;
}

} // namespace oekd::xfrm
