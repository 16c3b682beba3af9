// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/sa_table.h"
#include "ike/spki.h"

#include <catch2/catch.hpp>

using namespace oekd;

namespace {

class Gate : public ResponderGate {
public:
    Welcome answer = Welcome::Answer;
    std::optional<Flow> refused;
    std::vector<SaDescription> installed;

    Welcome welcome(Address const&) noexcept override { return answer; }
    bool accepts(Flow const& flow) noexcept override { return flow != refused; }
    void sa_installed(SaDescription const& sa) noexcept override { installed.push_back(sa); }
};

Flow const west_east{.local = *Address::parse("10.1.0.1"), .remote = *Address::parse("10.2.0.1")};
Flow const west_plain{.local = *Address::parse("10.1.0.1"), .remote = *Address::parse("10.3.0.1")};
Flow const west_echo{.local = west_east.local, .remote = west_east.remote, .service = {6, 0, 7}};
constexpr NegotiationId ours{42};

charon_sa sa(uint32_t number)
{
    return {.id = number, .initiator_spi = number + 1000, .responder_spi = 0, .initiated = 1};
}

Endpoints hosts_of(Flow const& flow) { return {.local = flow.local, .remote = flow.remote}; }

/// A table with small limits, and all that it works with.
struct Bench {
    ReqidTable reqids{Reqid{100}, Reqid{105}};
    Gate gate;
    Mailbox<IkeEvent> mailbox = Mailbox<IkeEvent>::create().value();
    Incoming incoming = Incoming::Anonymous;
    SaTable table{{.negotiations = 2, .total = 4, .per_address = 2}, reqids, gate, mailbox, incoming};

    Reqid begin(NegotiationId id = ours, uint32_t number = 1, Flow const& flow = west_east)
    {
        REQUIRE(table.reserve(id, flow));
        table.begun(id, sa(number));
        return authenticated(number);
    }
    Reqid answer(uint32_t number = 2, Flow const& flow = west_east)
    {
        REQUIRE(table.admit(sa(number), flow));
        REQUIRE(table.accepts(sa(number), hosts_of(flow), flow, EspMode::Transport));
        return authenticated(number);
    }
    Reqid authenticated(uint32_t number)
    {
        REQUIRE(table.authorize(sa(number), std::nullopt));
        auto reqid = table.reqid(sa(number));
        REQUIRE(reqid);
        return *reqid;
    }
    bool up(uint32_t number, Reqid reqid, Flow const& flow = west_east)
    {
        return table.child_up(sa(number), {.flow = flow, .reqid = reqid, .mode = EspMode::Tunnel});
    }
    /// The events so far must be just one of this kind.
    template <typename T> T only()
    {
        auto events = mailbox.take_all();
        REQUIRE(events.size() == 1);
        REQUIRE(std::holds_alternative<T>(events.front()));
        return std::get<T>(events.front());
    }
    bool quiet() { return mailbox.take_all().empty(); }
};

} // namespace

TEST_CASE("the table knows with whom an IKE_SA is left, until the last one is gone", "[ike]")
{
    Bench bench;
    auto const& remote = west_east.remote;
    CHECK(!bench.table.has_sa_with(remote));
    bench.begin();
    bench.answer();
    bench.table.sa_gone(sa(1));
    CHECK(bench.table.has_sa_with(remote));
    CHECK(!bench.table.has_sa_with(west_plain.remote));
    bench.table.sa_gone(sa(2));
    CHECK(!bench.table.has_sa_with(remote));
}

TEST_CASE("a negotiation that succeeds is told once, and its end once", "[ike]")
{
    Bench bench;
    auto reqid = bench.begin();
    REQUIRE(bench.up(1, reqid));
    auto event = bench.only<SaUp>();
    CHECK(event.negotiation == ours);
    CHECK(event.sa.by == Established::By::Us);
    CHECK(event.sa.flow == west_east);
    CHECK(event.sa.reqid == reqid);
    CHECK(event.sa.mode == EspMode::Tunnel);
    REQUIRE(bench.gate.installed.size() == 1);
    CHECK(bench.gate.installed[0].sa == event.sa.sa);

    bench.table.child_down(sa(1));
    CHECK(bench.only<SaDown>().sa == event.sa.sa);
    CHECK(bench.reqids.size() == 1);
    bench.table.sa_gone(sa(1));
    CHECK(bench.quiet());
    CHECK(bench.reqids.size() == 0);
    CHECK(bench.table.size() == 0);
}

