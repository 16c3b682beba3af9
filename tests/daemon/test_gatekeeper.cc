// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/gatekeeper.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace oekd;

namespace {

using Welcome = ResponderGate::Welcome;

Address address(std::string_view text) { return Address::parse(text).value(); }

constexpr Service echo_at{6, 7, 0};

std::shared_ptr<GroupTable const> one_network_per_group(Service const& service = {},
                                                        std::vector<GroupLine> lines = {})
{
    for (auto group : all_groups) {
        Prefix const network(Address::parse(fmt::format("10.{}.0.0", int(group))).value(), 16);
        lines.push_back({.network = network, .group = group, .file = "f", .line = 1, .service = service});
    }
    std::vector<LineError> errors;
    return std::make_shared<GroupTable const>(GroupTable::build(std::move(lines), errors));
}

Welcome welcome(Gatekeeper& gate, PolicyGroup group)
{
    return gate.welcome(address(fmt::format("10.{}.0.1", int(group))));
}

/// Where a Gatekeeper writes.
struct Log {
    EventLoop loop = EventLoop::create().value();
    Journal journal = Journal::open(LogLevel::Error);
    Counters counters;
    std::unique_ptr<LimitedJournal> limited = LimitedJournal::create(loop, journal, counters).value();
};

} // namespace

TEST_CASE("only where keys count, or we have one, the main thread is asked", "[daemon]")
{
    Log log;
    Gatekeeper gate(one_network_per_group(), ResponderPolicies::open().value(), *log.limited);
    auto const peer = address(fmt::format("10.{}.0.1", int(PolicyGroup::Private)));
    CHECK(!gate.needs_keys(peer));
    CHECK(!gate.needs_keys(address("192.0.2.1")));

    GroupLine asking{Prefix::host(peer), PolicyGroup::Private, "f", 2};
    asking.judgement.accepted.add(Protection::Dnssec);
    gate.set_groups(one_network_per_group({}, {asking}));
    CHECK(gate.needs_keys(peer));
    CHECK(!gate.needs_keys(address(fmt::format("10.{}.0.2", int(PolicyGroup::Private)))));
    gate.use_own_key();
    CHECK(gate.needs_keys(address("192.0.2.1")));
}

TEST_CASE("who gets an answer to IKE", "[daemon]")
{
    Log log;
    Gatekeeper gate(one_network_per_group(), ResponderPolicies::open().value(), *log.limited);
    CHECK(welcome(gate, PolicyGroup::Private) == Welcome::Ignore); // the policies are not in the kernel yet
    gate.open();
    CHECK(welcome(gate, PolicyGroup::Clear) == Welcome::Refuse);
    CHECK(welcome(gate, PolicyGroup::ClearOrPrivate) == Welcome::Answer);
    CHECK(welcome(gate, PolicyGroup::PrivateOrClear) == Welcome::Answer);
    CHECK(welcome(gate, PolicyGroup::Private) == Welcome::Answer);
    CHECK(welcome(gate, PolicyGroup::Block) == Welcome::Ignore);
    CHECK(gate.welcome(address("192.0.2.1")) == Welcome::Ignore); // no line names it
    gate.close();
    CHECK(welcome(gate, PolicyGroup::Private) == Welcome::Refuse);
    CHECK(welcome(gate, PolicyGroup::Block) == Welcome::Ignore);
}

TEST_CASE("who gets an answer where only a service is named", "[daemon]")
{
    Log log;
    Gatekeeper gate(one_network_per_group(echo_at), ResponderPolicies::open().value(), *log.limited);
    gate.open();
    CHECK(welcome(gate, PolicyGroup::Clear) == Welcome::Refuse);
    CHECK(welcome(gate, PolicyGroup::Private) == Welcome::Answer);
    CHECK(welcome(gate, PolicyGroup::Block) == Welcome::Ignore);
    CHECK(gate.welcome(address("192.0.2.1")) == Welcome::Ignore);
}

