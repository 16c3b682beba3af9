// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/expectation.h"
#include "ike/spki.h"

#include <catch2/catch.hpp>

using namespace oekd;

namespace {

using Demand = Authentication::Demand;
using From = Expectation::Candidate::From;

PublicKey key(unsigned char fill)
{
    return {.algorithm = KeyAlgorithm::EdDsa, .bytes = std::vector<std::byte>(32, std::byte{fill})};
}

Claim signs(std::optional<PublicKey> const& brings = std::nullopt)
{
    return {.method = Claim::Method::Signature,
            .spki = brings ? make_spki(*brings).value() : std::vector<std::byte>{}};
}

std::vector<PublicKey> keys_of(std::vector<Expectation::Candidate> const& candidates)
{
    std::vector<PublicKey> keys;
    for (auto const& each : candidates)
        keys.push_back(each.key);
    return keys;
}

} // namespace

TEST_CASE("which keys a peer may prove", "[ike]")
{
    using Keys = std::vector<PublicKey>;
    auto const [why, demand, expected, brings, result] =
        GENERATE(table<char const*, Demand, Keys, std::optional<PublicKey>, Keys>({
            {"those that are expected", Demand::Required, {key(1), key(2)}, {}, {key(1), key(2)}},
            {"a new one is none of them", Demand::Required, {key(1)}, key(3), {key(1)}},
            {"nor where AUTH-NULL would do", Demand::Preferred, {key(1)}, key(3), {key(1)}},
            {"a new one", Demand::Anything, {key(1)}, key(3), {key(1), key(3)}},
            {"one that is expected is not new", Demand::Anything, {key(1)}, key(1), {key(1)}},
            {"none", Demand::Anything, {}, {}, {}},
        }));
    INFO(why);
    Expectation expectation({.demand = demand, .keys = expected});
    CHECK(keys_of(expectation.candidates(signs(brings))) == result);
}

TEST_CASE("keys that are none are left out, and so are too many", "[ike]")
{
    Authentication known{.demand = Demand::Required, .keys = {{.algorithm = KeyAlgorithm::Rsa}, key(1)}};
    CHECK(keys_of(Expectation(known).candidates(signs())) == std::vector{key(1)});
    known.keys.assign(1000, key(1));
    CHECK(Expectation(known).candidates(signs()).size() == Authentication::max_keys);
}

TEST_CASE("what was proven is what is told", "[ike]")
{
    Expectation expectation({.demand = Demand::Anything, .keys = {key(1), key(2)}});
    (void)expectation.candidates(signs(key(3)));
    CHECK_FALSE(expectation.is_authorized());
    SECTION("nothing")
    {
        REQUIRE(expectation.authorize(std::nullopt));
        CHECK_FALSE(expectation.proven());
        CHECK_FALSE(expectation.offered());
    }
    SECTION("an expected key")
    {
        REQUIRE(expectation.authorize(1));
        CHECK(expectation.proven() == key(2));
        CHECK_FALSE(expectation.offered());
    }
    SECTION("one that nobody expected")
    {
        REQUIRE(expectation.authorize(2));
        CHECK_FALSE(expectation.proven());
        CHECK(expectation.offered() == key(3));
    }
    SECTION("one that was no candidate")
    {
        CHECK_FALSE(expectation.authorize(3));
        CHECK_FALSE(expectation.is_authorized());
        return;
    }
    CHECK(expectation.is_authorized());
}

TEST_CASE("AUTH-NULL is enough where no key is required", "[ike]")
{
    CHECK(Expectation({.demand = Demand::Anything}).authorize(std::nullopt));
    CHECK(Expectation({.demand = Demand::Preferred, .keys = {key(1)}}).authorize(std::nullopt));
    CHECK_FALSE(Expectation({.demand = Demand::Required, .keys = {key(1)}}).authorize(std::nullopt));
    CHECK_FALSE(Expectation().authorize(std::nullopt));
}

TEST_CASE("questions and answers", "[ike]")
{
    Expectation expectation;
    Authentication const known{.demand = Demand::Required};
    Flow const hosts{.local = *Address::parse("10.1.0.1"), .remote = *Address::parse("10.2.0.1")};
    Flow const client{.local = hosts.local, .remote = *Address::parse("10.2.0.2")};
    REQUIRE(expectation.ask({.flow = hosts}));
    CHECK_FALSE(expectation.ask({.flow = hosts}));
    SECTION("the answer comes first")
    {
        CHECK_FALSE(expectation.answer({.flow = hosts}, known));
        CHECK(expectation.is_known());
        CHECK_FALSE(expectation.answer({.flow = hosts}, {})); // twice
        CHECK_FALSE(expectation.authorize(std::nullopt));
    }
    SECTION("the message comes first")
    {
        expectation.wait();
        CHECK(expectation.answer({.flow = hosts}, known));
        CHECK_FALSE(expectation.answer({.flow = hosts}, known));
    }
    SECTION("the message makes it another question")
    {
        Expectation::Question const second =
            GENERATE_COPY(Expectation::Question{.flow = hosts, .name = "gate.example"},
                          Expectation::Question{.flow = client});
        (void)expectation.answer({.flow = hosts}, {});
        REQUIRE(expectation.ask(second));
        CHECK_FALSE(expectation.is_known());
        expectation.wait();
        CHECK_FALSE(expectation.answer({.flow = hosts}, known)); // late, to the first one
        CHECK_FALSE(expectation.answer({.flow = client, .name = "other.example"}, known));
        CHECK_FALSE(
            expectation.ask({.flow = client, .name = "other.example"})); // one peer could ask for ever
        CHECK_FALSE(expectation.ask({.flow = hosts}));
        CHECK(expectation.answer(second, known));
    }
    SECTION("no")
    {
        expectation.wait();
        CHECK(expectation.refuse());
        CHECK_FALSE(expectation.answer({.flow = hosts}, {}));
        CHECK_FALSE(expectation.authorize(std::nullopt));
    }
}

TEST_CASE("names that strangers claim", "[ike]")
{
    CHECK(host_name("Gate.Example.ORG.") == "gate.example.org");
    CHECK(host_name("a_b-c.1") == "a_b-c.1");
    CHECK(host_name(std::string(253, 'a')));
    for (std::string const& none :
         {std::string(), std::string("."), std::string(".a"), std::string("a..b"), std::string("a b"),
          std::string("a\nb"), std::string("a\0b", 3), std::string("\xc3\xa4.de"), std::string("*.a"),
          std::string("a/b"), std::string(254, 'a')})
        CHECK_FALSE(host_name(none));
}
