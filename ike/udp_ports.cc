// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/udp_ports.h"

#include "ike/socket_address.h"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace oekd {

namespace {

constexpr int backoff_ms = 20;

/// Takes the error that an ICMP message left on the socket; the next call would return it in place of its own
/// result.
void clear_pending_error(int fd)
{
    int error = 0;
    socklen_t length = sizeof error;
    [[maybe_unused]] int r = ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
}

std::optional<sock_extended_err> extended_error(msghdr& message)
{
    for (auto* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        bool v4 = header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR;
        bool v6 = header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR;
        if ((v4 || v6) && header->cmsg_len >= CMSG_LEN(sizeof(sock_extended_err))) {
            sock_extended_err error{};
            std::memcpy(&error, CMSG_DATA(header), sizeof error);
            return error;
        }
    }
    return std::nullopt;
}

/// One message to receive into: where it came from, its bytes, its control messages.
struct Incoming {
    SocketAddress from;
    ControlBuffer control{};
    iovec vector{};
    msghdr message{};

    explicit Incoming(std::span<std::byte> buffer)
    {
        vector = {.iov_base = buffer.data(), .iov_len = buffer.size()};
        message.msg_name = &from.storage;
        message.msg_namelen = from.length;
        message.msg_iov = &vector;
        message.msg_iovlen = 1;
        message.msg_control = control.bytes.data();
        message.msg_controllen = control.bytes.size();
    }
    [[nodiscard]] std::optional<size_t> read(int fd, int flags)
    {
        auto size = ::recvmsg(fd, &message, flags | MSG_DONTWAIT);
        if (size < 0)
            return std::nullopt;
        from.length = message.msg_namelen;
        return static_cast<size_t>(size);
    }
};

} // namespace

void UdpPorts::stop()
{
    uint64_t const one = 1;
    [[maybe_unused]] auto written = ::write(m_stop.get(), &one, sizeof one);
}

UdpPorts::Received UdpPorts::receive()
{
    std::array<pollfd, socket_count + 1> fds{};
    for (size_t i = 0; i < socket_count; ++i)
        fds[i] = {.fd = m_sockets[i].fd.get(), .events = POLLIN, .revents = 0}; // poll() skips -1
    fds[socket_count] = {.fd = m_stop.get(), .events = POLLIN, .revents = 0};
    if (::poll(fds.data(), fds.size(), -1) <= 0)
        return Nothing{};
    if (fds[socket_count].revents != 0)
        return Stopped{};
    size_t const turn = m_turn++;
    // In every other round errors wait, so that a flood of them does not keep datagrams out.
    bool const datagrams_first = (turn & 1) != 0;
    for (int step = 0; step < 2; ++step) {
        bool const datagrams = (step == 0) == datagrams_first;
        for (size_t i = 0; i < socket_count; ++i) {
            auto index = (turn / 2 + i) % socket_count;
            if ((fds[index].revents & (datagrams ? POLLIN : POLLERR)) != 0)
                return datagrams ? read_datagram(m_sockets[index]) : read_error(m_sockets[index]);
        }
    }
    // Something that should not happen (POLLNVAL): wait a little, or this would spin.
    ::poll(&fds[socket_count], 1, backoff_ms);
    return Nothing{};
}

UdpPorts::Received UdpPorts::read_datagram(Socket const& socket)
{
    Incoming incoming(*m_buffer);
    auto size = incoming.read(socket.fd.get(), 0);
    if (!size || (incoming.message.msg_flags & MSG_TRUNC) != 0)
        return Nothing{};
    auto remote = incoming.from.address();
    auto local = local_address(incoming.message);
    if (!remote || !local || remote->family() != local->family() || incoming.from.port() == 0)
        return Nothing{};
    return Datagram{.flow = {.local = *local, .remote = *remote},
                    .local_port = socket.port,
                    .remote_port = incoming.from.port(),
                    .data = std::span<std::byte const>(*m_buffer).first(*size)};
}

UdpPorts::Received UdpPorts::read_error(Socket const& socket)
{
    clear_pending_error(socket.fd.get());
    Incoming incoming(*m_buffer);
    auto size = incoming.read(socket.fd.get(), MSG_ERRQUEUE);
    if (!size)
        return Nothing{};
    auto remote = incoming.from.address(); // where our datagram was to go
    auto error = extended_error(incoming.message);
    if (!remote || !error)
        return Nothing{};
    auto quoted = std::span<std::byte const>(*m_buffer).first(*size);
    auto marker = socket.nat == Nat::Yes ? MarkerBefore::NonEsp : MarkerBefore::No;
    if (auto unreachable = parse_unreachable(*error, *remote, quoted, marker))
        return *unreachable;
    return Nothing{};
}

UdpPorts::Socket const* UdpPorts::socket_for(Family family, uint16_t port) const
{
    for (auto const& socket : m_sockets) {
        if (socket.family == family && socket.port == port && socket.fd)
            return &socket;
    }
    return nullptr;
}

bool UdpPorts::send(Datagram const& datagram)
{
    auto const* socket = socket_for(datagram.flow.remote.family(), datagram.local_port);
    if (!socket)
        return false;
    auto to = SocketAddress::make(datagram.flow.remote, datagram.remote_port);
    ControlBuffer control{};
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): sendmsg() only reads it
    iovec vector{.iov_base = const_cast<std::byte*>(datagram.data.data()), .iov_len = datagram.data.size()};
    msghdr message{};
    message.msg_name = to.raw();
    message.msg_namelen = to.length;
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    set_local_address(message, control, datagram.flow.local);

    // The first error may be an older one, left on the socket by an ICMP message about another datagram.
    for (int attempt = 0; attempt < 3; ++attempt) {
        if (::sendmsg(socket->fd.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return true;
        // A full queue or a datagram that is too long stays what it is; IKE repeats, or sends fragments.
        if (errno == EAGAIN || errno == ENOBUFS || errno == EMSGSIZE || errno == EPERM)
            return false;
    }
    return false;
}

} // namespace oekd
