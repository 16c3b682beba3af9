// SPDX-License-Identifier: GPL-2.0-or-later
#include "publish/owner_names.h"
#include "publish/records.h"
#include "publish/texts.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace oekd;
using namespace oekd::publish;

namespace {

PublicKey key_of(char byte) { return {KeyAlgorithm::EdDsa, std::vector<std::byte>(32, std::byte(byte))}; }

constexpr auto aaa = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="; // key_of('a')
constexpr auto bbb = "YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI=";

Request request_for(std::vector<std::string> const& ranges)
{
    Request request{.keys = {key_of('a')}};
    for (auto const& range : ranges)
        request.ranges.push_back(Prefix::read(range).value());
    return request;
}

std::vector<std::string> names_in(Request const& request)
{
    auto const publication = records_for(request).value();
    std::vector<std::string> names;
    for (auto const& range : publication.ranges)
        for (auto const& set : range.sets)
            names.push_back(set.owner);
    return names;
}

/// What is at each name, for requests where this is the same.
std::string data_in(Request const& request)
{
    auto const publication = records_for(request).value();
    auto const& records = publication.ranges.at(0).sets.at(0).records;
    return dns::zone_text_of(records.at(0));
}

std::string refusal(Request const& request)
{
    auto const publication = records_for(request);
    REQUIRE_FALSE(publication);
    return publication.error().message;
}

} // namespace

TEST_CASE("each address of a network has a name", "[publish]")
{
    CHECK(
        names_in(request_for({"192.0.2.6/31", "2001:db8::7"})) ==
        std::vector<std::string>{"6.2.0.192.in-addr.arpa", "7.2.0.192.in-addr.arpa",
                                 "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"});
    CHECK(names_in(request_for({"192.0.2.0/24"})).size() == 256);
    CHECK(names_in(request_for({"2001:db8::/120"})).size() == 256);
}

TEST_CASE("a name that two ranges share comes once", "[publish]")
{
    CHECK(names_in(request_for({"192.0.2.6/31", "192.0.2.7", "192.0.2.8"})).size() == 3);
}

TEST_CASE("large networks become wildcards where labels end", "[publish]")
{
    struct Row {
        std::string why;
        std::string range;
        Wildcards wildcards;
        std::vector<std::string> names;
    };
    auto const large = Wildcards::LargeIpv6;
    auto const always = Wildcards::Always;
    std::string const site = "8.b.d.0.1.0.0.2.ip6.arpa";
    auto const row = GENERATE_COPY(values<Row>({
        {"at a label's end", "2001:db8::/32", large, {"*." + site}},
        {"inside a label", "2001:db8::/35", large, {"*.0." + site, "*.1." + site}},
        {"the last bits count too", "2001:db8:e000::/35", large, {"*.e." + site, "*.f." + site}},
        {"a part of the last label but one",
         "2001:db8::/119",
         large,
         {"*.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0." + site,
          "*.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0." + site}},
        {"IPv4, if asked for", "192.0.2.0/23", always, {"*.2.0.192.in-addr.arpa", "*.3.0.192.in-addr.arpa"}},
        {"IPv4, at a label's end", "10.0.0.0/8", always, {"*.10.in-addr.arpa"}},
        {"no wildcard stands for a part of the last label",
         "192.0.2.0/31",
         always,
         {"0.2.0.192.in-addr.arpa", "1.2.0.192.in-addr.arpa"}},
        {"nor for one address", "192.0.2.0", always, {"0.2.0.192.in-addr.arpa"}},
        {"IPv6, small, if asked for",
         "2001:db8::/124",
         always,
         {"*.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0." + site}},
    }));
    INFO(row.why);
    auto request = request_for({row.range});
    request.wildcards = row.wildcards;
    CHECK(names_in(request) == row.names);
}

TEST_CASE("a wildcard names no gateway unless one is given, and says what it does not cover", "[publish]")
{
    auto request = request_for({"2001:db8::/64"});
    CHECK(data_in(request) == fmt::format("10 0 4 . {}", aaa));
    auto const remarks = records_for(request).value().ranges.at(0).remarks;
    REQUIRE(remarks.size() == 2);
    CHECK_THAT(remarks[0], Catch::StartsWith("2001:db8::/64 by wildcard.") && Catch::Contains("RFC 4592"));
    CHECK_THAT(remarks[1], Catch::Contains("no gateway means the address itself"));
    request.gateway = Address::parse("2001:db8::1").value();
    CHECK(data_in(request) == fmt::format("10 2 4 2001:db8::1 {}", aaa));
    CHECK(records_for(request).value().ranges.at(0).remarks.size() == 1);
}

TEST_CASE("the gateway is the address itself, or who was named", "[publish]")
{
    auto request = request_for({"192.0.2.7"});
    CHECK(data_in(request) == fmt::format("10 1 4 192.0.2.7 {}", aaa));
    request.gateway = dns::NoGateway{};
    CHECK(data_in(request) == fmt::format("10 0 4 . {}", aaa));
    request.gateway = Address::parse("2001:db8::1").value();
    CHECK(data_in(request) == fmt::format("10 2 4 2001:db8::1 {}", aaa));
    request.gateway = dns::GatewayName{"gw.example.net"};
    request.precedence = 0;
    CHECK(data_in(request) == fmt::format("0 3 4 gw.example.net. {}", aaa));
}

