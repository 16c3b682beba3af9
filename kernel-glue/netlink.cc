// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/netlink.h"

#include <algorithm>
#include <cerrno>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <sys/socket.h>

namespace oekd::netlink {

namespace {

constexpr size_t header_size = sizeof(nlmsghdr);
static_assert(header_size == NLMSG_HDRLEN);

size_t aligned(size_t size) { return (size + NLMSG_ALIGNTO - 1) & ~size_t{NLMSG_ALIGNTO - 1}; }

// The last message or attribute need not be padded.
std::span<std::byte const> skip(std::span<std::byte const> bytes, size_t size)
{
    return bytes.subspan(std::min(aligned(size), bytes.size()));
}

nlmsghdr* header_of(std::byte* buffer) { return static_cast<nlmsghdr*>(static_cast<void*>(buffer)); }

Result<void> set_option(mnl_socket* socket, int option)
{
    int on = 1;
    if (mnl_socket_setsockopt(socket, option, &on, sizeof on) < 0)
        return std::unexpected(system_error(errno, "setting up a netlink socket"));
    return {};
}

} // namespace

Result<Message> take_message(std::span<std::byte const>& datagram)
{
    auto const header = read_struct<nlmsghdr>(datagram, "a netlink header");
    if (!header)
        return std::unexpected(header.error());
    size_t const length = header->nlmsg_len;
    if (length < header_size || length > datagram.size())
        return fail(ErrorCode::Malformed,
                    fmt::format("a netlink message says it has {} bytes, may have {} to {}", length,
                                header_size, datagram.size()));
    Message message{header->nlmsg_type, header->nlmsg_flags, header->nlmsg_seq,
                    datagram.subspan(header_size, length - header_size)};
    datagram = skip(datagram, length);
    return message;
}

std::span<std::byte const> after_struct(std::span<std::byte const> bytes, size_t size)
{
    return skip(bytes, size);
}

Result<Attributes> Attributes::parse(std::span<std::byte const> bytes)
{
    Attributes attributes;
    while (!bytes.empty()) {
        auto const header = read_struct<nlattr>(bytes, "a netlink attribute");
        if (!header)
            return std::unexpected(header.error());
        size_t const length = header->nla_len;
        if (length < NLA_HDRLEN || length > bytes.size())
            return fail(ErrorCode::Malformed,
                        fmt::format("netlink attribute {} says it has {} bytes, may have {} to {}",
                                    header->nla_type, length, NLA_HDRLEN, bytes.size()));
        size_t const type = header->nla_type & NLA_TYPE_MASK;
        if (type < attributes.m_values.size())
            attributes.m_values.at(type) = bytes.subspan(NLA_HDRLEN, length - NLA_HDRLEN);
        bytes = skip(bytes, length);
    }
    return attributes;
}

std::optional<std::span<std::byte const>> Attributes::find(unsigned type) const { return m_values.at(type); }

Request::Request(uint16_t type, uint16_t flags)
{
    nlmsghdr* header = mnl_nlmsg_put_header(m_buffer.data());
    header->nlmsg_type = type;
    header->nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST);
}

void* Request::put_zeroed(size_t size)
{
    assert(bytes().size() + aligned(size) <= m_buffer.size());
    return mnl_nlmsg_put_extra_header(header_of(m_buffer.data()), size);
}

void Request::put_attribute(uint16_t type, std::span<std::byte const> value)
{
    bool const fits =
        mnl_attr_put_check(header_of(m_buffer.data()), m_buffer.size(), type, value.size(), value.data());
    assert(fits);
    static_cast<void>(fits);
}

void Request::set_sequence(uint32_t sequence) { header_of(m_buffer.data())->nlmsg_seq = sequence; }

std::span<std::byte const> Request::bytes() const
{
    nlmsghdr header;
    std::memcpy(&header, m_buffer.data(), sizeof header);
    return std::span(m_buffer).first(header.nlmsg_len);
}

Result<Socket> Socket::open(int bus, unsigned groups)
{
    Socket socket(mnl_socket_open2(bus, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.m_socket)
        return std::unexpected(system_error(errno, "opening a netlink socket"));
    if (mnl_socket_bind(socket.m_socket.get(), groups, MNL_SOCKET_AUTOPID) < 0)
        return std::unexpected(system_error(errno, "binding a netlink socket"));
    // Error messages come with the kernel's own words, and without a copy of our request.
    for (int const option : {NETLINK_EXT_ACK, NETLINK_CAP_ACK})
        if (auto set = set_option(socket.m_socket.get(), option); !set)
            return std::unexpected(set.error());
    return socket;
}

int Socket::fd() const { return mnl_socket_get_fd(m_socket.get()); }

Result<void> Socket::set_receive_buffer(int bytes)
{
    if (::setsockopt(fd(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) == 0)
        return {};
    if (errno == EPERM && ::setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) == 0)
        return {};
    return std::unexpected(system_error(errno, "setting a netlink socket's receive buffer"));
}

Result<void> Socket::send(Request const& request)
{
    auto const bytes = request.bytes();
    if (mnl_socket_sendto(m_socket.get(), bytes.data(), bytes.size()) < 0)
        return std::unexpected(system_error(errno, "sending to the kernel"));
    return {};
}

// recvmsg, as mnl_socket_recvfrom() does not say who sent it: any process of this user could have.
Result<Received> Socket::receive(std::span<std::byte> buffer)
{
    sockaddr_nl sender{};
    iovec part{buffer.data(), buffer.size()};
    msghdr header{};
    header.msg_name = &sender;
    header.msg_namelen = sizeof sender;
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    ssize_t size = -1;
    do
        size = ::recvmsg(fd(), &header, MSG_DONTWAIT);
    while (size < 0 && errno == EINTR);

    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return Received{Received::Kind::Nothing, {}};
    if (size < 0 && errno == ENOBUFS)
        return Received{Received::Kind::Overrun, {}};
    if (size < 0)
        return std::unexpected(system_error(errno, "receiving from the kernel"));
    if (header.msg_namelen != sizeof sender || sender.nl_family != AF_NETLINK || sender.nl_pid != 0)
        return Received{Received::Kind::Stranger, {}};
    if ((header.msg_flags & MSG_TRUNC) != 0)
        return Received{Received::Kind::Truncated, {}};
    return Received{Received::Kind::Datagram, buffer.first(static_cast<size_t>(size))};
}

} // namespace oekd::netlink
