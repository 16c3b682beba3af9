// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/key_lookup.h"
#include "dns/reverse_name.h"
#include "tests/dns/keys.h"
#include "tests/dns/scripted_resolver.h"

#include <catch2/catch.hpp>

using namespace oekd;
using namespace oekd::dns;
using namespace oekd::test;
using namespace std::chrono_literals;
using Trust = KeysFound::Trust;
using Zone = ScriptedResolver::Zone;

namespace {

constexpr auto host = "192.0.2.1";
constexpr auto far = "198.51.100.7"; ///< a gateway
auto const name = reverse_name(address(host));
auto const far_name = reverse_name(address(far));

std::pair<std::string, RecordType> key_at(std::string const& where) { return {where, RecordType::Ipseckey}; }
std::pair<std::string, RecordType> v4_at(std::string const& where) { return {where, RecordType::A}; }
std::pair<std::string, RecordType> v6_at(std::string const& where) { return {where, RecordType::Aaaa}; }

struct Asking {
    explicit Asking(KeyLookup::Options options = {}) : lookup(loop, script, options, [this] { return clock; })
    {}

    KeyLookup::Answered store()
    {
        return [this](KeyAnswer given) {
            CHECK(!answer);
            answer = std::move(given);
        };
    }
    /// What a zone leads to.
    KeyAnswer ask(Zone const& zone, NoRecord const& otherwise = no_name(Security::Signed))
    {
        auto const waiting = lookup.ask(address(host), store());
        CHECK(!answer);
        script.serve(zone, otherwise);
        REQUIRE(answer);
        return *std::exchange(answer, std::nullopt);
    }
    NamedAnswer ask_name(std::string const& who, Zone const& zone)
    {
        std::optional<NamedAnswer> found;
        auto const waiting = lookup.ask_name(who, [&](NamedAnswer given) { found = std::move(given); });
        script.serve(zone, no_name(Security::Signed));
        if (!found)
            run_until([&] { return found.has_value(); });
        REQUIRE(found);
        return *found;
    }
    template <typename Condition> void run_until(Condition condition)
    {
        auto const limit = loop.after(10s, [this] { loop.stop(1); }).value();
        std::function<void()> look = [&] {
            if (condition())
                loop.stop(0);
            else
                timer = loop.after(1ms, look).value();
        };
        look();
        CHECK(loop.run().value() == 0);
    }

    EventLoop loop = EventLoop::create().value();
    ScriptedResolver script;
    bool clock = true;
    std::optional<KeyAnswer> answer;
    EventSource timer;
    KeyLookup lookup;
};

KeyAnswer found(Trust trust, std::vector<Gateway> gateways, std::chrono::seconds ttl = usual_ttl)
{
    return KeysFound{trust, std::move(gateways), ttl};
}

} // namespace

