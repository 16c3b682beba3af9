// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/conversations.h"
#include "private_network.h"

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <cstring>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

using namespace oekd;
using namespace oekd::test;
using xfrm::Packet;

TEST_CASE("ICMP tells by its type who began", "[kernel-glue][conversations]")
{
    struct Row {
        std::string_view what;
        Family family;
        Packet packet;
        std::optional<Beginner> beginner;
    };
    auto const row = GENERATE(Row{"our ping", Family::V4, {IPPROTO_ICMP, 8, 0}, Beginner::Us},
                              Row{"the answer to theirs", Family::V4, {IPPROTO_ICMP, 0, 0}, Beginner::Them},
                              Row{"a closed port", Family::V4, {IPPROTO_ICMP, 3, 3}, Beginner::Them},
                              Row{"our ping", Family::V6, {IPPROTO_ICMPV6, 128, 0}, Beginner::Us},
                              Row{"the answer", Family::V6, {IPPROTO_ICMPV6, 129, 0}, Beginner::Them},
                              Row{"a closed port", Family::V6, {IPPROTO_ICMPV6, 1, 4}, Beginner::Them},
                              Row{"a tunnel", Family::V4, {IPPROTO_GRE, 0, 0}, Beginner::Us},
                              Row{"TCP", Family::V4, {IPPROTO_TCP, 22, 40'000}, std::nullopt},
                              Row{"UDP", Family::V6, {IPPROTO_UDP, 53, 40'000}, std::nullopt});
    CAPTURE(row.what);
    CHECK(beginner_of(row.family, row.packet) == row.beginner);
}

TEST_CASE("client ports are those that the kernel gives away", "[kernel-glue][conversations]")
{
    auto const ports = ClientPorts::read("32768\t60999", "40000,50000-50010,51820").value();
    for (uint16_t const client : std::initializer_list<uint16_t>{32'768, 39'999, 40'001, 50'011, 60'999})
        CHECK(ports.contains(client));
    for (uint16_t const server :
         std::initializer_list<uint16_t>{53, 32'767, 40'000, 50'000, 50'010, 51'820, 61'000})
        CHECK(!ports.contains(server));
    CHECK(ClientPorts::read("1024\t65535", "").value().contains(1'024));
    CHECK(!ClientPorts::read("", ""));
    CHECK(!ClientPorts::read("1024", "x"));
    CHECK(ClientPorts::read("1024\t70000", "").error().message ==
          "net.ipv4.ip_local_port_range: \"70000\" is no port");
    CHECK(ClientPorts::read("1024\t65535", "80,").value().contains(1'024));
    CHECK(ClientPorts::read("1024\t65535", "80-").error().message ==
          "net.ipv4.ip_local_reserved_ports: \"\" is no port");
}

TEST_CASE("a connection counts once its other end has answered", "[kernel-glue][conversations]")
{
    struct Row {
        uint8_t state;
        Beginner beginner;
    };
    constexpr uint8_t new_syn_recv = 12; // TCP_NEW_SYN_RECV in include/net/tcp_states.h
    auto const row =
        GENERATE(Row{TCP_SYN_SENT, Beginner::Us}, Row{TCP_ESTABLISHED, Beginner::Us},
                 Row{TCP_CLOSE_WAIT, Beginner::Us}, Row{TCP_TIME_WAIT, Beginner::Us},
                 Row{TCP_SYN_RECV, Beginner::Them}, Row{new_syn_recv, Beginner::Them},
                 Row{TCP_LISTEN, Beginner::Them}, Row{TCP_CLOSE, Beginner::Them}, Row{200, Beginner::Them});
    inet_diag_msg raw{};
    raw.idiag_state = row.state;
    auto const bytes = std::as_bytes(std::span(&raw, 1));
    CHECK(sock_diag::parse_beginner(bytes) == row.beginner);
    CHECK(sock_diag::parse_beginner(bytes.first(71)).error().message ==
          "inet_diag_msg has 71 bytes, needs 72");
}

TEST_CASE("the question for a socket names both ends in network order", "[kernel-glue][conversations]")
{
    auto const request = sock_diag::encode_get_tcp(flow("fd01::1", "fd02::1"), {IPPROTO_TCP, 22, 40'000});
    auto bytes = request.bytes();
    auto const message = netlink::take_message(bytes).value();
    CHECK(message.type == SOCK_DIAG_BY_FAMILY);
    auto const body = netlink::read_struct<inet_diag_req_v2>(message.payload, "the request").value();
    CHECK(body.sdiag_family == AF_INET6);
    CHECK(body.sdiag_protocol == IPPROTO_TCP);
    CHECK(body.id.idiag_sport == htons(22));
    CHECK(body.id.idiag_dport == htons(40'000));
    auto const remote = std::as_bytes(std::span(body.id.idiag_dst));
    CHECK(Address::from_bytes(remote) == address("fd02::1"));
}

TEST_CASE("a socket that connects names its remote address", "[kernel-glue][conversations]")
{
    inet_diag_msg raw{};
    raw.idiag_family = AF_INET;
    auto const bytes = std::as_bytes(std::span(&raw, 1));
    auto const remote = address("10.2.0.1");
    std::memcpy(raw.id.idiag_dst, remote.bytes().data(), 4);
    CHECK(sock_diag::parse_remote(bytes) == remote);
    raw.idiag_family = AF_INET6;
    auto const remote6 = address("fd02::1");
    std::memcpy(raw.id.idiag_dst, remote6.bytes().data(), 16);
    CHECK(sock_diag::parse_remote(bytes) == remote6);
    CHECK(!sock_diag::parse_remote(bytes.first(40)));
}
