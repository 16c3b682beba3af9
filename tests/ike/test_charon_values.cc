// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_values.h"

#include <catch2/catch.hpp>

using namespace oekd;

TEST_CASE("a flow survives the way to the C layer and back", "[ike]")
{
    auto const [local, remote] = GENERATE(table<char const*, char const*>(
        {{"10.1.0.1", "10.2.0.1"}, {"0.0.0.0", "255.255.255.255"}, {"fd01::1", "fd02::1"}, {"::", "::1"}}));
    Flow const flow{.local = *Address::parse(local), .remote = *Address::parse(remote)};
    CHECK(to_flow(to_charon(flow)) == flow);
}

TEST_CASE("a flow's service survives it too", "[ike]")
{
    Service const service =
        GENERATE(Service{6, 0, 7}, Service{17, 53, 0}, Service{132, 1, 65535}, Service{1, 0, 0});
    Flow const flow{
        .local = *Address::parse("10.1.0.1"), .remote = *Address::parse("10.2.0.1"), .service = service};
    CHECK(to_flow(to_charon(flow)) == flow);
}

TEST_CASE("a port without a protocol that has ports is no service", "[ike]")
{
    // 8 << 8 is how IKE writes ICMP's echo request (RFC 7296 §3.13.1).
    Service const service =
        GENERATE(Service{0, 7, 0}, Service{0, 0, 7}, Service{1, 8 << 8, 8 << 8}, Service{50, 0, 1});
    Flow const flow{
        .local = *Address::parse("10.1.0.1"), .remote = *Address::parse("10.2.0.1"), .service = service};
    CHECK_FALSE(to_flow(to_charon(flow)));
}

TEST_CASE("what is no pair of addresses is no flow", "[ike]")
{
    auto const v4 =
        to_charon(Flow{.local = *Address::parse("10.1.0.1"), .remote = *Address::parse("10.2.0.1")});
    auto const v6 =
        to_charon(Flow{.local = *Address::parse("fd01::1"), .remote = *Address::parse("fd02::1")});
    CHECK_FALSE(to_flow({.local = v4.local, .remote = v6.remote}));
    for (int length : {0, 1, 15, 17, 255}) {
        auto bad = v6;
        bad.remote.length = static_cast<uint8_t>(length);
        CHECK_FALSE(to_flow(bad));
    }
}