TEST_CASE("what the DNS says about an address", "[dns][keys]")
{
    struct Row {
        std::string why;
        Zone zone;
        KeyAnswer expected;
    };
    auto const at_host = found(Trust::Dnssec, {{address(host), {ed25519(1)}}});
    auto const at_far = found(Trust::Dnssec, {{address(far), {ed25519(1)}}});
    auto const minute = [](KeyAnswer answer) {
        std::get<KeysFound>(answer).ttl = 60s;
        return answer;
    };
    auto const unsigned_host = found(Trust::Unsigned, {{address(host), {ed25519(1)}}});
    auto const keyless_name = key_records({record(std::nullopt, "gw.example")});
    auto const by_name = key_records({record(ed25519(1), "gw.example")});
    auto const row = GENERATE_COPY(values<Row>({
        {"nothing", {}, NoKey{60s, ""}},
        {"nothing, and nobody signed that", {{key_at(name), no_type()}}, NoKey{60s, ""}},
        {"its own key", {{key_at(name), key_records({record(ed25519(1))})}}, at_host},
        {"its own key, unsigned",
         {{key_at(name), key_records({record(ed25519(1))}, Security::Unsigned)}},
         unsigned_host},
        {"two keys: a roll-over",
         {{key_at(name), key_records({record(ed25519(1), "", 1), record(ed25519(2), host, 2)})}},
         found(Trust::Dnssec, {{address(host), {ed25519(1), ed25519(2)}}})},
        {"forged",
         {{key_at(name), key_records({record(ed25519(1))}, Security::Bogus)}},
         BadKey{60s, name + ": a wrong signature"}},
        {"a forged denial",
         {{key_at(name), NoRecord{NoRecord::Missing::Name, 3600s, Security::Bogus, "no NSEC"}}},
         BadKey{60s, name + ": no NSEC"}},
        {"no answer",
         {{key_at(name), NoAnswer{"no server answers"}}},
         Unavailable{name + ": no server answers"}},
        {"signed and malformed",
         {{key_at(name), key_records({bytes("\1")})}},
         BadKey{60s, "the record is malformed: 1 bytes, fewer than 3"}},
        {"another host is the gateway", {{key_at(name), key_records({record(ed25519(1), far)})}}, at_far},
        {"a gateway's name",
         {{key_at(name), by_name}, {v4_at("gw.example"), records({far}, Security::Signed)}},
         minute(at_far)},
        {"a name with two addresses",
         {{key_at(name), by_name}, {v4_at("gw.example"), records({far, "198.51.100.8"}, Security::Signed)}},
         found(Trust::Dnssec, {{address(far), {ed25519(1)}}, {address("198.51.100.8"), {ed25519(1)}}}, 60s)},
        {"a name without an address",
         {{key_at(name), by_name}},
         NoKey{60s, "the address of the gateway gw.example: there is none"}},
        {"a name with addresses that no peer has",
         {{key_at(name), by_name},
          {v4_at("gw.example"), records({"127.0.0.1", "10.0.0.1"}, Security::Signed)}},
         NoKey{60s, "the gateway gw.example has no address that a peer could have"}},
        {"a name with a forged address",
         {{key_at(name), by_name}, {v4_at("gw.example"), records({far}, Security::Bogus)}},
         BadKey{60s, "the address of the gateway gw.example: "}},
        {"a name that nobody can resolve",
         {{key_at(name), by_name}, {v4_at("gw.example"), NoAnswer{"down"}}},
         Unavailable{"the address of the gateway gw.example: down"}},
        {"a signed record, an unsigned address",
         {{key_at(name), by_name}, {v4_at("gw.example"), records({far})}},
         NoKey{60s, "nobody has signed the address or the key of the gateway gw.example"}},
        {"a signed record, an unsigned name of the host itself",
         {{key_at(name), by_name}, {v4_at("gw.example"), records({far, host})}},
         minute(unsigned_host)},
        {"the key stands at the gateway's reverse name",
         {{key_at(name), key_records({record(std::nullopt, far)})},
          {key_at(far_name), key_records({record(ed25519(1))})}},
         at_far},
        {"the key stands at the gateway's name",
         {{key_at(name), keyless_name},
          {v4_at("gw.example"), records({far}, Security::Signed)},
          {key_at("gw.example"), key_records({record(ed25519(1))})},
          {key_at(far_name), key_records({record(ed25519(2))})}},
         minute(at_far)},
        {"the gateway's name has no key, its address has",
         {{key_at(name), keyless_name},
          {v4_at("gw.example"), records({far}, Security::Signed)},
          {key_at(far_name), key_records({record(ed25519(1))})}},
         minute(at_far)},
        {"the gateway's key is unsigned",
         {{key_at(name), key_records({record(std::nullopt, far)})},
          {key_at(far_name), key_records({record(ed25519(1))}, Security::Unsigned)}},
         NoKey{usual_ttl, "nobody has signed the address or the key of the gateway 198.51.100.7"}},
        {"the gateway's key is forged",
         {{key_at(name), key_records({record(std::nullopt, far)})},
          {key_at(far_name), key_records({record(ed25519(1))}, Security::Bogus)}},
         BadKey{60s, "the key of the gateway 198.51.100.7: a wrong signature"}},
        {"the gateway sends us on to another",
         {{key_at(name), key_records({record(std::nullopt, far)})},
          {key_at(far_name), key_records({record(ed25519(1), "198.51.100.8")})}},
         NoKey{usual_ttl, "the gateway 198.51.100.7 has no key of its own"}},
        {"one gateway fails, the other does not",
         {{key_at(name), key_records({record(std::nullopt, "gw.example", 1), record(ed25519(1), far, 2)})}},
         at_far},
        {"both are the same",
         {{key_at(name), key_records({record(ed25519(1), far, 1), record(ed25519(2), "gw.example", 2)})},
          {v4_at("gw.example"), records({far}, Security::Signed)}},
         found(Trust::Dnssec, {{address(far), {ed25519(1), ed25519(2)}}}, 60s)},
    }));
    INFO(row.why);
    Asking asking;
    auto const answer = asking.ask(row.zone);
    CHECK(answer == row.expected);
    CHECK(asking.lookup.under_way() == 0);
    CHECK(asking.script.questions.empty());
}

