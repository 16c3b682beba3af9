// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/priorities.h"
#include "kernel-glue/wide_policies.h"
#include "private_network.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <netinet/in.h>

using namespace oekd;
using namespace oekd::test;
using xfrm::Direction;
using xfrm::Policy;
using xfrm::Verdict;

namespace {

GroupLine line(std::string_view network, PolicyGroup group) { return {prefix(network), group, "file", 1}; }

Policy const* find(std::vector<Policy> const& policies, Direction direction, uint8_t protocol)
{
    auto const found = std::ranges::find_if(policies, [&](Policy const& policy) {
        return policy.direction == direction && policy.selector.protocol == protocol;
    });
    return found == policies.end() ? nullptr : &*found;
}

bool allows(Policy const& policy) { return policy.verdict == Verdict::Allow && !policy.tmpl; }

} // namespace

TEST_CASE("what a group line becomes", "[kernel-glue][wide]")
{
    struct Row {
        PolicyGroup group;
        bool traps;
        bool blocks_out;
        bool blocks_in;
        size_t icmp;
    };
    auto const row = GENERATE(values<Row>({
        {PolicyGroup::Clear, false, false, false, 0},
        {PolicyGroup::ClearOrPrivate, false, false, false, 0},
        {PolicyGroup::PrivateOrClear, true, false, false, 0},
        {PolicyGroup::Private, true, false, true, 2},
        {PolicyGroup::Block, false, true, true, 2},
    }));
    INFO(to_string(row.group));
    auto const policies = line_policies(line("10.2.0.0/16", row.group), address("10.1.0.1"));
    CHECK(policies.size() == 2 + row.icmp);

    auto const* out = find(policies, Direction::Out, 0);
    REQUIRE(out);
    CHECK(out->selector.source == prefix("10.1.0.1"));
    CHECK(out->selector.destination == prefix("10.2.0.0/16"));
    CHECK(out->tmpl.has_value() == row.traps);
    CHECK((out->verdict == Verdict::Block) == row.blocks_out);
    CHECK(when_gone(out->priority) == when_gone(row.group));

    auto const* in = find(policies, Direction::In, 0);
    REQUIRE(in);
    CHECK(in->selector.source == prefix("10.2.0.0/16"));
    CHECK(in->selector.destination == prefix("10.1.0.1"));
    CHECK(!in->tmpl);
    CHECK((in->verdict == Verdict::Block) == row.blocks_in);
}

TEST_CASE("a wide trap asks for transport mode between the packet's own addresses", "[kernel-glue][wide]")
{
    auto const trap = wide_trap(line("fd02::/16", PolicyGroup::PrivateOrClear), address("fd01::1"));
    REQUIRE(trap.tmpl);
    CHECK(trap.tmpl->source == Address::any(Family::V6));
    CHECK(trap.tmpl->destination == Address::any(Family::V6));
    CHECK(is_trap(trap.tmpl->reqid));
    CHECK(trap.tmpl->mode == EspMode::Transport);
    CHECK(trap.tmpl->level == xfrm::Level::Required);
}

TEST_CASE("closed networks let the ICMP errors in that path MTU discovery needs", "[kernel-glue][wide]")
{
    auto const group = GENERATE(PolicyGroup::Private, PolicyGroup::Block);
    auto const v4 = line_policies(line("10.2.0.0/16", group), address("10.1.0.1"));
    auto const* too_big = find(v4, Direction::In, IPPROTO_ICMP);
    REQUIRE(too_big);
    CHECK(allows(*too_big));
    CHECK(too_big->selector.source_port == 3);
    CHECK(too_big->selector.destination_port == 4);
    CHECK(too_big->priority < find(v4, Direction::In, 0)->priority);
    auto const v6 = line_policies(line("fd02::/16", group), address("fd01::1"));
    CHECK(std::ranges::count(v6, uint8_t{IPPROTO_ICMPV6},
                             [](Policy const& p) { return p.selector.protocol; }) == 3);
}

