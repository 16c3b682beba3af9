// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/handle.h"

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fmt/format.h>
#include <optional>
#include <span>
#include <string_view>

struct mnl_socket;
extern "C" int mnl_socket_close(mnl_socket*);

/// Netlink's framing (RFC 3549): what XFRM and RTNETLINK messages have in common. Decoding is pure,
/// alignment-free and checks every length itself; libmnl's mnl_nlmsg_ok() accepts lengths of 2^31 and more.
namespace oekd::netlink {

/// One message of a datagram. Borrows the datagram's bytes.
struct Message {
    uint16_t type = 0;
    uint16_t flags = 0;
    uint32_t sequence = 0;
    std::span<std::byte const> payload;
};

/// Takes the first message off the datagram, which must not be empty.
Result<Message> take_message(std::span<std::byte const>& datagram);

/// The struct at the front of `bytes`, copied out as they may lie at any address.
template <typename T> Result<T> read_struct(std::span<std::byte const> bytes, std::string_view what)
{
    if (bytes.size() < sizeof(T))
        return fail(ErrorCode::Malformed,
                    fmt::format("{} has {} bytes, needs {}", what, bytes.size(), sizeof(T)));
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

/// What follows a struct of `size` bytes: attributes, from the next multiple of four on.
std::span<std::byte const> after_struct(std::span<std::byte const> bytes, size_t size);

/// The attributes of one message by their type; of two with the same type the last one counts. Types that
/// nobody here asks for (64 and up) are passed over.
class Attributes {
public:
    static Result<Attributes> parse(std::span<std::byte const> bytes);
    /// The value, or nullopt where the attribute is missing.
    [[nodiscard]] std::optional<std::span<std::byte const>> find(unsigned type) const;

private:
    std::array<std::optional<std::span<std::byte const>>, 64> m_values;
};

/// A request under construction, in a buffer of fixed size: only our own values go in, so a lack of room is a
/// bug.
class Request {
public:
    Request(uint16_t type, uint16_t flags);

    /// The message's struct, all zero, padding included (the kernel compares selectors with memcmp). Once,
    /// first.
    template <typename T> T& put_struct() { return *static_cast<T*>(put_zeroed(sizeof(T))); }
    void put_attribute(uint16_t type, std::span<std::byte const> value);
    void set_sequence(uint32_t sequence);

    [[nodiscard]] std::span<std::byte const> bytes() const;

private:
    void* put_zeroed(size_t size);

    alignas(8) std::array<std::byte, 1024> m_buffer{};
};

/// What one receive() came to.
struct Received {
    enum class Kind {
        Datagram,
        Nothing,   ///< the queue is empty
        Overrun,   ///< the kernel dropped messages as the queue was full (ENOBUFS)
        Stranger,  ///< a datagram that is not from the kernel
        Truncated, ///< a datagram longer than the buffer
    } kind = Kind::Nothing;
    std::span<std::byte const> bytes; ///< only with Datagram; borrows the buffer
};

/// A netlink socket that never blocks. For one thread.
class Socket {
public:
    /// `bus` is a NETLINK_ constant, `groups` the bit mask of its first 32 multicast groups.
    static Result<Socket> open(int bus, unsigned groups);

    [[nodiscard]] int fd() const;
    /// Above the system's limit where we may (CAP_NET_ADMIN in the first user namespace), else up to it.
    Result<void> set_receive_buffer(int bytes);
    Result<void> send(Request const& request);
    Result<Received> receive(std::span<std::byte> buffer);

private:
    explicit Socket(mnl_socket* socket) : m_socket(socket) {}
    Handle<mnl_socket, mnl_socket_close> m_socket;
};

} // namespace oekd::netlink
