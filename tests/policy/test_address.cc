// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/address.h"
#include "policy/flow.h"
#include "policy/printable.h"
#include "tests/policy/generators.h"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>
#include <unordered_set>

using namespace oekd;

TEST_CASE("an address is read from numeric text only", "[policy][address]")
{
    struct Row {
        char const* why;
        std::string text;
        char const* expected; ///< its text again; nullptr where it is refused
    };
    auto const row = GENERATE(values<Row>({
        {"IPv4", "192.0.2.1", "192.0.2.1"},
        {"the unspecified address", "0.0.0.0", "0.0.0.0"},
        {"IPv6", "2001:db8::1", "2001:db8::1"},
        {"the unspecified address of IPv6", "::", "::"},
        {"printed in the shortest form (RFC 5952)", "2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"IPv4-compatible is old, but a form of its own", "::192.0.2.1", "::192.0.2.1"},
        {"the longest text there is", "2001:0db8:ffff:ffff:ffff:ffff:255.255.255.255",
         "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"nothing", "", nullptr},
        {"three parts are another address to other programs", "10.1.2", nullptr},
        {"a leading zero is octal to other programs", "192.0.2.010", nullptr},
        {"part out of range", "192.0.2.256", nullptr},
        {"host name", "localhost", nullptr},
        {"scope", "fe80::1%eth0", nullptr},
        {"blank around it", " 192.0.2.1", nullptr},
        {"a NUL does not end it", std::string("192.0.2.1\0x", 11), nullptr},
        {"longer than any address", std::string(100, '1'), nullptr},
        {"IPv4-mapped", "::ffff:192.0.2.1", nullptr},
        {"IPv4-mapped, written out", "0:0:0:0:0:FFFF:c000:201", nullptr},
        {"one bit off IPv4-mapped is an ordinary address", "::fffe:192.0.2.1", "::fffe:c000:201"},
    }));
    INFO(row.why);
    auto const address = Address::parse(row.text);
    CHECK(address.has_value() == (row.expected != nullptr));
    CHECK(Address::read(row.text).has_value() == address.has_value());
    if (address && row.expected)
        CHECK(address->to_string() == row.expected);
}

TEST_CASE("a refused address says why", "[policy][address]")
{
    CHECK(Address::read("east").error().message == R"("east": not an IPv4 or IPv6 address)");
    CHECK(Address::read("::ffff:192.0.2.1").error().message ==
          R"("::ffff:192.0.2.1": IPv4-mapped addresses never match a packet; write the IPv4 address)");
    CHECK(Address::read("east").error().code == ErrorCode::Configuration);
}

TEST_CASE("an address is made of 4 or 16 bytes", "[policy][address]")
{
    std::array<std::byte, 17> bytes{};
    bytes[0] = std::byte{192};
    for (size_t size = 0; size <= bytes.size(); ++size) {
        INFO(size);
        CHECK(Address::from_bytes(std::span(bytes).first(size)).has_value() == (size == 4 || size == 16));
    }
    bytes = {};
    bytes[10] = bytes[11] = std::byte{0xff};
    CHECK_FALSE(Address::from_bytes(std::span(bytes).first(16)).has_value()); // IPv4-mapped
}

TEST_CASE("the unspecified addresses are told apart by family", "[policy][address]")
{
    CHECK(Address::any(Family::V4).is_any());
    CHECK(Address::any(Family::V6).is_any());
    CHECK(Address::any(Family::V4) != Address::any(Family::V6));
    CHECK(Address() == Address::any(Family::V4));
    CHECK_FALSE(Address::parse("0.0.0.1")->is_any());
    CHECK(Address::any(Family::V4).bits() == 32);
    CHECK(Address::any(Family::V6).bits() == 128);
}

TEST_CASE("text and bytes give an address back", "[policy][address]")
{
    rc::prop("to_string() and parse()", [](Address const& address) {
        RC_ASSERT(Address::parse(address.to_string()) == address);
        RC_ASSERT(Address::from_bytes(address.bytes()) == address);
        RC_ASSERT(std::hash<Address>{}(*Address::parse(address.to_string())) ==
                  std::hash<Address>{}(address));
    });
    rc::prop("truncated() keeps exactly the leading bits", [](Address const& address) {
        int const length = *rc::gen::inRange(0, address.bits() + 1);
        auto const truncated = address.truncated(length);
        for (int bit = 0; bit < address.bits(); ++bit)
            RC_ASSERT(bit_of(truncated, bit) == (bit < length && bit_of(address, bit)));
    });
}

TEST_CASE("a network is read as it was meant or not at all", "[policy][prefix]")
{
    struct Row {
        char const* why;
        char const* text;
        char const* network; ///< nullptr where it is refused,
        char const* message; ///< with this
    };
    auto const row = GENERATE(values<Row>({
        {"IPv4 network", "192.0.2.0/24", "192.0.2.0/24", ""},
        {"IPv6 network", "2001:db8::/32", "2001:db8::/32", ""},
        {"everything", "0.0.0.0/0", "0.0.0.0/0", ""},
        {"everything in IPv6", "::/0", "::/0", ""},
        {"a host", "192.0.2.1", "192.0.2.1/32", ""},
        {"a host with its length", "2001:db8::1/128", "2001:db8::1/128", ""},
        {"not on a byte's edge", "192.0.2.64/26", "192.0.2.64/26", ""},
        {"IPv4-mapped", "::ffff:192.0.2.0/120", nullptr,
         R"("::ffff:192.0.2.0": IPv4-mapped addresses never match a packet; write the IPv4 address)"},
        {"no address", "office/24", nullptr, R"("office": not an IPv4 or IPv6 address)"},
        {"nothing before the slash", "/24", nullptr, R"("": not an IPv4 or IPv6 address)"},
        {"nothing after the slash", "10.0.0.0/", nullptr,
         R"("10.0.0.0/": the prefix length must be a number from 0 to 32)"},
        {"length out of range", "10.0.0.0/33", nullptr,
         R"("10.0.0.0/33": the prefix length must be a number from 0 to 32)"},
        {"length out of range in IPv6", "2001:db8::/129", nullptr,
         R"("2001:db8::/129": the prefix length must be a number from 0 to 128)"},
        {"negative length", "10.0.0.0/-1", nullptr,
         R"("10.0.0.0/-1": the prefix length must be a number from 0 to 32)"},
        {"minus zero", "10.0.0.0/-0", nullptr,
         R"("10.0.0.0/-0": the prefix length must be a number from 0 to 32)"},
        {"sign", "10.0.0.0/+8", nullptr, R"("10.0.0.0/+8": the prefix length must be a number from 0 to 32)"},
        {"leading zero", "10.0.0.0/08", nullptr,
         R"("10.0.0.0/08": the prefix length must be a number from 0 to 32)"},
        {"a length that does not fit an int", "10.0.0.0/99999999999", nullptr,
         R"("10.0.0.0/99999999999": the prefix length must be a number from 0 to 32)"},
        {"netmask", "10.0.0.0/255.0.0.0", nullptr,
         R"("10.0.0.0/255.0.0.0": the prefix length must be a number from 0 to 32)"},
        {"two lengths", "10.0.0.0/8/8", nullptr,
         R"("10.0.0.0/8/8": the prefix length must be a number from 0 to 32)"},
        {"bits after the prefix", "192.0.2.7/24", nullptr,
         R"("192.0.2.7/24": bits are set after the prefix; the network is 192.0.2.0/24, this host alone is 192.0.2.7)"},
        {"bits after the prefix in IPv6", "2001:db8::1/64", nullptr,
         R"("2001:db8::1/64": bits are set after the prefix; the network is 2001:db8::/64, this host alone is 2001:db8::1)"},
    }));
    INFO(row.why);
    auto const network = Prefix::read(row.text);
    CHECK(Prefix::parse(row.text).has_value() == network.has_value());
    REQUIRE(network.has_value() == (row.network != nullptr));
    if (network) {
        CHECK(network->to_string() == row.network);
    } else {
        CHECK(network.error().message == row.message);
        CHECK(network.error().code == ErrorCode::Configuration);
    }
}

TEST_CASE("a network holds the addresses that share its bits", "[policy][prefix]")
{
    rc::prop("contains() agrees with comparing bit by bit",
             [](Prefix const& network, Address const& address) {
                 bool same = network.family() == address.family();
                 for (int bit = 0; same && bit < network.length(); ++bit)
                     same = bit_of(network.address(), bit) == bit_of(address, bit);
                 RC_CLASSIFY(same);
                 RC_ASSERT(network.contains(address) == same);
             });
    rc::prop("a network holds itself, a host nothing else", [](Prefix const& network) {
        RC_ASSERT(network.contains(network.address()));
        RC_ASSERT(Prefix::parse(network.to_string()) == network);
        RC_ASSERT(network.is_host() == (network == Prefix::host(network.address())));
        RC_ASSERT(std::hash<Prefix>{}(*Prefix::parse(network.to_string())) == std::hash<Prefix>{}(network));
    });
    CHECK_FALSE(Prefix::parse("0.0.0.0/0")->contains(Address::any(Family::V6)));
}

TEST_CASE("neighbours do not collide when hashed", "[policy][address]")
{
    std::unordered_set<size_t> hashes;
    for (int low = 0; low < 256; ++low) {
        auto const address = *Address::parse("192.0.2." + std::to_string(low));
        hashes.insert(std::hash<Flow>{}({*Address::parse("10.0.0.1"), address}));
        hashes.insert(std::hash<Flow>{}({address, *Address::parse("10.0.0.1")}));
        hashes.insert(std::hash<Prefix>{}(Prefix::host(address)));
    }
    CHECK(hashes.size() == 3 * 256);
}

TEST_CASE("a flow is named by both ends", "[policy][flow]")
{
    Flow const flow{*Address::parse("10.1.0.1"), *Address::parse("10.2.0.1")};
    CHECK(flow.to_string() == "10.1.0.1 - 10.2.0.1");
    CHECK(to_string(EspMode::Transport) == "transport");
    CHECK(to_string(EspMode::Tunnel) == "tunnel");
    CHECK(to_string(Protection::Clear) == "clear");
    CHECK(to_string(Protection::Anonymous) == "anonymous");
    CHECK(to_string(Protection::Blocked) == "blocked");
}

TEST_CASE("foreign text is harmless when quoted", "[policy][printable]")
{
    CHECK(quoted("plain text") == R"("plain text")");
    CHECK(quoted("") == R"("")");
    CHECK(quoted("\x1b[2J\n\t\r") == R"("\x1b[2J\x0a\x09\x0d")");
    CHECK(quoted(std::string_view("\0", 1)) == R"("\x00")");
    CHECK(quoted("\xc3\xa9\x7f") == R"("\xc3\xa9\x7f")");
    CHECK(quoted(R"(a"b\c)") == R"("a\"b\\c")");
    CHECK(quoted("12345", 5) == R"("12345")");
    CHECK(quoted("123456", 5) == R"("12345"...)");
}
