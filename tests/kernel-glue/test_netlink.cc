// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/netlink.h"

#include <catch2/catch.hpp>
#include <linux/netlink.h>
#include <vector>

using namespace oekd;

namespace {

std::vector<std::byte> datagram(uint32_t claimed_length, size_t real_size)
{
    std::vector<std::byte> bytes(real_size);
    nlmsghdr header{};
    header.nlmsg_len = claimed_length;
    header.nlmsg_type = 17;
    header.nlmsg_seq = 5;
    std::memcpy(bytes.data(), &header, std::min(sizeof header, real_size));
    return bytes;
}

std::vector<std::byte> attribute(uint16_t claimed_length, uint16_t type, size_t real_size)
{
    std::vector<std::byte> bytes(real_size, std::byte{0xab});
    nlattr const header{claimed_length, type};
    std::memcpy(bytes.data(), &header, std::min(sizeof header, real_size));
    return bytes;
}

} // namespace

TEST_CASE("a netlink message whose length is a lie is malformed", "[kernel-glue][netlink]")
{
    struct Row {
        char const* why;
        uint32_t claimed;
        size_t real;
        char const* message;
    };
    auto const row = GENERATE(values<Row>({
        {"no room for a header", 16, 15, "a netlink header has 15 bytes, needs 16"},
        {"shorter than its header", 15, 16, "a netlink message says it has 15 bytes, may have 16 to 16"},
        {"longer than the datagram", 21, 20, "a netlink message says it has 21 bytes, may have 16 to 20"},
        {"2^31, which libmnl accepts", 0x8000'0000, 64,
         "a netlink message says it has 2147483648 bytes, may have 16 to 64"},
        {"2^32 - 1", 0xffff'ffff, 64, "a netlink message says it has 4294967295 bytes, may have 16 to 64"},
    }));
    INFO(row.why);
    auto const bytes = datagram(row.claimed, row.real);
    std::span<std::byte const> rest(bytes);
    auto const message = netlink::take_message(rest);
    REQUIRE(!message);
    CHECK(message.error().code == ErrorCode::Malformed);
    CHECK(message.error().message == row.message);
}

TEST_CASE("messages are taken off a datagram one by one", "[kernel-glue][netlink]")
{
    auto bytes = datagram(19, 20); // padded to 20
    auto const second = datagram(18, 18);
    bytes.insert(bytes.end(), second.begin(), second.end());
    std::span<std::byte const> rest(bytes);

    auto const first_message = netlink::take_message(rest);
    REQUIRE(first_message);
    CHECK(first_message->type == 17);
    CHECK(first_message->sequence == 5);
    CHECK(first_message->payload.size() == 3);
    auto const second_message = netlink::take_message(rest);
    REQUIRE(second_message);
    CHECK(second_message->payload.size() == 2);
    CHECK(rest.empty());
}

TEST_CASE("attributes are found by type, and their lengths checked", "[kernel-glue][netlink]")
{
    SECTION("the value without its header")
    {
        auto const bytes = attribute(7, 5, 8);
        auto const attributes = netlink::Attributes::parse(bytes);
        REQUIRE(attributes);
        REQUIRE(attributes->find(5));
        CHECK(attributes->find(5)->size() == 3);
        CHECK(!attributes->find(6));
    }
    SECTION("flags in the type are no part of it")
    {
        auto const attributes = netlink::Attributes::parse(attribute(4, NLA_F_NESTED | 5, 4));
        REQUIRE(attributes);
        CHECK(attributes->find(5));
    }
    SECTION("a type that nobody asks for") { CHECK(netlink::Attributes::parse(attribute(4, 0x3fff, 4))); }
    SECTION("too long")
    {
        auto const attributes = netlink::Attributes::parse(attribute(9, 5, 8));
        REQUIRE(!attributes);
        CHECK(attributes.error().message == "netlink attribute 5 says it has 9 bytes, may have 4 to 8");
    }
    SECTION("too short")
    {
        auto const attributes = netlink::Attributes::parse(attribute(3, 5, 8));
        REQUIRE(!attributes);
        CHECK(attributes.error().message == "netlink attribute 5 says it has 3 bytes, may have 4 to 8");
    }
    SECTION("half a header")
    {
        auto const attributes = netlink::Attributes::parse(attribute(4, 5, 3));
        REQUIRE(!attributes);
        CHECK(attributes.error().message == "a netlink attribute has 3 bytes, needs 4");
    }
}