TEST_CASE("networks smaller than /24 may have the names of RFC 2317", "[publish]")
{
    auto request = request_for({"192.0.2.128/31", "192.0.2.0/24", "192.0.2.7", "2001:db8::/127"});
    request.small_networks = SmallNetworks::Rfc2317;
    auto const names = names_in(request);
    REQUIRE(names.size() == 2 + 256 + 2);
    CHECK(names.at(0) == "128.128/31.2.0.192.in-addr.arpa");
    CHECK(names.at(1) == "129.128/31.2.0.192.in-addr.arpa");
    CHECK(names.at(2) == "0.2.0.192.in-addr.arpa");
    auto const remarks = records_for(request).value().ranges.at(0).remarks;
    REQUIRE(remarks.size() == 1);
    CHECK_THAT(remarks[0], Catch::EndsWith("the zone 2.0.192.in-addr.arpa has to have: $GENERATE 128-129 $ "
                                           "CNAME $.128/31.2.0.192.in-addr.arpa."));
}

TEST_CASE("what nobody can use is not published", "[publish]")
{
    auto const range = GENERATE("127.0.0.0/8", "0.0.0.0/0", "::1", "fe80::/64", "224.0.0.1", "ff02::1");
    CHECK_THAT(refusal(request_for({range})), Catch::EndsWith(": no host on the network has this address"));
    auto request = request_for({"192.0.2.1"});
    request.gateway = Address::parse("127.0.0.1").value();
    CHECK(refusal(request) == "127.0.0.1: no host on the network has this address");
}

TEST_CASE("too many names are refused with a way out", "[publish]")
{
    CHECK(names_in(request_for({"10.0.0.0/16"})).size() == max_names);
    auto request = request_for({"10.0.0.0/15"});
    CHECK(refusal(request) ==
          "10.0.0.0/15: more than 65536 addresses; --wildcard writes them with a few names");
    request.wildcards = Wildcards::Always;
    CHECK(names_in(request).size() == 2);
    CHECK(refusal(request_for({"10.0.0.0/16", "192.0.2.1"})) == "more than 65536 names at once");
}

TEST_CASE("zone lines are one for each record", "[publish]")
{
    auto request = request_for({"192.0.2.6/31"});
    request.keys.push_back(key_of('b'));
    request.ttl = std::chrono::seconds(60);
    CHECK(zone_lines(records_for(request).value()) ==
          fmt::format("6.2.0.192.in-addr.arpa. 60 IN IPSECKEY 10 1 4 192.0.2.6 {0}\n"
                      "6.2.0.192.in-addr.arpa. 60 IN IPSECKEY 10 1 4 192.0.2.6 {1}\n"
                      "7.2.0.192.in-addr.arpa. 60 IN IPSECKEY 10 1 4 192.0.2.7 {0}\n"
                      "7.2.0.192.in-addr.arpa. 60 IN IPSECKEY 10 1 4 192.0.2.7 {1}\n",
                      aaa, bbb));
}

TEST_CASE("nsupdate replaces what is there", "[publish]")
{
    auto const publication = records_for(request_for({"192.0.2.7"})).value();
    auto const change =
        fmt::format("update delete 7.2.0.192.in-addr.arpa. IPSECKEY\n"
                    "update add 7.2.0.192.in-addr.arpa. 3600 IN IPSECKEY 10 1 4 192.0.2.7 {}\n"
                    "send\n",
                    aaa);
    CHECK(nsupdate_script(publication, {}) == change);
    CHECK(nsupdate_script(publication, {"ns.example.net", "2.0.192.in-addr.arpa"}) ==
          "server ns.example.net\nzone 2.0.192.in-addr.arpa.\n" + change);
}

TEST_CASE("names outside the zone are refused", "[publish]")
{
    auto const publication = records_for(request_for({"192.0.2.7"})).value();
    CHECK(require_in_zone(publication, "2.0.192.IN-ADDR.arpa"));
    CHECK(require_in_zone(publication, "7.2.0.192.in-addr.arpa"));
    CHECK(require_in_zone(publication, "2.192.in-addr.arpa").error().message ==
          "192.0.2.7/32: 7.2.0.192.in-addr.arpa is not in the zone 2.192.in-addr.arpa");
    CHECK_FALSE(require_in_zone(publication, "0.2.0.192.in-addr.arpa"));
    CHECK_FALSE(require_in_zone(publication, ".0.192.in-addr.arpa"));
}

TEST_CASE("messages have room for what is in them", "[publish]")
{
    auto request = request_for({"10.0.0.0/22"});
    request.keys.push_back({KeyAlgorithm::Rsa, std::vector<std::byte>(1028)});
    auto const publication = records_for(request).value();
    auto const messages = in_messages(publication);
    size_t names = 0;
    for (auto const& message : messages) {
        names += message.size();
        size_t size = 0;
        for (auto const* set : message)
            for (auto const& record : set->records)
                size += dns::rdata_of(record).size() + set->owner.size();
        CHECK(size < 40'000);
    }
    CHECK(names == 1024);
    CHECK(messages.size() > 20);
    CHECK(messages.size() < 60);
}
