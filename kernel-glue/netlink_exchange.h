// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel-glue/netlink.h"

#include <functional>

namespace oekd::netlink {

/// Requests to the kernel and their answers, which it gives before the send returns: nothing here waits. For
/// one thread.
class Exchange {
public:
    using Visitor = std::function<Result<void>(Message const&)>;

    /// `bus` is a NETLINK_ constant.
    static Result<Exchange> open(int bus);

    /// Sends and reads up to the acknowledgement or the end of the dump; `visit` sees what comes before it.
    /// An error is the kernel's, in its own words where it has any.
    Result<void> transact(Request request, Visitor const& visit = {});

private:
    explicit Exchange(Socket socket) : m_socket(std::move(socket)) {}
    Result<bool> take_answer(std::span<std::byte const> datagram, Visitor const& visit);

    Socket m_socket;
    uint32_t m_sequence = 0;
};

} // namespace oekd::netlink