TEST_CASE("a gateway's name is resolved for the family of the address", "[dns][keys]")
{
    Asking asking;
    auto const waiting = asking.lookup.ask(address("2001:db8::1"), asking.store());
    asking.script.serve(
        {{key_at(reverse_name(address("2001:db8::1"))), key_records({record(ed25519(1), "gw.example")})},
         {v4_at("gw.example"), records({far}, Security::Signed)},
         {v6_at("gw.example"), records({"2001:db8::7"}, Security::Signed)}},
        no_name());
    REQUIRE(asking.answer);
    CHECK(std::get<KeysFound>(*asking.answer).gateways.at(0).address == address("2001:db8::7"));
}

TEST_CASE("without a clock nothing is forged", "[dns][keys]")
{
    Asking asking;
    asking.clock = false;
    Zone const forged{{key_at(name), key_records({record(ed25519(1))}, Security::Bogus)}};
    CHECK(std::holds_alternative<Unavailable>(asking.ask(forged)));
    CHECK(std::holds_alternative<BadKey>(asking.ask({{key_at(name), key_records({bytes("\1")})}})));
    asking.lookup.forget_all();
    asking.clock = true;
    CHECK(std::holds_alternative<BadKey>(asking.ask(forged)));
}

TEST_CASE("a TTL counts within bounds", "[dns][keys]")
{
    auto const ttl = [](std::chrono::seconds given, Security security) {
        Asking asking;
        auto const answer = asking.ask({{key_at(name), key_records({record(ed25519(1))}, security, given)}});
        auto const* keys = std::get_if<KeysFound>(&answer);
        return keys ? keys->ttl : std::get<BadKey>(answer).ttl;
    };
    CHECK(ttl(0s, Security::Signed) == 30s);
    CHECK(ttl(100s, Security::Unsigned) == 100s);
    CHECK(ttl(7 * 86400s, Security::Signed) == 86400s);
    CHECK(ttl(7 * 86400s, Security::Bogus) == 60s);
    CHECK(ttl(0s, Security::Bogus) == 30s);
}

TEST_CASE("an answer is remembered while its TTL lasts", "[dns][keys]")
{
    Asking asking({.shortest_ttl = 0s});
    Zone const zone{{key_at(name), key_records({record(ed25519(1))}, Security::Signed, 1s)}};
    CHECK(!asking.lookup.known(address(host)));
    auto const first = asking.ask(zone);
    CHECK(asking.lookup.known(address(host)) == first);
    auto const waiting = asking.lookup.ask(address(host), asking.store());
    CHECK(!asking.answer); // never from within ask()
    asking.run_until([&] { return asking.answer && !asking.lookup.known(address(host)); });
    CHECK(asking.answer == first);
    CHECK(asking.script.asked == 1);
    asking.answer.reset();
    CHECK(asking.ask(zone) == first);
    CHECK(asking.script.asked == 2);
    asking.lookup.forget(address(host));
    CHECK(!asking.lookup.known(address(host)));

    auto const& counts = asking.lookup.statistics();
    CHECK(counts.with_dnssec == 2);
    CHECK(counts.remembered >= 2);
}

