// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/flow_policies.h"
#include "kernel-glue/priorities.h"
#include "private_network.h"

#include <catch2/catch.hpp>

using namespace oekd;
using namespace oekd::test;
using xfrm::Direction;
using xfrm::Level;
using xfrm::Verdict;

namespace {

constexpr Reqid reqid{reqid_band_first + 5};

Flow sample() { return flow("10.1.0.1", "10.2.0.1"); }

bool admits_cleartext(xfrm::Policy const& in)
{
    return in.verdict == Verdict::Allow && (!in.tmpl || in.tmpl->level == Level::Use);
}

std::vector<FlowPolicies> every_stage(PolicyGroup group)
{
    std::vector stages{hold_policies(of(sample(), group), reqid), drop_policies(of(sample(), group))};
    for (auto const mode : {EspMode::Transport, EspMode::Tunnel})
        for (auto const inbound : {Inbound::Admit, Inbound::Require})
            stages.push_back(encrypt_policies(of(sample(), group), reqid, mode, inbound));
    return stages;
}

} // namespace

TEST_CASE("a private flow never takes cleartext in nor lets it out", "[kernel-glue][flow]")
{
    for (auto const& [in, out] : every_stage(PolicyGroup::Private)) {
        CHECK(!admits_cleartext(in));
        CHECK((out.verdict == Verdict::Block || out.tmpl->level == Level::Required));
        CHECK(when_gone(in.priority) == WhenGone::Closed);
        CHECK(when_gone(out.priority) == WhenGone::Closed);
    }
}

TEST_CASE("every template on a flow names both ends, and inbound the flow's reqid", "[kernel-glue][flow]")
{
    auto const group =
        GENERATE(PolicyGroup::ClearOrPrivate, PolicyGroup::PrivateOrClear, PolicyGroup::Private);
    for (auto const& [in, out] : every_stage(group)) {
        CHECK(in.direction == Direction::In);
        CHECK(out.direction == Direction::Out);
        if (in.tmpl) {
            CHECK(in.tmpl->reqid == reqid);
            CHECK(in.tmpl->source == sample().remote);
            CHECK(in.tmpl->destination == sample().local);
        }
        if (out.tmpl) {
            CHECK(out.tmpl->level == Level::Required); // the kernel refuses an optional tunnel in `out`
            CHECK(out.tmpl->source == sample().local);
            CHECK(out.tmpl->destination == sample().remote);
        }
    }
}

TEST_CASE("a hold asks with the wide trap's reqid, in transport mode", "[kernel-glue][flow]")
{
    auto const held = hold_policies(of(sample(), PolicyGroup::PrivateOrClear), reqid);
    REQUIRE(held.out.tmpl);
    CHECK(held.out.tmpl->reqid == trap_reqid_of(sample().local, {}));
    CHECK(held.out.tmpl->mode == EspMode::Transport);
    CHECK(admits_cleartext(held.in));
    CHECK(held.in.tmpl->mode == EspMode::Tunnel);
}

TEST_CASE("a flow that may go clear admits cleartext until that ends", "[kernel-glue][flow]")
{
    auto const mode = GENERATE(EspMode::Transport, EspMode::Tunnel);
    auto const group = PolicyGroup::PrivateOrClear;
    auto const admit = encrypt_policies(of(sample(), group), reqid, mode, Inbound::Admit);
    CHECK(admits_cleartext(admit.in));
    CHECK(admit.out.tmpl->mode == mode);
    CHECK(admit.out.tmpl->reqid == reqid);
    auto const require = encrypt_policies(of(sample(), group), reqid, mode, Inbound::Require);
    CHECK(!admits_cleartext(require.in));
    CHECK(require.in.tmpl->mode == mode);
}

TEST_CASE("a clear flow admits ESP that the peer may set up later", "[kernel-glue][flow]")
{
    auto const known = pass_policies(of(sample(), PolicyGroup::PrivateOrClear), reqid);
    CHECK(!known.out.tmpl);
    CHECK(admits_cleartext(known.in));
    CHECK(known.in.tmpl->reqid == reqid);
    auto const unknown = pass_policies(of(sample(), PolicyGroup::PrivateOrClear), std::nullopt);
    CHECK(!unknown.in.tmpl);
}
