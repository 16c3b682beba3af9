// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/gateway_choice.h"
#include "dns/key_cache.h"
#include "tests/dns/keys.h"

#include <catch2/catch.hpp>
#include <set>

using namespace oekd;
using namespace oekd::dns;
using namespace oekd::test;
using namespace std::chrono_literals;
using Trust = KeysFound::Trust;

namespace {

auto const host = address("192.0.2.1");
auto const malformed = bytes("\1");
auto const unknown = bytes(std::string("\1\0\x09", 3) + "post-quantum");

RecordsJudged judge(Records const& records, Address const& asked = host)
{
    Randomness random;
    return judge_records(records, asked, random);
}

size_t usable(RecordsJudged const& judged)
{
    auto const* records = std::get_if<UsableRecords>(&judged);
    return records ? records->records.size() : 0;
}

} // namespace

TEST_CASE("which records may be used", "[dns][keys]")
{
    struct Row {
        std::string why;
        std::vector<std::vector<std::byte>> data;
        size_t usable_signed;
        size_t usable_unsigned;
    };
    auto const row = GENERATE_COPY(values<Row>({
        {"the host itself", {record(ed25519(1))}, 1, 1},
        {"the host itself, by address", {record(ed25519(1), "192.0.2.1")}, 1, 1},
        {"another host may speak for it where that is signed", {record(ed25519(1), "198.51.100.1")}, 1, 0},
        {"a name may be anybody's", {record(ed25519(1), "gw.example")}, 1, 0},
        {"a gateway of the other family", {record(ed25519(1), "2001:db8::1")}, 1, 0},
        {"a key that stands elsewhere", {record(std::nullopt, "198.51.100.1")}, 1, 0},
        {"a key that stands here", {record(std::nullopt, "192.0.2.1")}, 0, 0},
        {"private addresses are not on the Internet", {record(ed25519(1), "10.0.0.1")}, 0, 0},
        {"nor are IPv6's", {record(ed25519(1), "fd00::1")}, 0, 0},
        {"one suffices", {malformed, unknown, record(ed25519(1))}, 1, 1},
        {"several", {record(ed25519(1)), record(ed25519(2))}, 2, 2},
    }));
    INFO(row.why);
    CHECK(usable(judge(key_records(row.data))) == row.usable_signed);
    CHECK(usable(judge(key_records(row.data, Security::Unsigned))) == row.usable_unsigned);
}

TEST_CASE("a private host may have a private gateway", "[dns][keys]")
{
    auto const records = key_records({record(ed25519(1), "10.0.0.1")});
    for (auto const* text : {"192.168.1.1", "172.31.0.1", "10.1.2.3", "fd01::1"})
        CHECK(usable(judge(records, address(text))) == 1);
    for (auto const* text : {"192.169.1.1", "172.32.0.1", "11.1.2.3", "2001:db8::1"})
        CHECK(usable(judge(records, address(text))) == 0);
}

TEST_CASE("records of which none can be used", "[dns][keys]")
{
    struct Row {
        std::string why;
        std::vector<std::vector<std::byte>> data;
        Security security;
        KeyAnswer expected;
    };
    auto const row = GENERATE_COPY(values<Row>({
        {"signed and malformed is no accident to be passed over",
         {malformed, malformed},
         Security::Signed,
         BadKey{usual_ttl, "all records are malformed: 1 bytes, fewer than 3"}},
        {"as is a gateway that cannot be",
         {record(ed25519(1), "10.0.0.1")},
         Security::Signed,
         BadKey{usual_ttl, "the record is malformed: the gateway 10.0.0.1 has a private address"}},
        {"a stranger can write anything",
         {malformed},
         Security::Unsigned,
         NoKey{usual_ttl, "the record is malformed: 1 bytes, fewer than 3"}},
        {"what is of another kind is for others",
         {unknown},
         Security::Signed,
         NoKey{usual_ttl, "only records of kinds that are not used: algorithm 9"}},
        {"not all are malformed",
         {unknown, malformed},
         Security::Signed,
         NoKey{usual_ttl, "only records of kinds that are not used: algorithm 9"}},
        {"a gateway that nobody has signed",
         {record(ed25519(1), "198.51.100.1")},
         Security::Unsigned,
         NoKey{usual_ttl, "nobody has signed that another host is the gateway"}},
    }));
    INFO(row.why);
    auto const judged = judge(key_records(row.data, row.security));
    REQUIRE(usable(judged) == 0);
    KeyAnswer const answer = std::holds_alternative<NoKey>(judged) ? KeyAnswer(std::get<NoKey>(judged))
                                                                   : KeyAnswer(std::get<BadKey>(judged));
    CHECK(answer == row.expected);
}

TEST_CASE("lower precedence first, and equal ones in any order", "[dns][keys]")
{
    Randomness random;
    auto const records = key_records({record(ed25519(1), "", 20), record(ed25519(2), "", 10),
                                      record(ed25519(3), "", 20), record(ed25519(4), "", 0)});
    std::set<std::vector<std::byte>> seen_third;
    for (int i = 0; i < 100; ++i) {
        auto const judged = judge_records(records, host, random);
        auto const& order = std::get<UsableRecords>(judged).records;
        CHECK(order.at(0).key == ed25519(4));
        CHECK(order.at(1).key == ed25519(2));
        seen_third.insert(order.at(2).key->bytes);
    }
    CHECK(seen_third == std::set{ed25519(1).bytes, ed25519(3).bytes});
}

