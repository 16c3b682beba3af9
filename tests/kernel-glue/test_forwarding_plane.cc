// SPDX-License-Identifier: GPL-2.0-or-later
#include "event_log.h"
#include "kernel-glue/forwarding_plane.h"
#include "kernel-glue/priorities.h"
#include "kernel-glue/sysctl.h"
#include "private_network.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

using namespace oekd;
using namespace oekd::test;
using xfrm::Direction;
using xfrm::Policy;
using xfrm::Verdict;

namespace {

constexpr Reqid reqid{reqid_band_first + 7};
constexpr auto poc = PolicyGroup::PrivateOrClear;

GroupTable table_of(std::vector<std::pair<std::string, PolicyGroup>> const& entries)
{
    std::vector<GroupLine> lines;
    for (auto const& [network, group] : entries)
        lines.push_back({prefix(network), group, "file", int(lines.size()) + 1});
    std::vector<LineError> errors;
    return GroupTable::build(std::move(lines), errors);
}

size_t number_of_ours(xfrm::Requests& kernel)
{
    auto const present = kernel.policies().value();
    return size_t(
        std::ranges::count_if(present, [](Policy const& policy) { return is_ours(policy.priority); }));
}

/// A host with a table in force, and a listener.
struct Host {
    explicit Host(std::vector<std::pair<std::string, PolicyGroup>> const& lines) : table(table_of(lines))
    {
        if (PrivateNetwork::can_hold())
            REQUIRE(write_sysctl("net.core.xfrm_larval_drop", "0"));
        REQUIRE(install(plane, table).value().empty());
    }

    xfrm::Requests& kernel() { return plane.requests(); }
    Policy out(Flow const& peer) { return kernel().find(outbound_selector(peer), Direction::Out).value(); }
    Policy in(Flow const& peer) { return kernel().find(inbound_selector(peer), Direction::In).value(); }

    PrivateNetwork network;
    EventLog log;
    GroupTable table;
    ForwardingPlane plane = ForwardingPlane::open().value();
};

Flow const east = flow("10.1.0.1", "10.2.0.1");
Flow const east_v6 = flow("fd01::1", "fd01::2");

} // namespace

TEST_CASE("the first packet waits for the decision and then leaves in the clear",
          "[kernel-glue][plane][kernel]")
{
    auto const [peer, to] = GENERATE(table<Flow, std::string>({{east, "10.2.0.1"}, {east_v6, "fd01::2"}}));
    Host host({{"10.2.0.0/16", poc}, {"fd01::/16", poc}});
    host.network.send(to, "first");
    REQUIRE(host.log.trapped(peer));
    REQUIRE(host.plane.hold(of(peer, poc), reqid));
    host.network.send(to, "second");
    CHECK(std::ranges::find(host.network.texts(), "first") == host.network.texts().end());

    REQUIRE(host.plane.pass(of(peer, poc)));
    REQUIRE(host.plane.kick(peer));
    if (PrivateNetwork::can_hold()) {
        CHECK(host.network.seen("first"));
        CHECK(host.network.seen("second"));
    }
    host.network.send(to, "third");
    CHECK(host.network.seen("third"));
    CHECK(host.log.count() == 1); // the hold raised no second acquire
}

TEST_CASE("held packets leave at once, not when the kernel's timer next looks",
          "[kernel-glue][plane][kernel]")
{
    if (!PrivateNetwork::can_hold())
        return; // nothing is held in a user namespace, which has no xfrm_larval_drop
    using Clock = std::chrono::steady_clock;
    auto best = Clock::duration::max();
    for (int attempt = 0; attempt < 3; ++attempt) {
        Host host({{"10.2.0.0/16", poc}});
        host.network.send("10.2.0.1", "first");
        REQUIRE(host.log.trapped(east));
        REQUIRE(host.plane.hold(of(east, poc), reqid));
        host.network.send("10.2.0.1", "second");
        auto const decided = Clock::now();
        REQUIRE(host.plane.pass(of(east, poc)));
        REQUIRE(host.plane.kick(east));
        REQUIRE(host.network.seen("first"));
        REQUIRE(host.network.seen("second"));
        best = std::min(best, Clock::now() - decided);
    }
    CHECK(best < std::chrono::milliseconds(60)); // the timer's first look comes after 100
}