TEST_CASE("nobody's answer is not remembered", "[dns][keys]")
{
    Asking asking;
    asking.ask({{key_at(name), NoAnswer{"down"}}});
    CHECK(!asking.lookup.known(address(host)));
    CHECK(asking.lookup.statistics().unavailable == 1);
}

TEST_CASE("those who ask for the same address share a search", "[dns][keys]")
{
    Asking asking;
    int answers = 0;
    std::unique_ptr<Lookup> first;
    std::unique_ptr<Lookup> second;
    // The first one withdraws the second in its own answer, and itself.
    first = asking.lookup.ask(address(host), [&](KeyAnswer const&) {
        ++answers;
        second.reset();
        first.reset();
    });
    second = asking.lookup.ask(address(host), [&](KeyAnswer const&) { ++answers; });
    auto const third = asking.lookup.ask(address(host), asking.store());
    CHECK(asking.script.asked == 1);
    CHECK(asking.lookup.under_way() == 1);
    asking.script.serve({}, no_name());
    CHECK(answers == 1);
    CHECK(asking.answer == KeyAnswer(NoKey{60s, ""}));
    CHECK(asking.lookup.statistics().shared == 2);
}

TEST_CASE("after the deadline there is no answer, and the next one hears at once", "[dns][keys]")
{
    Asking asking({.deadline = 10ms});
    auto const waiting = asking.lookup.ask(address(host), asking.store());
    asking.run_until([&] { return asking.answer.has_value(); });
    CHECK(asking.answer == KeyAnswer(Unavailable{"no answer in time"}));
    CHECK(asking.lookup.statistics().late == 1);
    CHECK(asking.lookup.under_way() == 1);
    asking.script.serve({{key_at(name), key_records({record(ed25519(1))})}}, no_name());
    CHECK(asking.lookup.under_way() == 0);
    auto const known = asking.lookup.known(address(host));
    REQUIRE(known);
    CHECK(std::holds_alternative<KeysFound>(*known));
}

TEST_CASE("who withdraws hears nothing", "[dns][keys]")
{
    Asking asking;
    asking.lookup.ask(address(host), asking.store()).reset();
    asking.script.serve({}, no_name());
    CHECK(!asking.answer);
    CHECK(asking.lookup.known(address(host)));
}

TEST_CASE("the number of searches is bounded, and one that nobody waits for gives way", "[dns][keys]")
{
    Asking asking({.max_searches = 2});
    auto first = asking.lookup.ask(address("192.0.2.11"), [](KeyAnswer const&) {});
    auto const second = asking.lookup.ask(address("192.0.2.12"), [](KeyAnswer const&) {});
    auto const same = asking.lookup.ask(address("192.0.2.12"), [](KeyAnswer const&) {});
    auto const third = asking.lookup.ask(address("192.0.2.13"), asking.store());
    std::optional<NamedAnswer> named;
    auto const fourth =
        asking.lookup.ask_name("a.example", [&](NamedAnswer given) { named = std::move(given); });
    asking.run_until([&] { return asking.answer && named; });
    Unavailable const refusal{"2 searches for keys are under way"};
    CHECK(asking.answer == KeyAnswer(refusal));
    CHECK(named == NamedAnswer(refusal));
    CHECK(asking.lookup.statistics().refused == 2);

    asking.answer.reset();
    first.reset();
    auto const fifth = asking.lookup.ask(address("192.0.2.13"), asking.store());
    CHECK(asking.script.is_asked(reverse_name(address("192.0.2.13"))));
    CHECK(!asking.script.is_asked(reverse_name(address("192.0.2.11"))));
    asking.script.serve({}, no_name());
    CHECK(asking.answer == KeyAnswer(NoKey{60s, ""}));
}

TEST_CASE("who asks may outlive the look-up", "[dns][keys]")
{
    auto loop = EventLoop::create().value();
    ScriptedResolver script;
    auto lookup = std::make_unique<KeyLookup>(loop, script, KeyLookup::Options{}, [] { return true; });
    auto const never = [](auto const&) { FAIL("answered"); };
    auto const waiting = lookup->ask(address(host), never);
    auto const named = lookup->ask_name("a.example", never);
    auto const no_name = lookup->ask_name("no name", never);
    lookup.reset();
    CHECK(script.questions.empty());
}

