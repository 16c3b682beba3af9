// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/wide_policies.h"

#include "kernel-glue/flow_policies.h"
#include "kernel-glue/priorities.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <fmt/format.h>
#include <netinet/in.h>

namespace oekd {

namespace {

using xfrm::Direction;
using xfrm::Policy;
using xfrm::Selector;
using xfrm::Template;
using xfrm::Verdict;

// What path MTU discovery and traceroute need from a network that is closed otherwise.
struct IcmpError {
    uint8_t type;
    std::optional<uint16_t> code;
};
constexpr std::array errors_v4{IcmpError{3, 4},
                               IcmpError{11, std::nullopt}}; // RFC 792: too big, time exceeded
constexpr std::array errors_v6{IcmpError{1, std::nullopt},
                               IcmpError{2, std::nullopt},  // RFC 4443: unreachable, too big,
                               IcmpError{3, std::nullopt}}; // time exceeded

Policy allow(Selector const& selector, Direction direction, uint32_t priority)
{
    return {selector, direction, priority, Verdict::Allow, std::nullopt};
}

Policy block(Selector const& selector, Direction direction, uint32_t priority)
{
    return {selector, direction, priority, Verdict::Block, std::nullopt};
}

void add_icmp_errors(std::vector<Policy>& policies, GroupLine const& line, Address const& own)
{
    bool const is_v4 = own.family() == Family::V4;
    auto const errors = is_v4 ? std::span<IcmpError const>(errors_v4) : std::span<IcmpError const>(errors_v6);
    uint8_t const protocol = is_v4 ? uint8_t{IPPROTO_ICMP} : uint8_t{IPPROTO_ICMPV6};
    auto const priority = icmp_priority(line.network, when_gone(line.group));
    for (auto const& error : errors)
        policies.push_back(allow({line.network, Prefix::host(own), protocol, error.type, error.code},
                                 Direction::In, priority));
}

} // namespace

OpenInbound open_inbound(GroupTable const& table)
{
    bool const some_closed = std::ranges::any_of(
        table.lines(), [](GroupLine const& line) { return when_gone(line.group) == WhenGone::Closed; });
    return some_closed ? OpenInbound::Needed : OpenInbound::Superfluous;
}

Policy wide_trap(GroupLine const& line, Address const& own, uint32_t alias, Turn turn)
{
    assert(starts_negotiation(line.group));
    auto const any = Address::any(own.family());
    auto selector = outbound_selector(Prefix::host(own), line.network, line.service);
    selector.alias = alias;
    // An optional template asks for an SA as well, and lets the packet go meanwhile.
    auto const passes = permitted(line.conduct, line.group).negotiation == Conduct::Negotiation::Pass;
    return {selector, Direction::Out, line_priority(line.network, line.service, when_gone(line.group), turn),
            Verdict::Allow,
            Template{any, any, trap_reqid_of(own, line.service), EspMode::Transport,
                     passes ? xfrm::Level::Use : xfrm::Level::Required}};
}

std::vector<Policy> line_policies(GroupLine const& line, Address const& own, OpenInbound inbound)
{
    auto const priority = line_priority(line.network, line.service, when_gone(line.group));
    auto const out = outbound_selector(Prefix::host(own), line.network, line.service);
    auto const in = inbound_selector(Prefix::host(own), line.network, line.service);
    std::vector<Policy> policies;
    switch (line.group) {
    case PolicyGroup::Clear:
    case PolicyGroup::ClearOrPrivate: policies.push_back(allow(out, Direction::Out, priority)); break;
    case PolicyGroup::PrivateOrClear:
    case PolicyGroup::Private: policies.push_back(wide_trap(line, own)); break;
    case PolicyGroup::Block: policies.push_back(block(out, Direction::Out, priority)); break;
    }
    if (when_gone(line.group) == WhenGone::Closed) {
        policies.push_back(block(in, Direction::In, priority));
        if (line.service.is_everything())
            add_icmp_errors(policies, line, own);
    } else if (inbound == OpenInbound::Needed || !line.service.is_everything()) {
        policies.push_back(allow(in, Direction::In, priority));
    }
    return policies;
}

Result<std::vector<WantedPolicy>>
wanted_policies(GroupTable const& table, std::span<Address const> own_addresses, Exempt const& exempt)
{
    std::vector own(own_addresses.begin(), own_addresses.end());
    std::ranges::sort(own);
    auto const repeated = std::ranges::unique(own);
    own.erase(repeated.begin(), repeated.end());

    std::vector<WantedPolicy> wanted;
    for (auto& policy : exemptions(exempt))
        wanted.push_back({std::move(policy), nullptr});
    auto const inbound = open_inbound(table);
    for (auto const& line : table.lines())
        for (auto const& address : own) {
            if (address.family() != line.network.family())
                continue;
            for (auto& policy : line_policies(line, address, inbound))
                wanted.push_back({std::move(policy), &line});
            if (wanted.size() > max_wide_policies)
                return fail(
                    ErrorCode::Limit,
                    fmt::format("{} group lines times {} own addresses need more than {} kernel policies",
                                table.lines().size(), own.size(), max_wide_policies));
        }
    return wanted;
}

} // namespace oekd