TEST_CASE("a peer's SA belongs to no negotiation of ours", "[ike]")
{
    Bench bench;
    REQUIRE(bench.up(2, bench.answer()));
    auto event = bench.only<SaUp>();
    CHECK(event.negotiation == NegotiationId{});
    CHECK(event.sa.by == Established::By::Peer);
    bench.table.sa_gone(sa(2));
    CHECK(bench.only<SaDown>().sa == event.sa.sa);
    CHECK(bench.reqids.size() == 0);
}

TEST_CASE("crossing exchanges of one pair share the reqid", "[ike]")
{
    Bench bench;
    CHECK(bench.begin() == bench.answer());
    bench.table.sa_gone(sa(1));
    CHECK(bench.reqids.size() == 1);
    bench.table.sa_gone(sa(2));
    CHECK(bench.reqids.size() == 0);
}

TEST_CASE("why a negotiation ended", "[ike]")
{
    Bench bench;
    bench.begin();
    SECTION("nothing came")
    {
        bench.table.sa_gone(sa(1));
        CHECK(bench.only<NegotiationEnded>().reason == Failure::Silent);
    }
    SECTION("only something came that anybody can send")
    {
        bench.table.heard(sa(1), Heard::Clear);
        CHECK(bench.only<PeerHeard>().negotiation == ours);
        bench.table.sa_gone(sa(1));
        CHECK(bench.only<NegotiationEnded>().reason == Failure::Unprotected);
    }
    SECTION("the peer answered under the keys")
    {
        bench.table.heard(sa(1), Heard::Protected);
        REQUIRE(bench.mailbox.take_all().size() == 1);
        bench.table.sa_gone(sa(1));
        CHECK(bench.only<NegotiationEnded>().reason == Failure::Refused);
    }
    SECTION("the first reason given counts")
    {
        bench.table.failed(sa(1), Failure::Local, "the kernel refused the SA");
        bench.table.failed(sa(1), Failure::Refused, "something later");
        bench.table.sa_gone(sa(1));
        auto event = bench.only<NegotiationEnded>();
        CHECK(event.reason == Failure::Local);
        CHECK(event.detail == "the kernel refused the SA");
        CHECK(event.flow == west_east);
    }
    CHECK(bench.reqids.size() == 0);
}

TEST_CASE("what is likely forged is ignored, and remembered where nothing better comes", "[ike]")
{
    Bench bench;
    auto const no = [](uint32_t number) { return Refusal{sa(number).initiator_spi, 14}; };
    REQUIRE(bench.table.reserve(ours, west_east, Forgeries::Ignore));
    bench.table.begun(ours, sa(1));
    bench.begin(NegotiationId{43}, 2, west_plain);
    CHECK(bench.table.ignores(no(1), west_east.remote));
    CHECK(bench.quiet());
    CHECK_FALSE(bench.table.ignores(no(1), west_plain.remote)); // another host
    CHECK_FALSE(bench.table.ignores(no(2), west_plain.remote)); // one that heeds them
    CHECK_FALSE(bench.table.ignores(no(9), west_east.remote));  // another SPI
    SECTION("no better answer")
    {
        CHECK(bench.table.review_silence(sa(1)) == CHARON_GIVE_UP);
        auto const event = bench.only<NegotiationEnded>();
        CHECK(event.reason == Failure::Unprotected);
        CHECK(event.detail == "error 14 from the peer, and no better answer");
    }
    SECTION("a better answer")
    {
        bench.table.heard(sa(1), Heard::Protected);
        REQUIRE(bench.mailbox.take_all().size() == 1);
        bench.table.sa_gone(sa(1));
        CHECK(bench.only<NegotiationEnded>().reason == Failure::Refused);
    }
}

