// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "kernel-glue/netlink.h"
#include "kernel-glue/xfrm.h"

#include <variant>
#include <vector>

namespace oekd::xfrm {

/// Listens to the kernel's acquires and expires. For one thread.
class Events {
public:
    using Event = std::variant<Acquire, Expire>;
    struct Batch {
        std::vector<Event> events;
        /// The kernel dropped messages (ENOBUFS): dump the larval SAs, each is a lost acquire.
        enum class Overrun { No, Yes } overrun = Overrun::No;
        unsigned malformed = 0; ///< messages that did not parse, for a warning
    };

    /// `receive_buffer` in bytes, forced above the system's limit (needs CAP_NET_ADMIN).
    static Result<Events> open(int receive_buffer = 8 << 20);

    [[nodiscard]] int fd() const;
    /// Reads what is there without blocking, at most a bounded number of messages: call again when still
    /// readable. Ignores messages that do not come from the kernel. An Error means that the socket is lost.
    Result<Batch> drain();

private:
    explicit Events(netlink::Socket socket) : m_socket(std::move(socket)) {}
    netlink::Socket m_socket;
};

} // namespace oekd::xfrm
