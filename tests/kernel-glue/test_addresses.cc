// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/address_watch.h"
#include "kernel-glue/forwarding_plane.h"
#include "private_network.h"

#include <catch2/catch.hpp>

using namespace oekd;
using namespace oekd::test;

TEST_CASE("own addresses are those that can end a flow", "[kernel-glue][addresses][kernel]")
{
    PrivateNetwork const network;
    run("ip addr add 169.254.3.4/16 dev host && ip addr add 10.1.0.2/8 dev host");
    CHECK(own_addresses().value() ==
          std::vector{address("10.1.0.1"), address("10.1.0.2"), address("fd01::1")});
}

TEST_CASE("a new address is noticed, and so is one that goes", "[kernel-glue][addresses][kernel]")
{
    PrivateNetwork const network;
    auto watch = AddressWatch::open().value();
    auto const noticed = [&] {
        return eventually([&] { return watch.drain().value() == AddressWatch::Changed::Yes; });
    };
    while (watch.drain().value() == AddressWatch::Changed::Yes)
        ; // what the fixture did
    run("ip addr add 10.1.0.2/8 dev host");
    CHECK(noticed());
    run("ip addr del 10.1.0.2/8 dev host");
    CHECK(noticed());
    run("ip -6 addr add fd01::9/16 dev host nodad");
    CHECK(noticed());
}