TEST_CASE("silence ends a negotiation that nothing was heard of", "[ike]")
{
    Bench bench;
    auto reqid = bench.begin();
    SECTION("no answer")
    {
        CHECK(bench.table.review_silence(sa(1)) == CHARON_GIVE_UP);
        CHECK(bench.only<NegotiationEnded>().reason == Failure::Silent);
        // Told already: an SA that comes up now is unwanted, and the end is no news.
        CHECK_FALSE(bench.up(1, reqid));
        bench.table.sa_gone(sa(1));
        CHECK(bench.quiet());
        CHECK(bench.gate.installed.empty());
    }
    SECTION("an answer")
    {
        bench.table.heard(sa(1), Heard::Clear);
        CHECK(bench.table.review_silence(sa(1)) == CHARON_FINISHED);
    }
    SECTION("an SA")
    {
        REQUIRE(bench.up(1, reqid));
        CHECK(bench.table.review_silence(sa(1)) == CHARON_FINISHED);
    }
}

TEST_CASE("the deadline never leaves a peer alone with an SA", "[ike]")
{
    using enum SaTable::Established;
    Bench bench;
    auto reqid = bench.begin();
    bench.table.heard(sa(1), Heard::Clear);
    REQUIRE(bench.mailbox.take_all().size() == 1);
    SECTION("IKE_AUTH was not sent: the peer has nothing")
    {
        CHECK(bench.table.review_deadline(sa(1), No) == CHARON_GIVE_UP);
        CHECK(bench.only<NegotiationEnded>().reason == Failure::Silent);
    }
    SECTION("IKE_AUTH is under way: wait")
    {
        bench.table.auth_sent(sa(1));
        CHECK(bench.table.review_deadline(sa(1), No) == CHARON_WAIT);
        CHECK(bench.quiet());
        REQUIRE(bench.up(1, reqid));
        CHECK(bench.table.review_deadline(sa(1), Yes) == CHARON_FINISHED);
        CHECK(bench.only<SaUp>().negotiation == ours);
    }
    SECTION("an IKE_SA without a child: delete it")
    {
        bench.table.auth_sent(sa(1));
        bench.table.heard(sa(1), Heard::Protected);
        REQUIRE(bench.mailbox.take_all().size() == 1);
        CHECK(bench.table.review_deadline(sa(1), Yes) == CHARON_GIVE_UP);
        CHECK(bench.only<NegotiationEnded>().reason == Failure::Refused);
    }
    SECTION("nobody knows it any more") { CHECK(bench.table.review_deadline(sa(9), No) == CHARON_FINISHED); }
}

TEST_CASE("an SA that is not what was negotiated for is unwanted", "[ike]")
{
    Bench bench;
    auto reqid = bench.begin();
    CHECK_FALSE(bench.up(9, reqid));
    CHECK_FALSE(bench.up(1, reqid, west_plain));
    CHECK_FALSE(bench.up(1, Reqid{999}));
    REQUIRE(bench.up(1, reqid));
    CHECK_FALSE(bench.up(1, reqid)); // a second child
    CHECK(bench.gate.installed.size() == 1);
}

TEST_CASE("rekeying keeps the name of an SA", "[ike]")
{
    Bench bench;
    auto reqid = bench.begin();
    REQUIRE(bench.up(1, reqid));
    auto name = bench.only<SaUp>().sa.sa;
    bench.table.child_rekeyed(sa(1), {.flow = west_east, .reqid = reqid});
    CHECK(bench.only<SaRekeyed>().sa.sa == name);

    bench.table.sa_rekeyed(sa(1), sa(7));
    bench.table.sa_gone(sa(1)); // the old one, which nobody knows any more
    CHECK(bench.quiet());
    REQUIRE(bench.table.find(name));
    CHECK(bench.table.find(name)->id == 7);
    CHECK_FALSE(bench.table.find(IkeSaId{7}));
    bench.table.child_rekeyed(sa(7), {.flow = west_east, .reqid = reqid});
    CHECK(bench.only<SaRekeyed>().sa.sa == name);
    bench.table.sa_gone(sa(7));
    CHECK(bench.only<SaDown>().sa == name);
    CHECK_FALSE(bench.table.find(name));
    CHECK(bench.reqids.size() == 0);
}