TEST_CASE("any line that negotiates is worth an answer, unless a longer network decides", "[daemon]")
{
    Log log;
    auto const line = [](char const* network, int length, PolicyGroup group, Service const& service) {
        return GroupLine{Prefix(address(network), length), group, "f", 1, service};
    };
    Gatekeeper gate(one_network_per_group({}, {line("10.0.0.0", 8, PolicyGroup::Private, echo_at),
                                               line("192.0.2.0", 24, PolicyGroup::Block, {}),
                                               line("192.0.2.0", 24, PolicyGroup::Private, echo_at),
                                               line("192.0.2.9", 32, PolicyGroup::Clear, echo_at)}),
                    ResponderPolicies::open().value(), *log.limited);
    gate.open();
    CHECK(gate.welcome(address("192.0.2.1")) == Welcome::Answer);
    CHECK(gate.welcome(address("192.0.2.9")) == Welcome::Answer);
    CHECK(gate.welcome(address("10.99.0.1")) == Welcome::Answer);
    CHECK(welcome(gate, PolicyGroup::Block) == Welcome::Ignore);
    CHECK(welcome(gate, PolicyGroup::Clear) == Welcome::Refuse);
}

TEST_CASE("which flows a peer may protect", "[daemon]")
{
    Log log;
    auto const flow = [](PolicyGroup group, Service const& service = {}) {
        return Flow{address("198.51.100.1"), address(fmt::format("10.{}.0.1", int(group))), service};
    };
    SECTION("under a line without a service, whatever the service")
    {
        Gatekeeper gate(one_network_per_group(), ResponderPolicies::open().value(), *log.limited);
        CHECK_FALSE(gate.accepts(flow(PolicyGroup::Private)));
        gate.open();
        for (auto group : all_groups) {
            CHECK(gate.accepts(flow(group)) == accepts_negotiation(group));
            CHECK(gate.accepts(flow(group, echo_at)) == accepts_negotiation(group));
        }
        gate.close();
        CHECK_FALSE(gate.accepts(flow(PolicyGroup::Private)));
    }
    SECTION("under a line with a service only what it covers")
    {
        Gatekeeper gate(one_network_per_group(echo_at), ResponderPolicies::open().value(), *log.limited);
        gate.open();
        for (auto group : all_groups)
            CHECK(gate.accepts(flow(group, echo_at)) == accepts_negotiation(group));
        CHECK(gate.accepts(flow(PolicyGroup::Private, {6, 7, 40000})));
        CHECK_FALSE(gate.accepts(flow(PolicyGroup::Private)));
        CHECK_FALSE(gate.accepts(flow(PolicyGroup::Private, {6, 0, 7})));
        CHECK_FALSE(gate.accepts(flow(PolicyGroup::Private, {17, 7, 0})));
    }
}

/// For ThreadSanitizer (./dev test): what libcharon's threads ask while the main thread starts, reloads and
/// stops.
TEST_CASE("threads ask the gatekeeper while its groups change", "[daemon][threads]")
{
    Log log;
    Gatekeeper gate(one_network_per_group(), ResponderPolicies::open().value(), *log.limited);
    std::atomic<unsigned> answers = 0;
    std::vector<std::jthread> askers;
    for (int i = 0; i < 4; ++i) {
        askers.emplace_back([&](std::stop_token const& stop) {
            while (!stop.stop_requested()) {
                (void)gate.accepts({address("198.51.100.1"), address("10.3.0.1")});
                answers += welcome(gate, PolicyGroup::Private) == Welcome::Answer ? 1 : 0;
            }
        });
    }
    gate.open();
    for (unsigned seen = answers; answers < seen + 100;)
        gate.set_groups(one_network_per_group(echo_at));
    for (unsigned seen = answers; answers < seen + 100;)
        gate.set_groups(one_network_per_group());
    gate.close();
    askers.clear();
    CHECK(welcome(gate, PolicyGroup::Private) == Welcome::Refuse);
}
