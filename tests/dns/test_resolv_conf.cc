// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/resolv_conf.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace oekd;
using namespace oekd::dns;

namespace {

NameServer server(std::string_view address, std::string zone = "")
{
    return {Address::parse(address).value(), std::move(zone)};
}

using Servers = std::vector<NameServer>;

std::vector<Address> addresses(std::vector<std::string_view> const& texts)
{
    std::vector<Address> result;
    for (auto const text : texts)
        result.push_back(Address::parse(text).value());
    return result;
}

} // namespace

TEST_CASE("resolv.conf as people and programs write it", "[dns][resolv.conf]")
{
    struct Row {
        std::string why;
        std::string text;
        Servers servers;
    };
    auto const row = GENERATE(values<Row>({
        {"nothing", "", {}},
        {"one", "nameserver 192.0.2.53\n", {server("192.0.2.53")}},
        {"no line feed at the end", "nameserver 192.0.2.53", {server("192.0.2.53")}},
        {"tabs, CRLF", "nameserver\t \t192.0.2.53\t\r\n", {server("192.0.2.53")}},
        {"both families, in order",
         "search example.net\nnameserver 2001:db8::53\noptions edns0\nnameserver 192.0.2.53\n",
         {server("2001:db8::53"), server("192.0.2.53")}},
        {"comments",
         "# nameserver 192.0.2.1\n; nameserver 192.0.2.2\nnameserver 192.0.2.53 # ours\n",
         {server("192.0.2.53")}},
        {"a comment without a blank", "nameserver 192.0.2.53;x\n", {server("192.0.2.53")}},
        {"the keyword must start the line", " nameserver 192.0.2.53\n", {}},
        {"and be a word", "nameserver192.0.2.53\nnameservers 192.0.2.53\n", {}},
        {"no address", "nameserver\nnameserver \nnameserver ns.example.net\nnameserver 192.0.2\n", {}},
        {"IPv4-mapped", "nameserver ::ffff:192.0.2.53\n", {}},
        {"link-local with its link", "nameserver fe80::1%eth0\n", {server("fe80::1", "eth0")}},
        {"a link's name that is too long", "nameserver fe80::1%0123456789abcdef\n", {}},
        {"twice", "nameserver 192.0.2.53\nnameserver 192.0.2.53\n", {server("192.0.2.53")}},
    }));
    INFO(row.why);
    CHECK(parse_resolv_conf(row.text) == row.servers);
}

TEST_CASE("the number of servers is bounded", "[dns][resolv.conf]")
{
    std::string text;
    for (int i = 1; i < 100; ++i)
        text += fmt::format("nameserver 192.0.2.{}\n", i);
    CHECK(parse_resolv_conf(text).size() == max_name_servers);
}

TEST_CASE("where DNS goes from this host", "[dns][resolv.conf]")
{
    struct Row {
        std::string why;
        Servers asked;
        std::optional<Servers> upstreams;
        std::optional<std::vector<Address>> on_the_wire;
    };
    auto const ours = server("192.0.2.53");
    auto const stub = server("127.0.0.53");
    auto const row = GENERATE_COPY(values<Row>({
        {"to the servers", {ours, server("2001:db8::53")}, {}, addresses({"192.0.2.53", "2001:db8::53"})},
        {"resolved is not asked", {ours}, Servers{server("192.0.2.1")}, addresses({"192.0.2.53"})},
        {"behind resolved", {stub}, Servers{ours}, addresses({"192.0.2.53"})},
        {"behind its other address", {server("127.0.0.54")}, Servers{ours}, addresses({"192.0.2.53"})},
        {"resolved and another",
         {stub, server("192.0.2.1")},
         Servers{ours, server("192.0.2.1")},
         addresses({"192.0.2.1", "192.0.2.53"})},
        {"resolved has none yet", {stub}, Servers{}, {}},
        {"no resolved there", {stub}, {}, {}},
        {"resolved asks another resolver here", {stub}, Servers{server("127.0.0.1")}, {}},
        {"a resolver here", {server("127.0.0.1")}, Servers{ours}, {}},
        {"with IPv6", {server("::1")}, {}, {}},
        {"0.0.0.0 is here", {server("0.0.0.0")}, {}, {}},
        {"one here is enough", {ours, server("127.0.0.1")}, {}, {}},
        {"none: the C library asks here", {}, {}, {}},
    }));
    INFO(row.why);
    auto const resolvers = system_resolvers(row.asked, row.upstreams);
    CHECK(resolvers.asked == row.asked);
    CHECK(resolvers.on_the_wire == row.on_the_wire);
}