TEST_CASE("limits", "[ike]")
{
    Bench bench;
    SECTION("negotiations of ours")
    {
        bench.begin(NegotiationId{1}, 1);
        REQUIRE(bench.table.reserve(NegotiationId{2}, west_plain));
        CHECK_FALSE(bench.table.reserve(NegotiationId{3}, west_plain));
        auto event = bench.only<NegotiationEnded>();
        CHECK(event.negotiation == NegotiationId{3});
        CHECK(event.reason == Failure::Local);
        bench.table.not_begun(NegotiationId{2});
        CHECK(bench.only<NegotiationEnded>().negotiation == NegotiationId{2});
        CHECK(bench.table.reserve(NegotiationId{4}, west_plain));
    }
    SECTION("SAs that are up do not count as negotiations")
    {
        REQUIRE(bench.up(1, bench.begin(NegotiationId{1}, 1)));
        REQUIRE(bench.up(2, bench.begin(NegotiationId{2}, 2)));
        CHECK(bench.table.reserve(NegotiationId{3}, west_east));
    }
    SECTION("what one address starts")
    {
        bench.begin(); // our own is none of its
        bench.answer(2);
        bench.answer(3);
        CHECK_FALSE(bench.table.admit(sa(4), west_east));
        CHECK(bench.table.admit(sa(5), west_plain));
        bench.table.sa_gone(sa(5));
        bench.table.sa_gone(sa(2));
        CHECK(bench.table.admit(sa(6), west_east));
    }
    SECTION("in total")
    {
        bench.answer(2);
        bench.answer(3);
        bench.answer(4, west_plain);
        bench.answer(5, west_plain);
        CHECK_FALSE(
            bench.table.admit(sa(6), {.local = west_east.local, .remote = *Address::parse("10.4.0.1")}));
        CHECK_FALSE(bench.table.reserve(ours, west_east));
        CHECK(bench.only<NegotiationEnded>().reason == Failure::Local);
    }
    SECTION("reqids")
    {
        ReqidTable one(Reqid{1}, Reqid{1});
        SaTable table({.negotiations = 9, .total = 9, .per_address = 9}, one, bench.gate, bench.mailbox);
        for (auto [number, flow] : {std::pair(1U, west_east), std::pair(2U, west_plain)}) {
            REQUIRE(table.admit(sa(number), flow));
            REQUIRE(table.accepts(sa(number), hosts_of(flow), flow, EspMode::Transport));
            REQUIRE(table.authorize(sa(number), std::nullopt));
        }
        CHECK(table.reqid(sa(1)));
        CHECK_FALSE(table.reqid(sa(2)));
    }
}

TEST_CASE("who is not welcome is not admitted", "[ike]")
{
    Bench bench;
    bench.gate.answer = GENERATE(ResponderGate::Welcome::Refuse, ResponderGate::Welcome::Ignore);
    CHECK_FALSE(bench.table.admit(sa(1), west_east));
    CHECK(bench.table.size() == 0);
}

TEST_CASE("a peer that changes its address between IKE_SA_INIT and IKE_AUTH gets no SA", "[ike]")
{
    Bench bench;
    REQUIRE(bench.table.admit(sa(1), west_east));
    CHECK_FALSE(bench.table.accepts(sa(1), hosts_of(west_plain), west_plain, EspMode::Tunnel));
    CHECK_FALSE(
        bench.table.accepts(sa(9), hosts_of(west_east), west_east, EspMode::Transport)); // never admitted
}