TEST_CASE("dropped flows lose what was held, and neither send nor receive", "[kernel-glue][plane][kernel]")
{
    Host host({{"10.2.0.0/16", PolicyGroup::Private}});
    host.network.send("10.2.0.1", "held");
    REQUIRE(host.log.trapped(east));
    REQUIRE(host.plane.hold(of(east, PolicyGroup::Private), reqid));
    REQUIRE(host.plane.drop(of(east, PolicyGroup::Private)));
    REQUIRE(host.plane.kick(east));
    CHECK(!host.network.send("10.2.0.1", "later"));
    CHECK(host.network.refused("10.2.0.1", "10.3.0.1", "in"));
    host.network.send("10.3.0.1", "control");
    REQUIRE(host.network.seen("control"));
    CHECK(host.network.texts() == std::vector<std::string>{"control"});
}

TEST_CASE("a private network takes no cleartext in, before and during a hold", "[kernel-glue][plane][kernel]")
{
    Host host({{"10.2.0.0/16", PolicyGroup::Private}});
    CHECK(host.network.refused("10.2.0.1", "10.3.0.1", "before"));
    REQUIRE(host.plane.hold(of(east, PolicyGroup::Private), reqid));
    CHECK(host.network.refused("10.2.0.1", "10.3.0.1", "during"));
    REQUIRE(host.plane.encrypt(of(east, PolicyGroup::Private), reqid, EspMode::Tunnel, Inbound::Admit));
    CHECK(host.network.refused("10.2.0.1", "10.3.0.1", "after"));
}

TEST_CASE("a flow that may go clear takes cleartext in until ESP is required", "[kernel-glue][plane][kernel]")
{
    Host host({{"10.2.0.0/16", poc}});
    CHECK(host.network.arrives("10.2.0.1", "trapped"));
    REQUIRE(host.plane.hold(of(east, poc), reqid));
    CHECK(host.network.arrives("10.2.0.1", "held"));
    REQUIRE(host.plane.encrypt(of(east, poc), reqid, EspMode::Transport, Inbound::Admit));
    CHECK(host.network.arrives("10.2.0.1", "admitted"));
    REQUIRE(host.plane.encrypt(of(east, poc), reqid, EspMode::Transport, Inbound::Require));
    CHECK(host.network.refused("10.2.0.1", "10.3.0.1", "required"));
}

TEST_CASE("longer prefixes win, whatever the groups", "[kernel-glue][plane][kernel]")
{
    Host host({{"0.0.0.0/0", PolicyGroup::Block},
               {"10.2.0.0/16", PolicyGroup::Clear},
               {"10.2.0.2/32", PolicyGroup::Block},
               {"10.3.0.0/16", PolicyGroup::ClearOrPrivate}});
    CHECK(host.network.send("10.2.0.1", "clear"));
    CHECK(host.network.seen("clear"));
    CHECK(!host.network.send("10.2.0.2", "blocked"));
    CHECK(!host.network.send("10.9.0.1", "blocked too"));
    CHECK(host.network.arrives("10.3.0.1", "from clear-or-private"));
    CHECK(host.network.refused("10.2.0.2", "10.2.0.1", "in"));
    CHECK(host.log.count() == 0);
}

TEST_CASE("own addresses stay reachable for ourselves", "[kernel-glue][plane][kernel]")
{
    Host host({{"0.0.0.0/0", PolicyGroup::Private}, {"::/0", PolicyGroup::Private}});
    CHECK(host.network.send("fd01::1", "IPv6 to myself"));
    CHECK(host.network.heard("IPv6 to myself"));
    CHECK(host.network.send("10.1.0.1", "IPv4 to myself"));
    CHECK(host.network.heard("IPv4 to myself"));
    CHECK(host.log.count() == 0);
}

TEST_CASE("encrypt policies follow mode and reqid", "[kernel-glue][plane][kernel]")
{
    Host host({{"10.2.0.0/16", poc}});
    auto const mode = GENERATE(EspMode::Transport, EspMode::Tunnel);
    REQUIRE(host.plane.hold(of(east, poc), reqid));
    REQUIRE(host.plane.encrypt(of(east, poc), reqid, mode, Inbound::Require));
    auto const wanted = encrypt_policies(of(east, poc), reqid, mode, Inbound::Require);
    CHECK(host.out(east) == wanted.out);
    CHECK(host.in(east) == wanted.in);
}

