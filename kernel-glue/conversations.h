// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "kernel-glue/netlink.h"
#include "kernel-glue/netlink_exchange.h"
#include "kernel-glue/xfrm.h"
#include "policy/probe_budget.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

/// Who began the conversation that a packet of ours belongs to: the kernel's sockets know, or the port tells.
namespace oekd {

// ---- pure

/// The answer where the packet itself has it: ICMP by its type, protocols without ports by being ours.
/// nullopt where ports decide, or the connection.
[[nodiscard]] std::optional<Beginner> beginner_of(Family family, xfrm::Packet const& packet);

/// Which ports the kernel gives to sockets that ask for none (net.ipv4.ip_local_port_range and
/// ip_local_reserved_ports): only who begins uses one of them. A server has bound another on purpose.
class ClientPorts {
public:
    ClientPorts() = default; ///< the kernel's defaults
    static Result<ClientPorts> read(std::string_view range, std::string_view reserved);
    [[nodiscard]] bool contains(uint16_t port) const;

private:
    struct Range {
        uint16_t first = 0;
        uint16_t last = 0;
        [[nodiscard]] bool contains(uint16_t port) const { return first <= port && port <= last; }
    };
    static Result<Range> read_range(std::string_view text, char separator);

    Range m_range{32'768, 60'999};
    std::vector<Range> m_reserved{};
};

namespace sock_diag { // sock_diag(7), include/uapi/linux/inet_diag.h

/// Asks for all TCP sockets that are connecting to this port, whatever the address. An error where the kernel
/// does not tell of TCP's sockets (CONFIG_INET_TCP_DIAG).
netlink::Request encode_dump_connecting(Family family, uint16_t remote_port);
/// Asks for the TCP socket of exactly these ends; the kernel may answer with a listening one.
netlink::Request encode_get_tcp(Flow const& flow, xfrm::Packet const& packet);
/// Whether a socket's answer shows a connection that we began, or whose other end has answered us: in both
/// cases packets to that address reach who speaks under it. A half-open one shows nothing.
Result<Beginner> parse_beginner(std::span<std::byte const> payload);
Result<Address> parse_remote(std::span<std::byte const> payload);

} // namespace sock_diag

// ---- the real one

/// Asks the kernel. Main thread.
class Conversations {
public:
    static Result<Conversations> open();
    /// Of a kernel that does not tell of TCP's sockets, ports decide there too.
    [[nodiscard]] Beginner beginner(Flow const& flow, xfrm::Packet const& packet);

private:
    enum class SeesTcp { No, Yes };
    Conversations(netlink::Exchange kernel, ClientPorts ports, SeesTcp sees_tcp)
        : m_kernel(std::move(kernel)), m_ports(std::move(ports)), m_sees_tcp(sees_tcp)
    {}
    [[nodiscard]] Beginner connected(Flow const& flow, xfrm::Packet const& packet);
    [[nodiscard]] Beginner connecting(Flow const& flow, xfrm::Packet const& packet);

    netlink::Exchange m_kernel;
    ClientPorts m_ports;
    SeesTcp m_sees_tcp;
};

} // namespace oekd