TEST_CASE("a service of a pair is a flow of its own", "[ike]")
{
    Bench bench;
    auto const whole = bench.begin(NegotiationId{1}, 1, west_east);
    auto const narrow = bench.begin(NegotiationId{2}, 2, west_echo);
    CHECK(whole != narrow);
    CHECK(bench.answer(3, west_echo) == narrow);
    SECTION("its SA is told with its service")
    {
        REQUIRE(bench.up(2, narrow, west_echo));
        auto event = bench.only<SaUp>();
        CHECK(event.negotiation == NegotiationId{2});
        CHECK(event.sa.flow == west_echo);
        bench.table.sa_gone(sa(2));
        CHECK(bench.only<SaDown>().flow == west_echo);
    }
    SECTION("an SA for all of the pair is not what it asked for, nor the other way round")
    {
        CHECK_FALSE(bench.up(2, narrow, west_east));
        CHECK_FALSE(bench.up(1, whole, west_echo));
    }
    SECTION("ICMP is about the one whose SPI it quotes")
    {
        bench.table.unreachable({.remote = west_echo.remote, .initiator_spi = sa(2).initiator_spi});
        CHECK(bench.only<PeerRefusedPort>().flow == west_echo);
    }
    for (auto number : {1U, 2U, 3U})
        bench.table.sa_gone(sa(number));
    CHECK(bench.reqids.size() == 0);
}

TEST_CASE("what a peer asks for in IKE_AUTH decides about its flow", "[ike]")
{
    Bench bench;
    REQUIRE(bench.table.admit(sa(1), west_east));
    SECTION("once")
    {
        REQUIRE(bench.table.accepts(sa(1), hosts_of(west_echo), west_echo, EspMode::Transport));
        CHECK(bench.table.accepts(sa(1), hosts_of(west_echo), west_echo, EspMode::Transport));
        CHECK_FALSE(bench.table.accepts(sa(1), hosts_of(west_east), west_east, EspMode::Transport));
        REQUIRE(bench.up(1, bench.authenticated(1), west_echo));
        CHECK(bench.only<SaUp>().sa.flow == west_echo);
    }
    SECTION("where the policy wants it")
    {
        bench.gate.refused = west_echo;
        CHECK_FALSE(bench.table.accepts(sa(1), hosts_of(west_echo), west_echo, EspMode::Transport));
        CHECK_FALSE(bench.table.reqid(sa(1)));
        CHECK(bench.table.accepts(sa(1), hosts_of(west_east), west_east, EspMode::Transport));
    }
    SECTION("and counts for its address")
    {
        REQUIRE(bench.table.accepts(sa(1), hosts_of(west_echo), west_echo, EspMode::Transport));
        bench.answer(2, west_east);
        CHECK_FALSE(bench.table.admit(sa(3), west_east));
    }
    bench.table.sa_gone(sa(1));
    bench.table.sa_gone(sa(2));
    CHECK(bench.reqids.size() == 0);
    CHECK(bench.table.admit(sa(4), west_east));
}

TEST_CASE("ICMP counts for a negotiation of ours that nothing was heard of, once", "[ike]")
{
    Bench bench;
    auto reqid = bench.begin();
    auto const error = [](uint32_t number, Flow const& flow) {
        return Unreachable{.remote = flow.remote, .initiator_spi = sa(number).initiator_spi};
    };
    bench.table.unreachable(error(9, west_east));  // another SPI
    bench.table.unreachable(error(1, west_plain)); // another host
    CHECK(bench.quiet());
    SECTION("told once")
    {
        bench.table.unreachable(error(1, west_east));
        CHECK(bench.only<PeerRefusedPort>().flow == west_east);
        bench.table.unreachable(error(1, west_east));
        CHECK(bench.quiet());
    }
    SECTION("not after an answer")
    {
        bench.table.heard(sa(1), Heard::Clear);
        REQUIRE(bench.mailbox.take_all().size() == 1);
        bench.table.unreachable(error(1, west_east));
        CHECK(bench.quiet());
    }
    SECTION("not for an SA that is up")
    {
        REQUIRE(bench.up(1, reqid));
        REQUIRE(bench.mailbox.take_all().size() == 1);
        bench.table.unreachable(error(1, west_east));
        CHECK(bench.quiet());
    }
}

