// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/domain_name.h"
#include "dns/reverse_name.h"
#include "tests/dns/records.h"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>
#include <string>

using namespace oekd::dns;
using oekd::test::address;
using oekd::test::bytes;

TEST_CASE("names on the wire and as text", "[dns][name]")
{
    auto const [why, wire, text] = GENERATE(table<std::string, std::string, std::string>({
        {"the root", std::string("\0", 1), ""},
        {"a host", std::string("\3www\7example\3net\0", 17), "www.example.net"},
        {"case stays", std::string("\2Ab\0", 4), "Ab"},
        {"what a zone file would take for something else", std::string("\6a.b\\;\"\0", 8),
         R"(a\046b\092\059\034)"},
        {"bytes that are no characters", std::string("\3\0\xff\n\0", 5), R"(\000\255\010)"},
        {"RFC 2317",
         std::string("\4"
                     "0/25\1*\0",
                     8),
         "0/25.*"},
    }));
    INFO(why);
    CHECK(name_size(bytes(wire)) == wire.size());
    CHECK(name_size(bytes(wire + "more")) == wire.size());
    CHECK(name_text(bytes(wire)) == text);
    CHECK(name_wire(text) == bytes(wire));
}

TEST_CASE("bytes that are no name", "[dns][name]")
{
    auto const [why, wire] = GENERATE(table<std::string, std::string>({
        {"nothing", ""},
        {"no end", std::string("\3www", 4)},
        {"a label that is cut off", std::string("\3ww", 3)},
        {"compression", std::string("\xc0\x0c\0", 3)},
        {"the reserved kinds of label", std::string("\x40\0", 2)},
        {"256 bytes", std::string(127 * 2, '\1') + std::string("\1a\0", 3)},
    }));
    INFO(why);
    CHECK(!name_size(bytes(wire)));
}

TEST_CASE("the longest name is one", "[dns][name]")
{
    std::string wire;
    for (int i = 0; i < 127; ++i)
        wire += "\1a";
    wire += '\0';
    REQUIRE(wire.size() == 255);
    CHECK(name_size(bytes(wire)) == 255);
    CHECK(name_wire(name_text(bytes(wire))) == bytes(wire));
    CHECK(!name_wire(name_text(bytes(wire)) + ".a"));
}

TEST_CASE("text that is no name", "[dns][name]")
{
    auto const* const text = GENERATE("a..b", ".a", "..", "a\\", R"(a\25)", R"(a\256)", R"(a\1x2)");
    CHECK(!name_wire(text));
    CHECK(!name_wire(std::string(64, 'a')));
    CHECK(name_wire(std::string(63, 'a')));
}

TEST_CASE("text may have a dot at the end, and escapes that it does not need", "[dns][name]")
{
    CHECK(name_wire("a.example.") == name_wire("a.example"));
    CHECK(name_wire(".") == name_wire(""));
    CHECK(name_wire(R"(\097\.b)") == name_wire(R"(a\046b)"));
}

TEST_CASE("whatever is a name reads back", "[dns][name]")
{
    rc::prop("wire to text and back", [] {
        auto const labels = *rc::gen::container<std::vector<std::string>>(
            rc::gen::resize(20, rc::gen::nonEmpty<std::string>()));
        std::string wire;
        for (auto const& label : labels)
            wire += std::string(1, char(label.size())) + label;
        wire += '\0';
        RC_PRE(name_size(bytes(wire)) == wire.size());
        RC_ASSERT(name_wire(name_text(bytes(wire))) == bytes(wire));
    });
}

TEST_CASE("names that hosts have", "[dns][name]")
{
    CHECK(is_host_name("a.example"));
    CHECK(is_host_name("a_b-c.EXAMPLE."));
    for (auto const* text : {"", ".", "a..b", "a b", "a;b", "a\n", "a/b", R"(a\046b)", "*.example"})
        CHECK(!is_host_name(text));
}

TEST_CASE("where the DNS speaks about an address", "[dns][name]")
{
    CHECK(reverse_name(address("192.0.2.1")) == "1.2.0.192.in-addr.arpa");
    CHECK(reverse_name(address("0.0.0.0")) == "0.0.0.0.in-addr.arpa");
    // RFC 3596 §2.5
    CHECK(reverse_name(address("4321:0:1:2:3:4:567:89ab")) ==
          "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa");
}
