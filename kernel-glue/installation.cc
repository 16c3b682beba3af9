// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/installation.h"

#include "kernel-glue/own_policies.h"

#include <algorithm>

namespace oekd {

namespace {

/// Above this many requests a dump is cheaper.
constexpr size_t largest_difference = 2048;

bool means_the_same(GroupLine const* one, GroupLine const& other)
{
    return one && one->group == other.group && one->conduct == other.conduct;
}

/// Finds the lines of one table in another. Most lines stand there in the same order, where no look-up is
/// needed.
class Counterparts {
public:
    explicit Counterparts(GroupTable const& table) : m_table(table) {}

    GroupLine const* operator()(GroupLine const& line)
    {
        auto const lines = m_table.lines();
        if (m_next < lines.size() && lines[m_next].network == line.network &&
            lines[m_next].service == line.service)
            return &lines[m_next++];
        auto const* found = m_table.line_of(line.network, line.service);
        if (found)
            m_next = static_cast<size_t>(found - lines.data()) + 1;
        return found;
    }

private:
    GroupTable const& m_table;
    size_t m_next = 0;
};

Result<void> carry_out(xfrm::Requests& kernel, PolicyChange const& change)
{
    switch (change.kind) {
    case PolicyChange::Kind::Create: return kernel.create(change.policy);
    case PolicyChange::Kind::Update: return kernel.update(change.policy);
    case PolicyChange::Kind::Remove: return kernel.remove(change.policy);
    }
    __builtin_unreachable();
}

bool takes_route(PolicyChange const& change, Family family)
{
    return change.kind == PolicyChange::Kind::Remove && lets_out(change.policy) &&
           change.policy.selector.source.family() == family;
}

// A line stands for several policies; it is reported once.
std::vector<GroupLine> copies_of(std::vector<GroupLine const*> lines)
{
    std::ranges::sort(lines);
    auto const repeated = std::ranges::unique(lines);
    lines.erase(repeated.begin(), repeated.end());
    std::vector<GroupLine> copies;
    for (auto const* line : lines)
        copies.push_back(*line);
    return copies;
}

/// Adds what the kernel has under these selectors. What our types cannot express is another program's, and is
/// found when we try to create ours.
Result<void> look_up(xfrm::Requests& kernel, std::vector<xfrm::Policy>& found, xfrm::Policy const& policy)
{
    auto present = kernel.find(policy.selector, policy.direction);
    if (present)
        found.push_back(std::move(*present));
    else if (present.error().code != ErrorCode::NotFound && present.error().code != ErrorCode::Exists)
        return std::unexpected(present.error());
    return {};
}

} // namespace

Result<std::vector<GroupLine const*>> apply_changes(xfrm::Requests& kernel,
                                                    std::span<PolicyChange const> changes)
{
    std::vector<GroupLine const*> taken;
    for (auto const& change : changes) {
        auto const done = carry_out(kernel, change);
        bool const is_taken = !done && done.error().code == ErrorCode::Exists;
        bool const is_gone = !done && done.error().code == ErrorCode::NotFound;
        if (is_taken && change.line)
            taken.push_back(change.line);
        else if (!done && !is_taken && !is_gone)
            return std::unexpected(done.error());
    }
    for (auto const family : {Family::V4, Family::V6})
        if (std::ranges::any_of(changes,
                                [family](auto const& change) { return takes_route(change, family); }))
            if (auto forgotten = forget_routes(kernel, family); !forgotten)
                return std::unexpected(forgotten.error());
    return taken;
}

Result<std::vector<GroupLine>> Installation::install(xfrm::Requests& kernel, TrapQueues& queues,
                                                     GroupTable const& table,
                                                     std::span<Address const> own_addresses,
                                                     Exempt const& exempt)
{
    auto const target = this->target(queues, table, own_addresses, exempt);
    if (!target)
        return std::unexpected(target.error());
    auto const leftovers = m_known == Known::Nothing ? FlowLeftovers::Remove : FlowLeftovers::Keep;
    auto const present =
        target->extent == Target::Extent::All ? kernel.policies() : present_of(kernel, *target);
    if (!present)
        return std::unexpected(present.error());
    auto plan = plan_install(target->wanted, *present, leftovers);
    m_known = Known::Unsure; // until all of it is done
    auto const taken_meanwhile = apply_changes(kernel, plan.changes);
    if (!taken_meanwhile)
        return std::unexpected(taken_meanwhile.error());
    std::ranges::copy(*taken_meanwhile, std::back_inserter(plan.taken));
    if (leftovers == FlowLeftovers::Remove)
        if (auto removed = remove_own_states(kernel); !removed)
            return std::unexpected(removed.error());

    forget_queues(queues, table, own_addresses);
    auto taken = target->extent == Target::Extent::All ? std::vector<GroupLine>{} : still_taken(table);
    std::ranges::move(copies_of(std::move(plan.taken)), std::back_inserter(taken));
    m_table = table;
    m_own_addresses.assign(own_addresses.begin(), own_addresses.end());
    m_exempt = exempt;
    m_inbound = open_inbound(table);
    m_taken = taken;
    m_known = Known::Everything;
    return taken;
}

Result<Installation::Target> Installation::target(TrapQueues const& queues, GroupTable const& table,
                                                  std::span<Address const> own, Exempt const& exempt) const
{
    if (m_known == Known::Everything && m_inbound == open_inbound(table) &&
        std::ranges::equal(own, m_own_addresses)) {
        auto part = difference(queues, table, exempt);
        if (part.wanted.size() + part.before.size() <= largest_difference)
            return part;
    }
    auto wanted = wanted_policies(table, own, exempt);
    if (!wanted)
        return std::unexpected(wanted.error());
    return Target{Target::Extent::All, std::move(*wanted), {}};
}

Installation::Target Installation::difference(TrapQueues const& queues, GroupTable const& table,
                                              Exempt const& exempt) const
{
    Target target{Target::Extent::Part, {}, {}};
    if (exempt != m_exempt) {
        target.before = exemptions(m_exempt);
        for (auto& policy : exemptions(exempt))
            target.wanted.push_back({std::move(policy), nullptr});
    }
    auto const of_same_family = [this](GroupLine const& line, auto const& visit) {
        for (auto const& own : m_own_addresses)
            if (own.family() == line.network.family())
                visit(own);
    };
    Counterparts in_new(table);
    for (auto const& line : m_table.lines()) {
        if (means_the_same(in_new(line), line))
            continue;
        of_same_family(line, [&](Address const& own) {
            std::ranges::move(policies_of(line, own), std::back_inserter(target.before));
            for (auto const alias : queues.further_aliases({own, line.network, line.service}))
                target.before.push_back(wide_trap(line, own, alias));
        });
    }
    Counterparts in_old(m_table);
    for (auto const& line : table.lines()) {
        if (means_the_same(in_old(line), line))
            continue;
        of_same_family(line, [&](Address const& own) {
            for (auto& policy : policies_of(line, own))
                target.wanted.push_back({std::move(policy), &line});
        });
        if (target.wanted.size() > largest_difference)
            break;
    }
    return target;
}

Result<std::vector<xfrm::Policy>> Installation::present_of(xfrm::Requests& kernel, Target const& target)
{
    std::vector<xfrm::Policy> found;
    for (auto const& policy : target.before)
        if (auto looked = look_up(kernel, found, policy); !looked)
            return std::unexpected(looked.error());
    for (auto const& [policy, line] : target.wanted)
        if (auto looked = look_up(kernel, found, policy); !looked)
            return std::unexpected(looked.error());
    return found;
}

void Installation::forget_queues(TrapQueues& queues, GroupTable const& table,
                                 std::span<Address const> own) const
{
    queues.forget_where([&](TrapName const& trap) {
        auto const* before = m_table.line_of(trap.network, trap.service);
        auto const* after = table.line_of(trap.network, trap.service);
        bool const unchanged = before && means_the_same(after, *before);
        return !unchanged || std::ranges::find(own, trap.own) == own.end();
    });
}

std::vector<GroupLine> Installation::still_taken(GroupTable const& table) const
{
    std::vector<GroupLine> taken;
    std::ranges::copy_if(m_taken, std::back_inserter(taken), [&](GroupLine const& line) {
        return means_the_same(table.line_of(line.network, line.service), line);
    });
    return taken;
}

bool Installation::is_own(Address const& address) const
{
    return std::ranges::find(m_own_addresses, address) != m_own_addresses.end();
}

void Installation::forget() { *this = {}; }

} // namespace oekd