namespace {

using Demand = Authentication::Demand;

PublicKey const one_key{.algorithm = KeyAlgorithm::EdDsa, .bytes = std::vector<std::byte>(32, std::byte{1})};
Authentication const must_prove{.own = OwnIdentity::Address, .demand = Demand::Required, .keys = {one_key}};
Claim const by_signature{.method = Claim::Method::Signature};

} // namespace

TEST_CASE("what a peer has proven is told with its SA, and has a reqid of its own", "[ike]")
{
    Bench bench;
    REQUIRE(bench.table.reserve(ours, west_east, Forgeries::Heed, must_prove));
    bench.table.begun(ours, sa(1));
    auto const known = bench.table.authentication(sa(1), by_signature);
    REQUIRE(known.readiness == CHARON_PROCEED);
    CHECK(known.own == OwnIdentity::Address);
    REQUIRE(known.candidates.size() == 1);
    CHECK_FALSE(bench.table.reqid(sa(1))); // nothing is proven yet
    CHECK_FALSE(bench.table.authorize(sa(1), std::nullopt));
    REQUIRE(bench.table.authorize(sa(1), 0));
    auto const reqid = bench.table.reqid(sa(1));
    REQUIRE(reqid);
    CHECK(bench.answer(2) != *reqid);
    REQUIRE(bench.table.child_up(sa(1), {.flow = west_east, .reqid = *reqid, .ours = OwnProof::Signature}));
    auto const event = bench.only<SaUp>();
    CHECK(event.sa.peer_key == one_key);
    CHECK_FALSE(event.sa.offered_key);
    CHECK(event.sa.ours == OwnProof::Signature);
    CHECK(event.sa.protection == Protection::Anonymous);
    bench.table.child_rekeyed(sa(1), {.flow = west_east, .reqid = *reqid});
    auto const rekeyed = bench.only<SaRekeyed>();
    CHECK(rekeyed.sa.peer_key == one_key);
    CHECK(rekeyed.sa.ours == OwnProof::Signature);
    bench.table.sa_gone(sa(1));
    bench.table.sa_gone(sa(2));
    CHECK(bench.reqids.size() == 0);
}

TEST_CASE("a peer that nobody authenticated gets no SA", "[ike]")
{
    Bench bench;
    REQUIRE(bench.table.reserve(ours, west_east, Forgeries::Heed, must_prove));
    bench.table.begun(ours, sa(1));
    CHECK_FALSE(bench.up(1, Reqid{100}));
    CHECK(bench.gate.installed.empty());
}

TEST_CASE("a negotiation that waits for what is expected", "[ike]")
{
    Bench bench;
    REQUIRE(bench.table.reserve(ours, west_east, Forgeries::Heed, std::nullopt));
    SECTION("it is said before the IKE_SA is there")
    {
        CHECK_FALSE(bench.table.expect(ours, must_prove));
        bench.table.begun(ours, sa(1));
        CHECK(bench.table.authentication(sa(1), std::nullopt).readiness == CHARON_PROCEED);
    }
    SECTION("it is said while a message waits")
    {
        bench.table.begun(ours, sa(1));
        CHECK(bench.table.authentication(sa(1), std::nullopt).readiness == CHARON_LATER);
        CHECK_FALSE(bench.table.expect(NegotiationId{99}, must_prove));
        auto const waiting = bench.table.expect(ours, must_prove);
        REQUIRE(waiting);
        CHECK(waiting->id == 1);
        CHECK_FALSE(bench.table.expect(ours, {}));
        CHECK(bench.table.authentication(sa(1), std::nullopt).own == OwnIdentity::Address);
    }
    SECTION("it is never said")
    {
        bench.table.begun(ours, sa(1));
        CHECK(bench.table.authentication(sa(1), std::nullopt).readiness == CHARON_LATER);
        CHECK(bench.table.review_deadline(sa(1), SaTable::Established::No) == CHARON_GIVE_UP);
        CHECK(bench.only<NegotiationEnded>().reason == Failure::Local);
    }
    SECTION("it is given up before the IKE_SA is there")
    {
        CHECK_FALSE(bench.table.give_up(ours));
        bench.table.begun(ours, sa(1));
        CHECK(bench.table.authentication(sa(1), std::nullopt).readiness == CHARON_REFUSE);
    }
    SECTION("it is given up")
    {
        bench.table.begun(ours, sa(1));
        auto const ending = bench.table.give_up(ours);
        REQUIRE(ending);
        CHECK(ending->id == 1);
        CHECK(bench.only<NegotiationEnded>().reason == Failure::Local);
        bench.table.sa_gone(sa(1));
        CHECK(bench.quiet());
    }
    SECTION("it is given up too late")
    {
        bench.table.begun(ours, sa(1));
        (void)bench.table.expect(ours, must_prove);
        bench.table.auth_sent(sa(1));
        CHECK_FALSE(bench.table.give_up(ours));
        CHECK(bench.quiet());
    }
}

