// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/address_watch.h"
#include "kernel-glue/own_addresses.h"
#include "private_network.h"

#include <catch2/catch.hpp>
#include <linux/if_arp.h>

using namespace oekd;
using namespace oekd::test;

namespace {

// As the kernel describes them.
rtnl::Link link(int index, std::string name, std::string kind, uint16_t hardware)
{
    return {index, std::move(name), std::move(kind), hardware};
}

} // namespace

TEST_CASE("own addresses are those that leave their link", "[kernel-glue][addresses][kernel]")
{
    PrivateNetwork const network;
    run("ip addr add 169.254.3.4/16 dev host && ip addr add 10.1.0.2/8 dev host");
    auto const own = own_addresses({}).value();
    CHECK(own.all == std::vector{address("10.1.0.1"), address("10.1.0.2"), address("fd01::1")});
    CHECK(own.flow_ends == own.all);
    CHECK(own.tunnels_left_out.empty());
}

TEST_CASE("our end of a point-to-point device is ours, the other is not", "[kernel-glue][addresses][kernel]")
{
    PrivateNetwork const network;
    run("ip addr add 10.9.0.1 peer 10.9.0.2 dev host");
    CHECK(own_addresses({}).value().all ==
          std::vector{address("10.1.0.1"), address("10.9.0.1"), address("fd01::1")});
}

TEST_CASE("which devices are tunnels", "[kernel-glue][addresses]")
{
    struct Row {
        std::string why;
        rtnl::Link link;
        bool tunnel;
    };
    auto const row = GENERATE(values<Row>({
        {"hardware", link(2, "eth0", "", ARPHRD_ETHER), false},
        {"WireGuard", link(3, "wg0", "wireguard", ARPHRD_NONE), true},
        {"packets of a program", link(4, "tun0", "tun", ARPHRD_NONE), true},
        {"frames of a program are an Ethernet", link(5, "tap0", "tun", ARPHRD_ETHER), false},
        {"IP in IP", link(6, "tunl0", "ipip", ARPHRD_TUNNEL), true},
        {"GRE", link(7, "gre1", "gre", ARPHRD_IPGRE), true},
        {"Ethernet over GRE", link(8, "gretap1", "gretap", ARPHRD_ETHER), false},
        {"an XFRM interface", link(9, "ipsec0", "xfrm", ARPHRD_NONE), true},
        {"a modem without kind is an uplink", link(10, "wwan0", "", ARPHRD_NONE), false},
        {"a bridge", link(11, "br0", "bridge", ARPHRD_ETHER), false},
        {"PPP may be the uplink", link(12, "ppp0", "ppp", ARPHRD_PPP), false},
    }));
    INFO(row.why);
    CHECK(is_tunnel(row.link) == row.tunnel);
}

TEST_CASE("tunnel devices are left out unless they are listed", "[kernel-glue][addresses]")
{
    std::vector const links{link(1, "eth0", "", ARPHRD_ETHER), link(2, "wg0", "wireguard", ARPHRD_NONE),
                            link(3, "tun7", "tun", ARPHRD_NONE)};
    std::vector<rtnl::LinkAddress> const addresses{{1, address("10.1.0.1")},  {2, address("10.8.0.2")},
                                                   {3, address("10.9.0.2")},  {2, address("10.1.0.1")},
                                                   {1, address("127.0.0.1")}, {4, address("10.7.0.1")}};
    struct Row {
        std::string why;
        std::vector<std::string> listed;
        std::vector<Address> ends;
        std::vector<std::string> left_out;
    };
    auto const uplink = address("10.1.0.1");  // on wg0 too: it is eth0's all the same
    auto const unknown = address("10.7.0.1"); // of a device that we have not heard of yet
    auto const row = GENERATE_COPY(values<Row>({
        {"nothing listed", {}, {uplink, unknown}, {"tun7", "wg0"}},
        {"by name", {"wg0"}, {uplink, unknown, address("10.8.0.2")}, {"tun7"}},
        {"by pattern", {"tun*"}, {uplink, unknown, address("10.9.0.2")}, {"wg0"}},
        {"an ordinary device need not be listed, and leaves no other out",
         {"eth0", "wg?", "tun[0-9]"},
         {uplink, unknown, address("10.8.0.2"), address("10.9.0.2")},
         {}},
        {"a name is matched as a whole", {"wg", "un7"}, {uplink, unknown}, {"tun7", "wg0"}},
    }));
    INFO(row.why);
    auto const own = sort_own_addresses(links, addresses, row.listed);
    CHECK(own.all == std::vector{uplink, unknown, address("10.8.0.2"), address("10.9.0.2")});
    CHECK(own.flow_ends == row.ends);
    CHECK(own.tunnels_left_out == row.left_out);
}

TEST_CASE("a new address is noticed, and so is one that goes, and a device's new name",
          "[kernel-glue][addresses][kernel]")
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
    run("ip link set host down && ip link set host name other");
    CHECK(noticed());
}
