// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/flow_policies.h"
#include "kernel-glue/policy_plan.h"
#include "kernel-glue/priorities.h"
#include "private_network.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace oekd;
using namespace oekd::test;
using xfrm::Direction;
using xfrm::Policy;
using xfrm::Verdict;

namespace {

using Kind = PolicyChange::Kind;

GroupTable table_of(std::vector<std::pair<std::string, PolicyGroup>> const& entries)
{
    std::vector<GroupLine> lines;
    for (auto const& [network, group] : entries)
        lines.push_back({prefix(network), group, "file", int(lines.size()) + 1});
    std::vector<LineError> errors;
    return GroupTable::build(std::move(lines), errors);
}

std::vector<WantedPolicy> wanted_by(GroupTable const& table)
{
    std::vector const own{address("10.1.0.1")};
    return wanted_policies(table, own, {own, {}, Exempt::Dns::ToAny, Exempt::Ntp::ToAny}).value();
}

std::vector<Policy> policies_of(std::vector<WantedPolicy> const& wanted)
{
    std::vector<Policy> policies;
    for (auto const& entry : wanted)
        policies.push_back(entry.policy);
    return policies;
}

void apply(std::vector<Policy>& kernel, PolicyChange const& change)
{
    std::erase_if(kernel, [&](Policy const& policy) {
        return policy.selector == change.policy.selector && policy.direction == change.policy.direction;
    });
    if (change.kind != Kind::Remove)
        kernel.push_back(change.policy);
}

// The kernel's choice for a packet of no particular protocol.
Policy const* choice(std::vector<Policy> const& kernel, Direction direction, Address const& remote)
{
    auto const local = address("10.1.0.1");
    Policy const* best = nullptr;
    for (auto const& policy : kernel) {
        auto const& [source, destination, protocol, source_port, destination_port, alias] = policy.selector;
        bool const out = direction == Direction::Out;
        if (policy.direction == direction && protocol == 0 && source.contains(out ? local : remote) &&
            destination.contains(out ? remote : local) && (!best || policy.priority < best->priority))
            best = &policy;
    }
    return best;
}

bool is_open(std::vector<Policy> const& kernel, Direction direction, Address const& remote)
{
    auto const* policy = choice(kernel, direction, remote);
    return !policy || (policy->verdict == Verdict::Allow && !policy->tmpl);
}

rc::Gen<std::vector<std::pair<std::string, PolicyGroup>>> any_lines()
{
    auto const network =
        rc::gen::element<std::string>("0.0.0.0/0", "10.0.0.0/8", "10.2.0.0/16", "10.2.0.0/17", "10.2.0.0/24",
                                      "10.2.0.1/32", "10.2.128.0/17", "10.3.0.0/16");
    return rc::gen::container<std::vector<std::pair<std::string, PolicyGroup>>>(
        rc::gen::pair(network, rc::gen::elementOf(std::vector(all_groups.begin(), all_groups.end()))));
}

std::vector<Address> probes()
{
    std::vector<Address> remotes;
    for (auto const* text :
         {"10.2.0.1", "10.2.0.2", "10.2.1.1", "10.2.200.1", "10.3.0.1", "10.9.0.1", "192.0.2.1"})
        remotes.push_back(address(text));
    return remotes;
}

} // namespace

TEST_CASE("installing the same table twice changes nothing", "[kernel-glue][plan]")
{
    auto const table =
        table_of({{"10.0.0.0/8", PolicyGroup::PrivateOrClear}, {"10.3.0.0/16", PolicyGroup::Private}});
    auto const wanted = wanted_by(table);
    auto const plan = plan_install(wanted, policies_of(wanted), FlowLeftovers::Remove);
    CHECK(plan.changes.empty());
    CHECK(plan.taken.empty());
}

TEST_CASE("another program's policy is reported and left alone", "[kernel-glue][plan]")
{
    auto const table = table_of({{"10.2.0.0/16", PolicyGroup::PrivateOrClear}});
    auto const wanted = wanted_by(table);
    auto foreign = wide_trap(table.lines().front(), address("10.1.0.1"));
    foreign.priority = 1000;
    auto const plan = plan_install(wanted, std::vector{foreign}, FlowLeftovers::Remove);
    REQUIRE(plan.taken.size() == 1);
    CHECK(plan.taken.front() == &table.lines().front());
    for (auto const& change : plan.changes)
        CHECK(change.policy.selector != foreign.selector);
}

TEST_CASE("flow policies of an earlier daemon go, our own stay", "[kernel-glue][plan]")
{
    auto const pass =
        pass_policies(of(flow("10.1.0.1", "10.2.0.1"), PolicyGroup::PrivateOrClear), std::nullopt);
    std::vector const present{pass.in, pass.out};
    CHECK(plan_install({}, present, FlowLeftovers::Remove).changes.size() == 2);
    CHECK(plan_install({}, present, FlowLeftovers::Keep).changes.empty());
}

TEST_CASE("what is closed before and after a reload is closed at every step", "[kernel-glue][plan]")
{
    CHECK(rc::check("install never opens", [] {
        auto const before = table_of(*any_lines());
        auto const after = table_of(*any_lines());
        auto kernel = policies_of(wanted_by(before));
        auto const wanted = wanted_by(after);
        auto const target = policies_of(wanted);
        auto const first = kernel;
        auto const plan = plan_install(wanted, kernel, FlowLeftovers::Keep);
        for (auto const& change : plan.changes) {
            apply(kernel, change);
            for (auto const direction : {Direction::In, Direction::Out})
                for (auto const& remote : probes())
                    if (!is_open(first, direction, remote) && !is_open(target, direction, remote))
                        RC_ASSERT(!is_open(kernel, direction, remote));
        }
        RC_ASSERT(kernel.size() == target.size());
        for (auto const& policy : target)
            RC_ASSERT(std::ranges::find(kernel, policy) != kernel.end());
    }));
}

TEST_CASE("a release opens what may go in the clear and keeps the rest closed", "[kernel-glue][plan]")
{
    CHECK(rc::check("release follows the groups", [] {
        auto const table = table_of(*any_lines());
        auto kernel = policies_of(wanted_by(table));
        for (auto const& change : plan_release(kernel)) {
            RC_ASSERT(change.kind != Kind::Create);
            apply(kernel, change);
        }
        for (auto const& remote : probes()) {
            auto const* line = table.find(remote);
            bool const open = !line || may_go_clear(line->group);
            RC_ASSERT(is_open(kernel, Direction::Out, remote) == open);
            RC_ASSERT(is_open(kernel, Direction::In, remote) == open);
        }
    }));
}

TEST_CASE("a release leaves nothing where nothing is closed", "[kernel-glue][plan]")
{
    auto present = policies_of(wanted_by(table_of({{"10.0.0.0/8", PolicyGroup::PrivateOrClear}})));
    auto const held =
        hold_policies(of(flow("10.1.0.1", "10.2.0.1"), PolicyGroup::PrivateOrClear), flow_reqid_first);
    present.push_back(held.out);
    present.push_back(held.in);
    for (auto const& change : plan_release(present)) {
        CHECK(change.kind == Kind::Remove);
        apply(present, change);
    }
    CHECK(present.empty());
}

TEST_CASE("exemptions outlive the daemon where something stays closed", "[kernel-glue][plan]")
{
    auto const present = policies_of(wanted_by(table_of({{"0.0.0.0/0", PolicyGroup::Private}})));
    for (auto const& change : plan_release(present))
        CHECK(!is_exemption(change.policy.priority));
}