TEST_CASE("what is expected of a peer that begins is asked for", "[ike]")
{
    Bench bench{.incoming = Incoming::Ask};
    REQUIRE(bench.table.admit(sa(1), west_east));
    auto const question = bench.only<KeysWanted>();
    CHECK(question.flow == west_east);
    CHECK(question.identity.empty());
    SECTION("the answer comes before IKE_AUTH")
    {
        CHECK_FALSE(bench.table.answer(question, must_prove));
        CHECK(bench.table.authentication(sa(1), by_signature).candidates.size() == 1);
        CHECK(bench.quiet());
    }
    SECTION("it comes later")
    {
        CHECK(bench.table.authentication(sa(1), by_signature).readiness == CHARON_LATER);
        CHECK(bench.table.answer(question, must_prove));
        CHECK(bench.table.authentication(sa(1), by_signature).readiness == CHARON_PROCEED);
        CHECK(bench.quiet());
    }
    SECTION("it is no")
    {
        CHECK(bench.table.authentication(sa(1), by_signature).readiness == CHARON_LATER);
        CHECK(bench.table.refuse(question.sa));
        CHECK(bench.table.authentication(sa(1), by_signature).readiness == CHARON_REFUSE);
    }
    SECTION("it never comes")
    {
        CHECK(bench.table.authentication(sa(1), by_signature).readiness == CHARON_LATER);
        bench.table.overdue(sa(1));
        CHECK(bench.table.authentication(sa(1), by_signature).readiness == CHARON_REFUSE);
        CHECK_FALSE(bench.table.answer(question, must_prove));
    }
    SECTION("and once more where the peer claims a name")
    {
        (void)bench.table.answer(question, {});
        auto named = by_signature;
        named.name = "Gate.example";
        CHECK(bench.table.authentication(sa(1), named).readiness == CHARON_LATER);
        auto const second = bench.only<KeysWanted>();
        CHECK(second.identity == "gate.example");
        named.name = "other.example";
        CHECK(bench.table.authentication(sa(1), named).readiness == CHARON_LATER);
        CHECK(bench.quiet());
        CHECK(bench.table.answer(second, must_prove));
        CHECK(bench.table.authentication(sa(1), named).readiness == CHARON_PROCEED);
    }
    SECTION("but not for the name of who proves nothing")
    {
        (void)bench.table.answer(question, {});
        Claim const anonymous{.method = Claim::Method::Null, .name = "gate.example"};
        CHECK(bench.table.authentication(sa(1), anonymous).readiness == CHARON_PROCEED);
        CHECK(bench.quiet());
    }
}

TEST_CASE("the name that a peer of ours answers with is not asked for", "[ike]")
{
    Bench bench{.incoming = Incoming::Ask};
    REQUIRE(bench.table.reserve(ours, west_east, Forgeries::Heed, must_prove));
    bench.table.begun(ours, sa(1));
    auto named = by_signature;
    named.name = "gate.example";
    CHECK(bench.table.authentication(sa(1), named).readiness == CHARON_PROCEED);
    CHECK(bench.quiet());
}

