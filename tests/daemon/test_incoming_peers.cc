// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/incoming_peers.h"
#include "tests/daemon/scripted_keys.h"

#include <catch2/catch.hpp>

using namespace oekd;
using namespace std::chrono_literals;

namespace {

using Demand = Authentication::Demand;

Address address(std::string_view text) { return Address::parse(text).value(); }

PublicKey const theirs{KeyAlgorithm::EdDsa, std::vector(32, std::byte{1})};
KeyAnswer const promised = KeysFound{KeysFound::Trust::Dnssec, {{address("10.2.0.1"), {theirs}}}, 300s};

/// What came of each question, in words.
struct Fixture {
    explicit Fixture(AcceptedProtections accepted = {Protection::Dnssec, Protection::Dns,
                                                     Protection::Anonymous})
        : peers(keys, identities, table_of(accepted),
                {[this](KeysWanted const&, Authentication authentication) {
                     replies.push_back(authentication);
                 },
                 [this](KeysWanted const&) { ++refused; }})
    {}

    static std::shared_ptr<GroupTable const> table_of(AcceptedProtections accepted)
    {
        std::vector<LineError> errors;
        GroupLine line{Prefix::parse("10.0.0.0/8").value(), PolicyGroup::ClearOrPrivate, "f", 1};
        line.judgement.accepted = accepted;
        return std::make_shared<GroupTable const>(GroupTable::build({line}, errors));
    }

    void come(uint32_t sa = 1)
    {
        peers.wanted({.sa = IkeSaId{sa}, .flow = {address("10.1.0.1"), address("10.2.0.1")}});
    }

    EventLoop loop = EventLoop::create().value();
    Journal journal = Journal::open(LogLevel::Error);
    ScriptedKeys keys;
    OwnIdentities identities{loop, keys, journal, std::nullopt, false};
    std::vector<Authentication> replies;
    int refused = 0;
    IncomingPeers peers;
};

} // namespace

TEST_CASE("where no keys are taken a peer is answered without asking anybody", "[daemon][keys]")
{
    Fixture f({Protection::Anonymous});
    f.come();
    CHECK(f.keys.asked.empty());
    REQUIRE(f.replies.size() == 1);
    CHECK(f.replies.front() == Authentication{});
}

TEST_CASE("a peer waits for the DNS, and must prove what that promises", "[daemon][keys]")
{
    Fixture f;
    f.come();
    CHECK(f.replies.empty());
    CHECK(f.keys.asked == std::vector<std::string>{"10.2.0.1"});
    f.keys.answer(promised);
    REQUIRE(f.replies.size() == 1);
    CHECK(f.replies.front().demand == Demand::Required);
    CHECK(f.replies.front().keys == std::vector{theirs});
}

TEST_CASE("what is known already is not asked again", "[daemon][keys]")
{
    Fixture f;
    f.keys.remembered = promised;
    f.come();
    CHECK(f.keys.asked.empty());
    REQUIRE(f.replies.size() == 1);
    CHECK(f.replies.front().demand == Demand::Required);
}

TEST_CASE("a peer of which the DNS was forged is refused; one of which it knows nothing is anybody",
          "[daemon][keys]")
{
    Fixture f;
    f.come();
    f.keys.answer(BadKey{60s, "bogus"});
    CHECK(f.refused == 1);
    f.come();
    f.keys.answer(NoKey{60s, ""});
    REQUIRE(f.replies.size() == 1);
    CHECK(f.replies.front().demand == Demand::Anything);
    CHECK(f.replies.front().keys.empty());
}

TEST_CASE("peers that wait are bounded", "[daemon][keys]")
{
    Fixture f;
    for (uint32_t sa = 1; sa <= IncomingPeers::max_waiting + 2; ++sa)
        f.come(sa);
    CHECK(f.keys.asked.size() == IncomingPeers::max_waiting);
    CHECK(f.refused == 2);
}
