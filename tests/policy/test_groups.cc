// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/group.h"

#include <catch2/catch.hpp>

using namespace oekd;

TEST_CASE("what each group means", "[policy][group]")
{
    struct Row {
        PolicyGroup group;
        char const* name;
        bool starts;
        bool accepts;
        bool clear;
    };
    auto const row = GENERATE(values<Row>({
        {PolicyGroup::Clear, "clear", false, false, true},
        {PolicyGroup::ClearOrPrivate, "clear-or-private", false, true, true},
        {PolicyGroup::PrivateOrClear, "private-or-clear", true, true, true},
        {PolicyGroup::Private, "private", true, true, false},
        {PolicyGroup::Block, "block", false, false, false},
    }));
    INFO(row.name);
    CHECK(to_string(row.group) == row.name);
    CHECK(parse_policy_group(row.name) == row.group);
    CHECK(starts_negotiation(row.group) == row.starts);
    CHECK(accepts_negotiation(row.group) == row.accepts);
    CHECK(may_go_clear(row.group) == row.clear);
}

TEST_CASE("only the five names are groups", "[policy][group]")
{
    for (auto const* name : {"", "Private", "private ", "private-or-clear-all", "block\n", "packetdefault"})
        CHECK_FALSE(parse_policy_group(name).has_value());
}

namespace {

/// The outcome of one text, a line each: "2 192.0.2.0/24" or "3! message".
std::string outcome_of(std::string_view text)
{
    auto const file = parse_group_file(text, PolicyGroup::Private, "policies/private");
    std::string result;
    for (auto const& line : file.lines) {
        CHECK(line.group == PolicyGroup::Private);
        CHECK(line.file == "policies/private");
        result += std::to_string(line.line) + " " + line.subject() + "\n";
    }
    for (auto const& named : file.names)
        result += std::to_string(named.line) + " name " + named.name +
                  (named.service.is_everything() ? "" : " " + named.service.to_string()) + "\n";
    for (auto const& error : file.errors) {
        CHECK(error.to_string() == "policies/private:" + std::to_string(error.line) + ": " + error.message);
        result += std::to_string(error.line) + "! " + error.message + "\n";
    }
    return result;
}

} // namespace