TEST_CASE("questions about addresses that may be forged are limited", "[ike]")
{
    ReqidTable reqids(Reqid{1}, Reqid{1});
    Gate gate;
    auto mailbox = Mailbox<IkeEvent>::create().value();
    SaTable table({.total = 10'000, .per_address = 10'000}, reqids, gate, mailbox, Incoming::Ask);
    constexpr uint32_t many = 5'000;
    for (uint32_t number = 1; number <= many; ++number)
        REQUIRE(table.admit(sa(number), west_east));
    CHECK(mailbox.take_all().size() < many);
    // It has shown that the address is its own.
    CHECK(table.authentication(sa(many), by_signature).readiness == CHARON_LATER);
    auto const events = mailbox.take_all();
    REQUIRE(events.size() == 1);
    CHECK(std::get<KeysWanted>(events.front()).sa == IkeSaId{many});
}

TEST_CASE("who speaks for another host must prove a key that was expected, in tunnel mode", "[ike]")
{
    Bench bench{.incoming = Incoming::Ask};
    Flow const client{.local = west_east.local, .remote = *Address::parse("192.0.2.129")};
    auto const hosts = hosts_of(west_east);
    Claim claim{.flow = client, .method = Claim::Method::Signature, .spki = make_spki(one_key).value()};
    REQUIRE(bench.table.admit(sa(1), west_east));
    (void)bench.table.answer(bench.only<KeysWanted>(), must_prove);
    SECTION("who proves nothing does not get it")
    {
        claim.method = Claim::Method::Null;
        CHECK(bench.table.authentication(sa(1), claim).readiness == CHARON_PROCEED);
        CHECK(bench.quiet());
        CHECK_FALSE(bench.table.accepts(sa(1), hosts, client, EspMode::Tunnel));
        return;
    }
    CHECK(bench.table.authentication(sa(1), claim).readiness == CHARON_LATER);
    auto const question = bench.only<KeysWanted>();
    CHECK(question.flow == client);
    CHECK(question.endpoints == hosts);
    SECTION("who proves a key that nobody expected does not get it")
    {
        REQUIRE(bench.table.answer(question, {}));
        CHECK(bench.table.authentication(sa(1), claim).candidates.size() == 1);
        CHECK(bench.table.accepts(sa(1), hosts, client, EspMode::Tunnel));
        CHECK_FALSE(bench.table.authorize(sa(1), std::nullopt));
        CHECK_FALSE(bench.table.authorize(sa(1), 0));
        CHECK_FALSE(bench.table.reqid(sa(1)));
    }
    SECTION("transport mode does not do")
    {
        REQUIRE(bench.table.answer(question, must_prove));
        CHECK_FALSE(bench.table.accepts(sa(1), hosts, client, EspMode::Transport));
    }
    SECTION("who proves it does")
    {
        REQUIRE(bench.table.answer(question, must_prove));
        CHECK(bench.table.authentication(sa(1), claim).candidates.size() == 1);
        CHECK(bench.table.accepts(sa(1), hosts, client, EspMode::Tunnel));
        REQUIRE(bench.table.authorize(sa(1), 0));
        REQUIRE(bench.up(1, bench.table.reqid(sa(1)).value(), client));
        CHECK(bench.only<SaUp>().sa.flow == client);
    }
}

TEST_CASE("a gateway that we ask must prove its key", "[ike]")
{
    Bench bench;
    Flow const client{.local = west_east.local, .remote = *Address::parse("192.0.2.129")};
    Authentication const lenient{.demand = Demand::Preferred, .keys = {one_key}};
    REQUIRE(bench.table.reserve(ours, client, Forgeries::Heed, lenient, hosts_of(west_east)));
    bench.table.begun(ours, sa(1));
    CHECK(bench.table.has_sa_with(west_east.remote));
    CHECK_FALSE(bench.table.has_sa_with(client.remote));
    REQUIRE(bench.table.authentication(sa(1), by_signature).candidates.size() == 1);
    CHECK_FALSE(bench.table.authorize(sa(1), std::nullopt));
    REQUIRE(bench.table.authorize(sa(1), 0));
    REQUIRE(bench.up(1, bench.table.reqid(sa(1)).value(), client));
}