TEST_CASE("a released flow asks again at once", "[kernel-glue][plane][kernel]")
{
    Host host({{"10.2.0.0/16", poc}});
    auto const before = number_of_ours(host.kernel());
    host.network.send("10.2.0.1", "one");
    REQUIRE(host.log.trapped(east));
    REQUIRE(host.plane.hold(of(east, poc), reqid));
    REQUIRE(host.plane.pass(of(east, poc)));
    REQUIRE(host.plane.release(east));
    REQUIRE(host.plane.sweep_larval(east, reqid));
    CHECK(number_of_ours(host.kernel()) == before);
    CHECK(host.kernel().states().value().empty());
    host.log.forget();
    host.network.send("10.2.0.1", "two");
    CHECK(host.log.trapped(east));
}

TEST_CASE("explicit policies of others win and are not touched", "[kernel-glue][plane][kernel]")
{
    Host host({{"10.2.0.0/16", poc}});
    Policy const foreign{outbound_selector(east), Direction::Out, 1000, Verdict::Block, std::nullopt};
    REQUIRE(host.kernel().create(foreign));
    auto const refusal = [&](Result<void> const& result) {
        return !result && result.error().code == ErrorCode::Exists;
    };
    CHECK(refusal(host.plane.hold(of(east, poc), reqid)));
    CHECK(refusal(host.plane.encrypt(of(east, poc), reqid, EspMode::Transport, Inbound::Admit)));
    CHECK(refusal(host.plane.pass(of(east, poc))));
    CHECK(refusal(host.plane.drop(of(east, poc))));
    CHECK(host.plane.release(east));
    CHECK(host.plane.release_open());
    CHECK(host.plane.remove_all());
    CHECK(host.kernel().policies().value() == std::vector{foreign});
}

TEST_CASE("lines that another program has are returned, once each", "[kernel-glue][plane][kernel]")
{
    PrivateNetwork const network;
    // With AH, which our types cannot express; and one that they can.
    run("ip xfrm policy add src 10.1.0.1/32 dst 10.2.0.0/16 dir out priority 5 tmpl proto ah mode transport "
        "&&"
        "ip xfrm policy add src 10.3.0.0/16 dst 10.1.0.1/32 dir in priority 5 action block");
    auto plane = ForwardingPlane::open().value();
    auto const table =
        table_of({{"10.2.0.0/16", poc}, {"10.3.0.0/16", poc}, {"10.4.0.0/16", PolicyGroup::Block}});
    auto const taken = install(plane, table);
    REQUIRE(taken);
    REQUIRE(taken->size() == 2);
    CHECK(taken->at(0).line == 1);
    CHECK(taken->at(1).line == 2);
    CHECK(plane.remove_all());
    CHECK(std::system("test $(ip xfrm policy | grep -c priority) = 2") == 0);
}

TEST_CASE("a restart takes over the wide policies and removes the flows' own", "[kernel-glue][plane][kernel]")
{
    Host host({{"10.2.0.0/16", poc}, {"10.3.0.0/16", PolicyGroup::Private}});
    auto const wide = host.kernel().policies().value();
    REQUIRE(host.plane.hold(of(east, poc), reqid));
    host.network.send("10.3.0.1", "one");
    REQUIRE(host.log.trapped(flow("10.1.0.1", "10.3.0.1")));

    auto next = ForwardingPlane::open().value();
    REQUIRE(install(next, host.table));
    auto const now = next.requests().policies().value();
    CHECK(now.size() == wide.size());
    for (auto const& policy : wide)
        CHECK(std::ranges::find(now, policy) != now.end());
    CHECK(next.requests().states().value().empty());

    // Our own flows are none of a reload's business.
    REQUIRE(next.hold(of(east, poc), reqid));
    REQUIRE(install(next, table_of({{"10.2.0.0/16", poc}})));
    CHECK(next.requests().find(outbound_selector(east), Direction::Out));
    CHECK(next.requests().find(inbound_selector(flow("10.1.0.1", "10.3.0.1")), Direction::In).error().code ==
          ErrorCode::NotFound);
}