TEST_CASE("the keys that a host gives for itself", "[dns][keys]")
{
    auto const records = key_records({record(ed25519(3), "", 30), record(ed25519(1), "gw.example", 10),
                                      record(ed25519(2), "192.0.2.1", 20), record(ed25519(3), "", 40),
                                      record(ed25519(9), "other.example"), record(ed25519(9), "192.0.2.9"),
                                      record(std::nullopt, "gw.example"), malformed, unknown});
    std::vector const all{ed25519(1), ed25519(2), ed25519(3)};
    CHECK(own_keys(records, {"GW.example", {host}}) == all);
    CHECK(own_keys(records, {"", {host}}) == std::vector{ed25519(2), ed25519(3)});
    CHECK(own_keys(records, {"gw.example", {}}) == std::vector{ed25519(1), ed25519(3)});

    std::vector<std::vector<std::byte>> many;
    for (uint8_t i = 0; i < 50; ++i)
        many.push_back(record(ed25519(i)));
    CHECK(own_keys(key_records(many), {"", {host}}).size() == max_keys);
}

TEST_CASE("three gateways, each with all its keys", "[dns][keys]")
{
    UsableRecords const usable{{Trust::Dnssec, usual_ttl},
                               {{1, address("198.51.100.1"), ed25519(1)},
                                {2, GatewayName{"gw.example"}, ed25519(2)},
                                {3, address("198.51.100.1"), ed25519(3)},
                                {4, NoGateway{}, ed25519(4)},
                                {5, address("198.51.100.5"), ed25519(5)},
                                {6, host, ed25519(6)}}};
    auto const found = candidates(usable, host);
    REQUIRE(found.size() == max_gateways);
    CHECK(found[0].keys == std::vector{ed25519(1), ed25519(3)});
    CHECK(std::get<GatewayName>(found[1].gateway).text == "gw.example");
    CHECK(std::get<Address>(found[2].gateway) == host);
    CHECK(found[2].keys == std::vector{ed25519(4), ed25519(6)});
}

TEST_CASE("what comes of several gateways", "[dns][keys]")
{
    auto const found = [](Trust trust, std::string_view where, uint8_t key, std::chrono::seconds ttl = 100s) {
        return KeysFound{trust, {{address(where), {ed25519(key)}}}, ttl};
    };
    struct Row {
        std::string why;
        std::vector<KeyAnswer> answers;
        KeyAnswer expected;
    };
    NoKey const none{10s, "none"};
    BadKey const bad{20s, "bad"};
    Unavailable const down{"down"};
    auto const row = GENERATE_COPY(values<Row>({
        {"in their order",
         {found(Trust::Dnssec, "192.0.2.2", 2), found(Trust::Dnssec, "192.0.2.1", 1, 50s)},
         KeysFound{Trust::Dnssec, {{address("192.0.2.2"), {ed25519(2)}}, {host, {ed25519(1)}}}, 50s}},
        {"names of the same address",
         {found(Trust::Dnssec, "192.0.2.1", 2), found(Trust::Dnssec, "192.0.2.1", 1),
          found(Trust::Dnssec, "192.0.2.1", 2)},
         KeysFound{Trust::Dnssec, {{host, {ed25519(2), ed25519(1)}}}, 100s}},
        {"signed displaces unsigned",
         {found(Trust::Unsigned, "192.0.2.1", 1, 5s), found(Trust::Dnssec, "192.0.2.2", 2)},
         found(Trust::Dnssec, "192.0.2.2", 2)},
        {"one suffices",
         {none, bad, found(Trust::Unsigned, "192.0.2.1", 1)},
         found(Trust::Unsigned, "192.0.2.1", 1)},
        {"the rest may be there soon",
         {down, found(Trust::Dnssec, "192.0.2.1", 1)},
         found(Trust::Dnssec, "192.0.2.1", 1, 0s)},
        {"forged is worse than unknown", {none, down, bad}, bad},
        {"unknown is worse than nothing", {none, down}, down},
        {"nothing", {none, none}, none},
    }));
    INFO(row.why);
    CHECK(merged(row.answers) == row.expected);
}

TEST_CASE("answers are remembered until their time is over, within a bound", "[dns][keys]")
{
    KeyCache cache(2);
    auto const start = KeyCache::Time{};
    auto const other = address("192.0.2.2");
    cache.put(host, NoKey{10s, "a"}, start + 10s);
    cache.put(other, NoKey{20s, "b"}, start + 20s);
    CHECK(cache.find(host, start + 9s)->answer == KeyAnswer(NoKey{10s, "a"}));
    CHECK(!cache.find(host, start + 10s));
    cache.put(host, NoKey{30s, "c"}, start + 30s); // replaces
    CHECK(cache.size() == 2);
    cache.put(address("192.0.2.3"), NoKey{}, start + 25s); // what ends soonest goes
    CHECK(cache.size() == 2);
    CHECK(!cache.find(other, start));
    CHECK(cache.find(host, start));
    cache.erase(host);
    CHECK(!cache.find(host, start));
    cache.clear();
    CHECK(cache.size() == 0);
    cache.put(host, NoKey{}, start + 1s);
    CHECK(cache.find(host, start));
}
