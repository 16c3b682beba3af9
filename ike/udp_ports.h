// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "ike/unreachable.h"
#include "policy/flow.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <variant>

namespace oekd {

struct Datagram {
    Flow flow;
    uint16_t local_port = 0;
    uint16_t remote_port = 0;
    std::span<std::byte const> data;
};

/// IKE's UDP sockets: port 500 and 4500, IPv4 and IPv6. receive() is for one thread, send() for one other,
/// stop() for any.
class UdpPorts {
public:
    static constexpr size_t socket_count = 4;
    enum class Nat { No, Yes };

    struct Socket {
        Fd fd; ///< none where the system lacks the family
        Family family = Family::V4;
        uint16_t port = 0;
        Nat nat = Nat::No;
    };

    /// Errors: PortInUse and Permission, both naming the port; System.
    static Result<UdpPorts> open(uint16_t port, uint16_t nat_port);

    /// Room for many peers that start at once. Needs CAP_NET_ADMIN, as does all else that IKE asks of the
    /// kernel, so this is where its absence shows (Permission).
    Result<void> enlarge_buffers();

    struct Nothing {}; ///< ask again
    struct Stopped {};
    using Received = std::variant<Nothing, Stopped, Datagram, Unreachable>;
    /// Waits for the next datagram or ICMP error. The datagram's data stays valid until the next call.
    Received receive();

    /// From flow.local; the port chooses the socket. False where the datagram did not leave: IKE repeats it.
    bool send(Datagram const& datagram);

    /// receive() says Stopped from now on.
    void stop();

    [[nodiscard]] std::array<Socket, socket_count> const& sockets() const { return m_sockets; }

private:
    // Nothing in IKE needs more; a longer datagram is dropped unread.
    using Buffer = std::array<std::byte, 16'384>;

    UdpPorts() = default;
    [[nodiscard]] bool wait();
    Received read_any();
    Received read_datagram(Socket const& socket);
    Received read_error(Socket const& socket);
    [[nodiscard]] Socket const* socket_for(Family family, uint16_t port) const;

    std::array<Socket, socket_count> m_sockets;
    Fd m_stop; ///< an eventfd
    std::unique_ptr<Buffer> m_buffer = std::make_unique<Buffer>();
    size_t m_turn = 0; ///< which socket is looked at first, so that a flood on one does not starve the others
};

} // namespace oekd