TEST_CASE("a release opens what may go clear and keeps the rest closed", "[kernel-glue][plane][kernel]")
{
    Host host({{"0.0.0.0/0", PolicyGroup::Private}, {"10.2.0.0/16", poc}});
    REQUIRE(host.plane.hold(of(east, poc), reqid));
    auto other = ForwardingPlane::open().value(); // as `oekd --release`, which knows nothing
    REQUIRE(other.release_open().value() > 0);
    host.network.send("10.2.0.1", "open");
    CHECK(host.network.seen("open"));
    CHECK(host.network.refused("10.3.0.1", "10.2.0.1", "private"));
    host.network.send("10.3.0.1", "closed");
    host.network.send("10.2.0.2", "control");
    REQUIRE(host.network.seen("control"));
    CHECK(std::ranges::find(host.network.texts(), "closed") == host.network.texts().end());
    CHECK(other.release_open().value() == 0); // nothing left to do
}

TEST_CASE("the end leaves nothing of ours", "[kernel-glue][plane][kernel]")
{
    Host host({{"0.0.0.0/0", PolicyGroup::Private}, {"10.2.0.0/16", poc}, {"::/0", poc}});
    host.network.send("10.2.0.1", "one");
    REQUIRE(host.log.trapped(east));
    REQUIRE(host.plane.hold(of(east, poc), reqid));
    REQUIRE(host.plane.remove_all());
    CHECK(host.kernel().policies().value().empty());
    CHECK(host.kernel().states().value().empty());
    host.network.send("10.2.0.1", "open");
    CHECK(host.network.seen("open"));
}

TEST_CASE("the responder's policies are there at once and can be taken over", "[kernel-glue][plane][kernel]")
{
    Host host({{"10.2.0.0/16", PolicyGroup::ClearOrPrivate}});
    auto responder = ResponderPolicies::open().value();
    auto const admitted = encrypt_policies(of(east, poc), reqid, EspMode::Tunnel, Inbound::Admit);
    SECTION("nothing was there")
    {
        REQUIRE(responder.admit(of(east, poc), reqid, EspMode::Tunnel));
        CHECK(host.out(east) == admitted.out);
        CHECK(host.in(east) == admitted.in);
    }
    SECTION("a clear shunt would refuse tunnel ESP")
    {
        REQUIRE(host.plane.pass(of(east, poc)));
        REQUIRE(responder.admit(of(east, poc), reqid, EspMode::Tunnel));
        CHECK(host.in(east) == admitted.in);
        CHECK(!host.out(east).tmpl); // the main thread decides
    }
    SECTION("what requires this SA already is not loosened")
    {
        REQUIRE(host.plane.encrypt(of(east, poc), reqid, EspMode::Tunnel, Inbound::Require));
        auto const required = host.in(east);
        REQUIRE(responder.admit(of(east, poc), reqid, EspMode::Tunnel));
        CHECK(host.in(east) == required);
    }
    SECTION("another program's policy stays")
    {
        CHECK(responder.may_have(east));
        Policy const foreign{inbound_selector(east), Direction::In, 1000, Verdict::Block, std::nullopt};
        REQUIRE(host.kernel().create(foreign));
        CHECK(!responder.may_have(east));
        CHECK(responder.admit(of(east, poc), reqid, EspMode::Tunnel).error().code == ErrorCode::Exists);
        CHECK(host.in(east) == foreign);
        return;
    }
    REQUIRE(host.plane.encrypt(of(east, poc), reqid, EspMode::Tunnel, Inbound::Require));
    CHECK(host.in(east) == encrypt_policies(of(east, poc), reqid, EspMode::Tunnel, Inbound::Require).in);
    CHECK(host.out(east) == admitted.out);
}

TEST_CASE("responder and main thread may write the same flow at the same time",
          "[kernel-glue][plane][kernel]")
{
    Host host({{"10.2.0.0/16", poc}});
    auto responder = ResponderPolicies::open().value();
    constexpr int rounds = 200;
    int refused = 0;
    std::thread worker([&] {
        for (int i = 0; i < rounds; ++i)
            refused += responder.admit(of(east, poc), reqid, EspMode::Tunnel) ? 0 : 1;
    });
    int failed = 0;
    for (int i = 0; i < rounds; ++i) {
        failed += host.plane.hold(of(east, poc), reqid) ? 0 : 1;
        failed += host.plane.encrypt(of(east, poc), reqid, EspMode::Tunnel, Inbound::Admit) ? 0 : 1;
        failed += host.plane.release(east) ? 0 : 1;
    }
    worker.join();
    CHECK(failed == 0);
    CHECK(refused == 0);
    REQUIRE(host.plane.encrypt(of(east, poc), reqid, EspMode::Tunnel, Inbound::Require));
    CHECK(host.in(east) == encrypt_policies(of(east, poc), reqid, EspMode::Tunnel, Inbound::Require).in);
}

