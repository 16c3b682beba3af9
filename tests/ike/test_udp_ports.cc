// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/udp_ports.h"

#include <catch2/catch.hpp>
#include <poll.h>
#include <string>
#include <thread>

using namespace oekd;

namespace {

// Not in the range that the kernel gives out by itself.
constexpr uint16_t first_port = 20'500;
constexpr uint16_t nat_port = 24'500;
constexpr uint16_t other_port = 20'600;
constexpr uint16_t other_nat_port = 24'600;

Flow flow(Family family)
{
    auto loopback = *Address::parse(family == Family::V4 ? "127.0.0.1" : "::1");
    return {.local = loopback, .remote = loopback};
}

std::span<std::byte const> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

/// The next thing that is of this kind.
template <typename T> T next(UdpPorts& ports)
{
    for (int i = 0; i < 50; ++i) {
        auto received = ports.receive();
        if (auto* found = std::get_if<T>(&received))
            return *found;
    }
    FAIL("nothing came");
    return T{};
}

} // namespace

TEST_CASE("a datagram arrives with both addresses and ports", "[ike]")
{
    auto here = UdpPorts::open(first_port, nat_port);
    auto there = UdpPorts::open(other_port, other_nat_port);
    REQUIRE(here);
    REQUIRE(there);
    auto family = GENERATE(Family::V4, Family::V6);
    auto pair = flow(family);
    if (family == Family::V6)
        REQUIRE(here->sockets()[2].fd);

    for (auto [from, to] : {std::pair{first_port, other_port}, std::pair{nat_port, other_nat_port}}) {
        REQUIRE(here->send({.flow = pair, .local_port = from, .remote_port = to, .data = bytes("hello")}));
        auto received = next<Datagram>(*there);
        CHECK(received.flow == pair);
        CHECK(received.local_port == to);
        CHECK(received.remote_port == from);
        CHECK(std::string(reinterpret_cast<char const*>(received.data.data()), received.data.size()) ==
              "hello");
    }
}

TEST_CASE("the local address of a flow is where its datagrams come from", "[ike]")
{
    auto here = UdpPorts::open(first_port, nat_port);
    auto there = UdpPorts::open(other_port, other_nat_port);
    REQUIRE(here);
    REQUIRE(there);
    Flow const pair{.local = *Address::parse("127.0.0.2"), .remote = *Address::parse("127.0.0.3")};
    REQUIRE(
        here->send({.flow = pair, .local_port = first_port, .remote_port = other_port, .data = bytes("x")}));
    CHECK(next<Datagram>(*there).flow == Flow{.local = pair.remote, .remote = pair.local});
}

TEST_CASE("a datagram too long for IKE is dropped, the next one arrives", "[ike]")
{
    auto here = UdpPorts::open(first_port, nat_port);
    auto there = UdpPorts::open(other_port, other_nat_port);
    REQUIRE(here);
    REQUIRE(there);
    std::string const huge(20'000, 'x');
    auto const pair = flow(Family::V4);
    for (std::string_view text : {std::string_view(huge), std::string_view("short")})
        REQUIRE(here->send(
            {.flow = pair, .local_port = first_port, .remote_port = other_port, .data = bytes(text)}));
    CHECK(next<Datagram>(*there).data.size() == 5);
    std::string const impossible(70'000, 'x');
    CHECK_FALSE(here->send(
        {.flow = pair, .local_port = first_port, .remote_port = other_port, .data = bytes(impossible)}));
}

TEST_CASE("a closed port is reported with the SPI, and the socket goes on working", "[ike]")
{
    auto here = UdpPorts::open(first_port, nat_port);
    auto there = UdpPorts::open(other_port, other_nat_port);
    REQUIRE(here);
    REQUIRE(there);
    auto const family = GENERATE(Family::V4, Family::V6);
    auto const pair = flow(family);
    constexpr uint16_t closed = 20'700;
    auto const spi = uint64_t{0x1122'3344'5566'7788};
    auto const header = std::as_bytes(std::span(&spi, 1));
    REQUIRE(here->send({.flow = pair, .local_port = first_port, .remote_port = closed, .data = header}));
    CHECK(next<Unreachable>(*here) == Unreachable{.remote = pair.remote, .initiator_spi = spi});

    // The error of one peer must not cost a datagram to another.
    for (int i = 0; i < 3; ++i)
        REQUIRE(here->send({.flow = pair, .local_port = first_port, .remote_port = closed, .data = header}));
    REQUIRE(here->send(
        {.flow = pair, .local_port = first_port, .remote_port = other_port, .data = bytes("still")}));
    CHECK(next<Datagram>(*there).data.size() == 5);
}

TEST_CASE("a port that is taken is named", "[ike]")
{
    auto first = UdpPorts::open(first_port, nat_port);
    REQUIRE(first);
    auto second = UdpPorts::open(other_port, nat_port);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::PortInUse);
    CHECK(second.error().message == "UDP port 24500 is taken by another program: Address already in use");
}

TEST_CASE("a stop wakes the receiver", "[ike]")
{
    auto ports = UdpPorts::open(first_port, nat_port);
    REQUIRE(ports);
    std::thread receiver([&] { next<UdpPorts::Stopped>(*ports); });
    ports->stop();
    receiver.join();
    CHECK(std::holds_alternative<UdpPorts::Stopped>(ports->receive()));
}

TEST_CASE("a port that was never opened sends nothing", "[ike]")
{
    auto ports = UdpPorts::open(first_port, nat_port);
    REQUIRE(ports);
    CHECK_FALSE(ports->send(
        {.flow = flow(Family::V4), .local_port = 1, .remote_port = other_port, .data = bytes("x")}));
}