TEST_CASE("a line concerns own addresses of its family only, each once", "[kernel-glue][wide]")
{
    std::vector<LineError> errors;
    std::vector const own{address("10.1.0.1"), address("fd01::1"), address("10.1.0.1"), address("10.1.0.2")};
    auto const policies = [&](std::vector<GroupLine> lines) {
        auto const wanted = wanted_policies(GroupTable::build(std::move(lines), errors), own, {});
        REQUIRE(wanted);
        return std::ranges::count_if(*wanted, [](WantedPolicy const& w) { return w.line != nullptr; });
    };
    auto const open = line("10.2.0.0/16", PolicyGroup::PrivateOrClear);
    CHECK(policies({open}) == 2); // nothing is closed, so nothing must be let in
    CHECK(policies({open, line("fd00::/8", PolicyGroup::Block)}) == 4 + 5);
}

TEST_CASE("a line with a service concerns its packets only", "[kernel-glue][wide]")
{
    auto ssh = line("10.2.0.0/16", PolicyGroup::Private);
    ssh.service = {6, 0, 22};
    auto const policies = line_policies(ssh, address("10.1.0.1"));
    REQUIRE(policies.size() == 2); // no exceptions for ICMP, as none of it is concerned
    for (auto const& policy : policies) {
        CHECK(policy.selector.protocol == 6);
        bool const out = policy.direction == Direction::Out;
        CHECK((out ? policy.selector.destination_port : policy.selector.source_port) == 22);
        CHECK(!(out ? policy.selector.source_port : policy.selector.destination_port));
    }
    CHECK(policies[0].tmpl->reqid == trap_reqid_of(address("10.1.0.1"), ssh.service));
}

TEST_CASE("what a service's line lets in does not wait for a closed network", "[kernel-glue][wide]")
{
    auto ssh = line("10.2.0.0/16", PolicyGroup::Clear);
    ssh.service = {6, 0, 22};
    auto const policies = line_policies(ssh, address("10.1.0.1"), OpenInbound::Superfluous);
    auto const* in = find(policies, Direction::In, 6);
    REQUIRE(in); // else the flow of all the rest would ask for ESP
    CHECK(allows(*in));
}

TEST_CASE("a group that passes packets while it decides has an optional trap", "[kernel-glue][wide]")
{
    auto poc = line("10.2.0.0/16", PolicyGroup::PrivateOrClear);
    poc.conduct.negotiation = Conduct::Negotiation::Pass;
    CHECK(wide_trap(poc, address("10.1.0.1")).tmpl->level == xfrm::Level::Use);
    auto closed = line("10.2.0.0/16", PolicyGroup::Private);
    closed.conduct.negotiation = Conduct::Negotiation::Pass;
    CHECK(wide_trap(closed, address("10.1.0.1")).tmpl->level == xfrm::Level::Required);
}

TEST_CASE("the number of policies is bounded, and the error names it", "[kernel-glue][wide]")
{
    constexpr uint32_t many = max_wide_policies / 2; // on two own addresses
    std::vector<GroupLine> lines;
    for (uint32_t i = 0; i < many; ++i) {
        std::array const bytes{std::byte(i >> 16 & 0xff), std::byte(i >> 8 & 0xff), std::byte(i & 0xff),
                               std::byte{0}};
        lines.push_back({Prefix(Address::from_bytes(bytes).value(), 24), PolicyGroup::Clear, "clear", 1});
    }
    std::vector<LineError> errors;
    auto const table = GroupTable::build(lines, errors);
    std::vector const own{address("10.1.0.1"), address("10.1.0.2")};
    auto const wanted = wanted_policies(table, own, {});
    REQUIRE(!wanted);
    CHECK(wanted.error().code == ErrorCode::Limit);
    CHECK(wanted.error().message ==
          "262144 group lines times 2 own addresses need more than 524288 kernel policies");
}