TEST_CASE("what the DNS says about a name", "[dns][keys]")
{
    struct Row {
        std::string why;
        Zone zone;
        NamedAnswer expected;
    };
    auto const own = key_records({record(ed25519(1)), record(ed25519(9), "other.example")});
    auto const v4 = records({host}, Security::Signed);
    auto const v6 = records({"2001:db8::1"}, Security::Signed);
    auto const row = GENERATE_COPY(values<Row>({
        {"key and addresses",
         {{key_at("a.example"), own}, {v4_at("a.example"), v4}, {v6_at("a.example"), v6}},
         NamedKeys{Trust::Dnssec, {ed25519(1)}, {address(host), address("2001:db8::1")}, 60s}},
        {"unsigned addresses do not count",
         {{key_at("a.example"), own}, {v4_at("a.example"), records({host})}, {v6_at("a.example"), v6}},
         NamedKeys{Trust::Dnssec, {ed25519(1)}, {address("2001:db8::1")}, 60s}},
        {"forged ones neither",
         {{key_at("a.example"), own}, {v4_at("a.example"), records({host}, Security::Bogus)}},
         NamedKeys{Trust::Dnssec, {ed25519(1)}, {}, usual_ttl}},
        {"an unsigned key",
         {{key_at("a.example"), key_records({record(ed25519(1))}, Security::Unsigned)},
          {v4_at("a.example"), v4}},
         NamedKeys{Trust::Unsigned, {ed25519(1)}, {address(host)}, 60s}},
        {"by its own address",
         {{key_at("a.example"), key_records({record(ed25519(1), host)})}, {v4_at("a.example"), v4}},
         NamedKeys{Trust::Dnssec, {ed25519(1)}, {address(host)}, 60s}},
        {"no key", {{v4_at("a.example"), v4}}, NoKey{60s, "a.example: there is none"}},
        {"no key of its own",
         {{key_at("a.example"), key_records({record(ed25519(1), "b.example")})}},
         NoKey{usual_ttl, "a.example has no key of its own"}},
        {"a forged key",
         {{key_at("a.example"), key_records({record(ed25519(1))}, Security::Bogus)}},
         BadKey{usual_ttl, "a.example: a wrong signature"}},
        {"nobody knows the key", {{key_at("a.example"), NoAnswer{"down"}}}, Unavailable{"a.example: down"}},
        {"nobody knows the address",
         {{key_at("a.example"), own}, {v4_at("a.example"), NoAnswer{"down"}}},
         Unavailable{"the address of a.example: down"}},
    }));
    INFO(row.why);
    Asking asking;
    CHECK(asking.ask_name("a.example", row.zone) == row.expected);
    CHECK(asking.lookup.under_way() == 0);
}

TEST_CASE("a text that is no name is not asked for", "[dns][keys]")
{
    Asking asking;
    CHECK(asking.ask_name("a b\n", {}) == NamedAnswer(NoKey{30s, "\"a b\\x0a\" is no host's name"}));
    CHECK(asking.script.asked == 0);
}

TEST_CASE("a name's deadline", "[dns][keys]")
{
    Asking asking({.deadline = 10ms});
    std::optional<NamedAnswer> answer;
    auto const waiting = asking.lookup.ask_name("a.example", [&](NamedAnswer given) {
        CHECK(!answer);
        answer = std::move(given);
    });
    asking.run_until([&] { return answer.has_value(); });
    CHECK(*answer == NamedAnswer(Unavailable{"no answer in time"}));
    asking.script.serve({}, no_name()); // too late
    CHECK(asking.lookup.under_way() == 0);
}

TEST_CASE("how long answers took", "[dns][keys]")
{
    Latencies latencies;
    latencies.add(1ms);
    latencies.add(1001us);
    latencies.add(5s);
    latencies.add(6s);
    CHECK(latencies.counts == std::array<uint64_t, 10>{1, 1, 0, 0, 0, 0, 0, 0, 1, 1});
    CHECK(latencies.sum == 11'002'001us);
}