TEST_CASE("a group file is read line by line", "[policy][group-file]")
{
    struct Row {
        char const* why;
        std::string_view text;
        char const* expected;
    };
    using namespace std::string_view_literals;
    auto const row = GENERATE(values<Row>({
        {"empty", "", ""},
        {"both families, a host and everything", "192.0.2.0/24\n2001:db8::/32\n198.51.100.7\n::/0\n",
         "1 192.0.2.0/24\n2 2001:db8::/32\n3 198.51.100.7/32\n4 ::/0\n"},
        {"no newline at the end", "192.0.2.0/24", "1 192.0.2.0/24\n"},
        {"blank lines count", "\n  \n\t\n192.0.2.0/24\n\n", "4 192.0.2.0/24\n"},
        {"comments", "# office\n192.0.2.0/24 # the whole of it\n192.0.3.0/24#\n#",
         "2 192.0.2.0/24\n3 192.0.3.0/24\n"},
        {"a comment hides anything", "# 10.0.0.0/99 \x1b[2J\n", ""},
        {"CRLF", "192.0.2.0/24\r\n\r\n192.0.3.0/24 # x\r\n", "1 192.0.2.0/24\n3 192.0.3.0/24\n"},
        {"blanks around", "  \t192.0.2.0/24 \t \n", "1 192.0.2.0/24\n"},
        {"byte order mark at the start",
         "\xef\xbb\xbf"
         "192.0.2.0/24\n",
         "1 192.0.2.0/24\n"},
        {"byte order mark alone", "\xef\xbb\xbf", ""},
        {"byte order mark elsewhere", "\n\xef\xbb\xbf::/0",
         "2! \"\\xef\\xbb\\xbf::\": not an IPv4 or IPv6 address\n"},
        {"a bad line does not spoil the others", "192.0.2.0/24\n192.0.2.0/33\n192.0.3.0/24\n",
         "1 192.0.2.0/24\n3 192.0.3.0/24\n2! \"192.0.2.0/33\": the prefix length must be a number from 0 to "
         "32\n"},
        {"host name", "www.Example.org\nexample.net. tcp 0 443\n",
         "1 name www.example.org\n2 name example.net tcp 0 443\n"},
        {"what a slip makes of an address is no host name", "192.0.2.O\n2001:db8::g\nlocalhost\na..b\n",
         "1! \"192.0.2.O\": not an IPv4 or IPv6 address\n2! \"2001:db8::g\": not an IPv4 or IPv6 address\n"
         "3! \"localhost\": not an IPv4 or IPv6 address\n4! \"a..b\": not an IPv4 or IPv6 address\n"},
        {"FreeS/WAN's short form", "10/8\n192.168/16\n0/0\n",
         "1 10.0.0.0/8\n2 192.168.0.0/16\n3 0.0.0.0/0\n"},
        {"bits after the prefix", "192.0.2.9/24",
         "1! \"192.0.2.9/24\": bits are set after the prefix; the network is 192.0.2.0/24, this host alone "
         "is 192.0.2.9\n"},
        {"protocol and ports", "192.0.2.0/24  tcp 0 22\n::/0\tudp\t53 0\n192.0.2.0/24 47 0 0\n",
         "1 192.0.2.0/24 tcp 0 22\n2 ::/0 udp 53 0\n3 192.0.2.0/24 gre 0 0\n"},
        {"a protocol in capitals", "192.0.2.0/24 UDP 0 53", "1 192.0.2.0/24 udp 0 53\n"},
        {"any protocol is the plain line", "192.0.2.0/24 0 0 0", "1 192.0.2.0/24\n"},
        {"protocol and ports after a bad network", "x tcp 0 22", "1! \"x\": not an IPv4 or IPv6 address\n"},
        {"an unknown protocol", "::/0 tpc 0 22",
         "1! \"tpc\": expected a protocol, such as tcp, udp or its number\n"},
        {"a port too large", "::/0 tcp 0 65536",
         "1! \"65536\": expected the remote port as a number from 0 (any) to 65535\n"},
        {"ports of a protocol that has none", "::/0 icmp 8 0",
         "1! protocol \"icmp\" has no ports; write 0 for both\n"},
        {"half a service", "::/0 tcp 22",
         "1! \"tcp 22\": after the network nothing is expected, or protocol, local port and remote port\n"},
        {"two networks on a line", "192.0.2.0/24 192.0.3.0/24",
         "1! \"192.0.3.0/24\": after the network nothing is expected, or protocol, local port and remote "
         "port\n"},
        {"carriage returns within a line part words", "192.0.2.0/24\r192.0.3.0/24",
         "1! \"192.0.3.0/24\": after the network nothing is expected, or protocol, local port and remote "
         "port\n"},
        {"NUL", "192.0.2.0\0/24"sv, "1! \"192.0.2.0\\x00\": not an IPv4 or IPv6 address\n"},
        {"terminal control", "\x1b]0;x\x07", "1! \"\\x1b]0;x\\x07\": not an IPv4 or IPv6 address\n"},
    }));
    INFO(row.why);
    CHECK(outcome_of(row.text) == row.expected);
}

TEST_CASE("messages about lines of any length stay short", "[policy][group-file]")
{
    for (auto const& text : {std::string(100'000, 'x'), "10.0.0.0/" + std::string(100'000, '9'),
                             "10.0.0.0/8 " + std::string(100'000, 'p')}) {
        auto const file = parse_group_file(text, PolicyGroup::Clear, "clear");
        REQUIRE(file.errors.size() == 1);
        CHECK(file.errors[0].message.size() < 200);
        CHECK(file.errors[0].message.find("\"...") != std::string::npos);
    }
}