TEST_CASE("a flow that lost its key stays closed to cleartext while it gets another",
          "[kernel-glue][plane][kernel]")
{
    Host host({{"10.2.0.0/16", poc}});
    REQUIRE(host.plane.encrypt(of(east, poc), reqid, EspMode::Transport, Inbound::Require));
    REQUIRE(host.plane.hold(of(east, poc), reqid, Inbound::Require));
    CHECK(host.network.refused("10.2.0.1", "10.3.0.1", "held again"));
    CHECK(host.out(east).tmpl->level == xfrm::Level::Required);
}

TEST_CASE("a reload asks the kernel for the lines that changed, and for nothing else",
          "[kernel-glue][plane][kernel]")
{
    Host host(
        {{"10.2.0.0/16", poc}, {"10.3.0.0/16", PolicyGroup::Private}, {"10.4.0.0/16", PolicyGroup::Block}});
    auto const before = host.kernel().policies().value();
    // What nobody told us about is not looked at: that is how we see that the reload did not look.
    auto const gone = outbound_selector(prefix("10.1.0.1"), prefix("10.2.0.0/16"), {});
    REQUIRE(host.kernel().remove(gone, Direction::Out));
    REQUIRE(
        install(host.plane,
                table_of({{"10.2.0.0/16", poc}, {"10.3.0.0/16", poc}, {"10.4.0.0/16", PolicyGroup::Block}})));
    CHECK(host.kernel().find(gone, Direction::Out).error().code == ErrorCode::NotFound);
    CHECK(host.kernel()
              .find(outbound_selector(prefix("10.1.0.1"), prefix("10.3.0.0/16"), {}), Direction::Out)
              .value()
              .priority == line_priority(prefix("10.3.0.0/16"), {}, WhenGone::Open));
    // And back again; the one that went missing is all that is missing.
    REQUIRE(install(host.plane, host.table));
    auto const after = host.kernel().policies().value();
    CHECK(after.size() == before.size() - 1);
    for (auto const& policy : after)
        CHECK(std::ranges::find(before, policy) != before.end());
}

TEST_CASE("behind the packet of a peer that is undecided others do not wait", "[kernel-glue][plane][kernel]")
{
    if (!PrivateNetwork::can_hold())
        return; // nothing is held in a user namespace, which has no xfrm_larval_drop
    auto const network = GENERATE(values<std::string>({"10.0.0.0/8", "10.2.0.0/16"}));
    Host host({{network, poc}});
    auto const first_packet = [&host](std::string const& to, std::string const& text) {
        auto const peer = flow("10.1.0.1", to);
        host.network.send(to, text);
        auto const acquire = host.log.acquire_of(peer);
        REQUIRE(acquire);
        REQUIRE(host.plane.queued(*acquire));
        REQUIRE(host.plane.hold(of(peer, poc), reqid));
    };
    first_packet("10.2.0.250", "to nobody");
    for (int i = 1; i < 2 * int(TrapQueues::max_aliases); ++i) {
        auto const to = fmt::format("10.2.0.{}", i);
        first_packet(to, to);
        REQUIRE(host.plane.pass(of(flow("10.1.0.1", to), poc)));
        REQUIRE(host.plane.kick(flow("10.1.0.1", to)));
        CHECK(host.network.seen(to));
    }
    CHECK_FALSE(std::ranges::count(host.network.texts(), "to nobody"));
    REQUIRE(host.plane.pass(of(flow("10.1.0.1", "10.2.0.250"), poc)));
    REQUIRE(host.plane.kick(flow("10.1.0.1", "10.2.0.250")));
    CHECK(host.network.seen("to nobody"));

    // A reload that leaves the line alone leaves its queues alone; one that takes it away takes all of them.
    REQUIRE(install(host.plane, table_of({{network, poc}, {"10.9.0.0/16", poc}})));
    REQUIRE(install(host.plane, table_of({{"10.9.0.0/16", poc}})));
    auto const left = host.kernel().policies().value();
    CHECK(std::ranges::none_of(left, [&](Policy const& policy) {
        return is_line(policy.priority) && policy.selector.destination == prefix(network);
    }));
}

