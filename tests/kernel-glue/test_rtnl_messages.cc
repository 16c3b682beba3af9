// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/rtnl_messages.h"
#include "private_network.h"

#include <catch2/catch.hpp>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

using namespace oekd;
using namespace oekd::test;

namespace {

std::span<std::byte const> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::span<std::byte const> payload(netlink::Request const& message)
{
    return message.bytes().subspan(sizeof(nlmsghdr));
}

/// A nested attribute's value: one attribute with this text.
std::string nested(uint16_t type, std::string_view text)
{
    nlattr header{static_cast<uint16_t>(NLA_HDRLEN + text.size()), type};
    std::string value(sizeof header, '\0');
    std::memcpy(value.data(), &header, sizeof header);
    return value + std::string(text);
}

netlink::Request link_message(std::string_view info)
{
    netlink::Request message(RTM_NEWLINK, 0);
    auto& header = message.put_struct<ifinfomsg>();
    header.ifi_index = 7;
    header.ifi_type = ARPHRD_NONE;
    message.put_attribute(IFLA_IFNAME, bytes_of(std::string_view("wg0\0", 4)));
    if (!info.empty())
        message.put_attribute(IFLA_LINKINFO, bytes_of(info));
    return message;
}

netlink::Request address_message(uint8_t family)
{
    netlink::Request message(RTM_NEWADDR, 0);
    auto& header = message.put_struct<ifaddrmsg>();
    header.ifa_family = family;
    header.ifa_index = 7;
    return message;
}

} // namespace

TEST_CASE("a link has a name and a kind", "[kernel-glue][rtnl]")
{
    auto const tunnel =
        rtnl::parse_link(payload(link_message(nested(IFLA_INFO_KIND, std::string_view("wireguard\0", 10)))));
    CHECK(tunnel.value() == rtnl::Link{7, "wg0", "wireguard", ARPHRD_NONE});
    CHECK(rtnl::parse_link(payload(link_message(""))).value() == rtnl::Link{7, "wg0", "", ARPHRD_NONE});
    auto const other = rtnl::parse_link(payload(link_message(nested(IFLA_INFO_DATA, "x"))));
    CHECK(other.value().kind.empty());
}

TEST_CASE("of an address with two ends the local one counts", "[kernel-glue][rtnl]")
{
    auto message = address_message(AF_INET);
    message.put_attribute(IFA_ADDRESS, address("10.8.0.1").bytes());
    CHECK(rtnl::parse_address(payload(message)).value() == rtnl::LinkAddress{7, address("10.8.0.1")});
    message.put_attribute(IFA_LOCAL, address("10.8.0.2").bytes());
    CHECK(rtnl::parse_address(payload(message)).value() == rtnl::LinkAddress{7, address("10.8.0.2")});
    auto v6 = address_message(AF_INET6);
    v6.put_attribute(IFA_ADDRESS, address("fd08::2").bytes());
    CHECK(rtnl::parse_address(payload(v6)).value() == rtnl::LinkAddress{7, address("fd08::2")});
}

TEST_CASE("addresses of other families, and none at all, are passed over", "[kernel-glue][rtnl]")
{
    CHECK(!rtnl::parse_address(payload(address_message(AF_INET))).value());
    auto other = address_message(AF_X25);
    other.put_attribute(IFA_LOCAL, address("10.8.0.2").bytes());
    CHECK(!rtnl::parse_address(payload(other)).value());
    std::array<std::byte, 16> mapped{};
    mapped[10] = mapped[11] = std::byte{0xff};
    auto v4_mapped = address_message(AF_INET6);
    v4_mapped.put_attribute(IFA_ADDRESS, mapped);
    CHECK(!rtnl::parse_address(payload(v4_mapped)).value());
}

TEST_CASE("bytes that contradict themselves are malformed, with both numbers", "[kernel-glue][rtnl]")
{
    auto const message = link_message("x");
    auto const whole = payload(message);
    auto const bad_kind = rtnl::parse_link(whole);
    REQUIRE(!bad_kind);
    CHECK(bad_kind.error().code == ErrorCode::Malformed);
    for (size_t size = 0; size < sizeof(ifinfomsg); ++size)
        CHECK(rtnl::parse_link(whole.first(size)).error().code == ErrorCode::Malformed);
    for (size_t size = 0; size < sizeof(ifaddrmsg); ++size)
        CHECK(!rtnl::parse_address(whole.first(size)));
    auto short_address = address_message(AF_INET6);
    short_address.put_attribute(IFA_ADDRESS, address("10.8.0.2").bytes());
    CHECK(rtnl::parse_address(payload(short_address)).error().message ==
          "an address of family 10 has 4 bytes");
}
