// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/socket_address.h"
#include "ike/udp_ports.h"

#include <cerrno>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>

namespace oekd {

namespace {

constexpr int receive_buffer_size = 1 << 20;

Result<void> enable(Fd const& fd, int level, int option, std::string_view what)
{
    int const on = 1;
    if (::setsockopt(fd.get(), level, option, &on, sizeof on) < 0)
        return std::unexpected(system_error(errno, what));
    return {};
}

Result<void> set_options(Fd const& fd, Family family)
{
    if (family == Family::V4) {
        if (auto done = enable(fd, IPPROTO_IP, IP_PKTINFO, "IP_PKTINFO"); !done)
            return done;
        return enable(fd, IPPROTO_IP, IP_RECVERR, "IP_RECVERR");
    }
    if (auto done = enable(fd, IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY"); !done)
        return done;
    if (auto done = enable(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, "IPV6_RECVPKTINFO"); !done)
        return done;
    return enable(fd, IPPROTO_IPV6, IPV6_RECVERR, "IPV6_RECVERR");
}

Error bind_error(int errno_value, uint16_t port)
{
    if (errno_value == EADDRINUSE) {
        auto text = std::generic_category().message(errno_value);
        return Error{ErrorCode::PortInUse,
                     fmt::format("UDP port {} is taken by another program: {}", port, text)};
    }
    return system_error(errno_value, fmt::format("binding UDP port {}", port));
}

Result<Fd> open_socket(Family family, uint16_t port)
{
    int const domain = family == Family::V4 ? AF_INET : AF_INET6;
    Fd fd(::socket(domain, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP));
    if (!fd && errno == EAFNOSUPPORT)
        return Fd(); // a system without this family
    if (!fd)
        return std::unexpected(system_error(errno, "opening a UDP socket"));
    if (auto done = set_options(fd, family); !done)
        return std::unexpected(done.error().with(fmt::format("setting up UDP port {}", port)));
    auto address = SocketAddress::make(Address::any(family), port);
    if (::bind(fd.get(), address.raw(), address.length) < 0)
        return std::unexpected(bind_error(errno, port));
    return fd;
}

} // namespace

Result<void> UdpPorts::enlarge_buffers()
{
    for (auto const& socket : m_sockets) {
        if (!socket.fd)
            continue;
        int const size = receive_buffer_size;
        if (::setsockopt(socket.fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0) {
            auto what =
                fmt::format("enlarging the receive buffer of UDP port {} (CAP_NET_ADMIN)", socket.port);
            return std::unexpected(system_error(errno, what));
        }
    }
    return {};
}

Result<UdpPorts> UdpPorts::open(uint16_t port, uint16_t nat_port)
{
    UdpPorts ports;
    ports.m_stop = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!ports.m_stop)
        return std::unexpected(system_error(errno, "creating an eventfd"));
    size_t next = 0;
    for (auto family : {Family::V4, Family::V6}) {
        for (auto nat : {Nat::No, Nat::Yes}) {
            auto const number = nat == Nat::Yes ? nat_port : port;
            auto fd = open_socket(family, number);
            if (!fd)
                return std::unexpected(fd.error());
            ports.m_sockets[next++] = {.fd = std::move(*fd), .family = family, .port = number, .nat = nat};
        }
    }
    return ports;
}

} // namespace oekd