TEST_CASE("a line that names one host takes turns with its flow", "[kernel-glue][plane][kernel]")
{
    auto const group =
        GENERATE(values({PolicyGroup::PrivateOrClear, PolicyGroup::Private, PolicyGroup::ClearOrPrivate}));
    Host host({{"10.2.0.1", group}, {"10.9.0.0/16", PolicyGroup::Block}});
    auto const line_out = host.out(east);
    auto const line_in = host.in(east);
    REQUIRE(host.plane.hold(of(east, group), reqid));
    REQUIRE(host.plane.encrypt(of(east, group), reqid, EspMode::Transport, Inbound::Require));
    REQUIRE(host.plane.kick(east));
    CHECK(host.out(east).tmpl->reqid == reqid);

    REQUIRE(install(host.plane, host.table)); // a reload leaves the flow alone
    CHECK(host.out(east).tmpl->reqid == reqid);

    REQUIRE(host.plane.release(east));
    CHECK(host.out(east) == line_out);
    CHECK(host.in(east) == line_in);
}

TEST_CASE("the trap of one host lets a held packet go when its flow is decided",
          "[kernel-glue][plane][kernel]")
{
    if (!PrivateNetwork::can_hold())
        return; // nothing is held in a user namespace, which has no xfrm_larval_drop
    Host host({{"10.2.0.1", poc}});
    host.network.send("10.2.0.1", "held");
    REQUIRE(host.log.trapped(east));
    REQUIRE(host.plane.hold(of(east, poc), reqid));
    REQUIRE(host.plane.pass(of(east, poc)));
    REQUIRE(host.plane.kick(east));
    CHECK(host.network.seen("held"));
}

TEST_CASE("a responder leaves what is held to the main thread", "[kernel-glue][plane][kernel]")
{
    auto const network = GENERATE(values({"10.2.0.0/16", "10.2.0.1"}));
    Host host({{network, poc}});
    REQUIRE(host.plane.hold(of(east, poc), reqid));
    auto responder = ResponderPolicies::open().value();
    REQUIRE(responder.admit(of(east, poc), reqid, EspMode::Tunnel));
    CHECK(is_trap(host.out(east).tmpl->reqid));
    CHECK(host.in(east).tmpl->mode == EspMode::Tunnel);
}

TEST_CASE("a responder's answer is encrypted where a line names just the peer",
          "[kernel-glue][plane][kernel]")
{
    Host host({{"10.2.0.1", PolicyGroup::ClearOrPrivate}});
    auto responder = ResponderPolicies::open().value();
    REQUIRE(responder.admit(of(east, PolicyGroup::ClearOrPrivate), reqid, EspMode::Transport));
    CHECK(host.out(east).tmpl->reqid == reqid);
}

TEST_CASE("held packets wait for a peer that may not be ready, but not what cannot wait",
          "[kernel-glue][plane][kernel]")
{
    Host host({{"10.2.0.0/16", poc}, {"fd01::/16", poc}});
    auto const peer = GENERATE(east, east_v6);
    auto const inbound = GENERATE(Inbound::Admit, Inbound::Require);
    auto const held = hold_policies(of(peer, poc), reqid).out;
    auto const encrypted = encrypt_policies(of(peer, poc), reqid, EspMode::Tunnel, inbound);
    auto const first = overtaking(peer, encrypted.out);
    CHECK(first.has_value() == (peer == east_v6)); // IPv4's answers to echoes can wait
    auto const present = [&](Policy const& policy) {
        return bool(host.kernel().find(policy.selector, Direction::Out));
    };
    REQUIRE(host.plane.hold(of(peer, poc), reqid));
    REQUIRE(host.plane.await(of(peer, poc), reqid, EspMode::Tunnel, inbound));
    CHECK(host.out(peer) == held);
    CHECK(host.in(peer) == encrypted.in);
    if (first) {
        CHECK(first->priority < held.priority);
        CHECK(is_flow(first->priority));
        CHECK(present(*first));
    }
    SECTION("until it is")
    {
        REQUIRE(host.plane.encrypt(of(peer, poc), reqid, EspMode::Tunnel, inbound));
        CHECK(host.out(peer) == encrypted.out);
    }
    SECTION("or the flow ends")
    {
        REQUIRE(host.plane.release(peer));
        CHECK_FALSE(present(encrypted.out));
    }
    CHECK_FALSE((first && present(*first)));
}
