// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/policy_plan.h"

#include "kernel-glue/priorities.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace oekd {

namespace {

using xfrm::Policy;

// What the kernel keeps one policy of.
auto key_of(Policy const& policy)
{
    auto const& selector = policy.selector;
    return std::tuple(policy.direction, selector.source, selector.destination, selector.protocol,
                      selector.source_port, selector.destination_port, selector.alias);
}
using Key = decltype(key_of(std::declval<Policy>()));

bool is_closed(Policy const& policy) { return when_gone(policy.priority) == WhenGone::Closed; }

bool opens(Policy const& policy) { return policy.verdict == xfrm::Verdict::Allow && !policy.tmpl; }

// A packet takes the policy of the longest prefix. So that none which is blocked or trapped before and after
// finds an open one in between: exemptions (never closed), what closes, what opens; then away with what
// opened, then with what closed.
int rank(PolicyChange const& change)
{
    if (change.kind == PolicyChange::Kind::Remove)
        return opens(change.policy) ? 3 : 4;
    if (is_exemption(change.policy.priority))
        return 0;
    return opens(change.policy) ? 2 : 1;
}

bool contains(Prefix const& outer, Prefix const& inner)
{
    return outer.length() <= inner.length() && outer.contains(inner.address());
}

bool covers(std::optional<uint16_t> outer, std::optional<uint16_t> inner) { return !outer || outer == inner; }

bool contains(Policy const& outer, Policy const& inner)
{
    auto const& out = outer.selector;
    auto const& in = inner.selector;
    return outer.direction == inner.direction && contains(out.source, in.source) &&
           contains(out.destination, in.destination) && (out.protocol == 0 || out.protocol == in.protocol) &&
           covers(out.source_port, in.source_port) && covers(out.destination_port, in.destination_port);
}

/// What decides about the policy's packets when it is gone: the next of our lines around it.
Policy const* next_around(Policy const& policy, std::span<Policy const> lines)
{
    Policy const* next = nullptr;
    for (auto const& line : lines)
        if (line.priority > policy.priority && contains(line, policy) &&
            (!next || line.priority < next->priority))
            next = &line;
    return next;
}

std::vector<Policy> ours_in(std::span<Policy const> present)
{
    std::vector<Policy> ours;
    std::ranges::copy_if(present, std::back_inserter(ours),
                         [](Policy const& policy) { return is_ours(policy.priority); });
    return ours;
}

std::vector<Policy> lines_in(std::span<Policy const> ours)
{
    std::vector<Policy> lines;
    std::ranges::copy_if(ours, std::back_inserter(lines),
                         [](Policy const& policy) { return is_line(policy.priority); });
    return lines;
}

/// The same trap at another turn counts as what it ought to be: bookkeeping of its own moves it.
Policy at_first_turn(Policy policy)
{
    policy.priority = with_turn(policy.priority, Turn::First);
    return policy;
}

/// An alias of a wide trap that stays: its queue may hold packets.
bool is_live_alias(Policy alias, std::set<Key> const& unchanged)
{
    if (alias.selector.alias == 0)
        return false;
    alias.selector.alias = 0;
    return unchanged.contains(key_of(alias));
}

PolicyChange opened(Policy policy)
{
    policy.verdict = xfrm::Verdict::Allow;
    policy.tmpl.reset();
    return {PolicyChange::Kind::Update, std::move(policy), nullptr};
}

} // namespace

InstallPlan plan_install(std::span<WantedPolicy const> wanted, std::span<Policy const> present,
                         FlowLeftovers leftovers)
{
    std::map<Key, Policy const*> in_kernel;
    for (auto const& policy : present)
        in_kernel.emplace(key_of(policy), &policy);

    bool const keep = leftovers == FlowLeftovers::Keep;
    InstallPlan plan;
    std::set<Key> unchanged;
    for (auto const& [policy, line] : wanted) {
        auto const found = in_kernel.find(key_of(policy));
        if (found == in_kernel.end()) {
            plan.changes.push_back({PolicyChange::Kind::Create, policy, line});
            continue;
        }
        auto const& old = *found->second;
        in_kernel.erase(found);
        if (!is_ours(old.priority)) {
            if (line)
                plan.taken.push_back(line);
        } else if (is_flow(old.priority) && keep) {
            // A line that names one host shares its selector with the flow, whose turn it is.
        } else if ((keep ? at_first_turn(old) : old) != policy) {
            plan.changes.push_back({PolicyChange::Kind::Update, policy, line});
        } else {
            unchanged.insert(key_of(policy));
        }
    }
    for (auto const& [key, policy] : in_kernel) {
        bool const stays = keep && (is_flow(policy->priority) || is_live_alias(*policy, unchanged));
        if (is_ours(policy->priority) && !stays)
            plan.changes.push_back({PolicyChange::Kind::Remove, *policy, nullptr});
    }
    std::ranges::stable_sort(plan.changes, {}, rank);
    return plan;
}

std::vector<PolicyChange> plan_release(std::span<Policy const> present)
{
    auto const ours = ours_in(present);
    auto const lines = lines_in(ours);
    bool const some_closed = std::ranges::any_of(ours, is_closed);

    std::vector<PolicyChange> changes;
    for (auto const& policy : ours) {
        if (is_closed(policy))
            continue;
        bool const exempt = is_exemption(policy.priority);
        auto const* around = exempt ? nullptr : next_around(policy, lines);
        bool const needed = exempt ? some_closed : around && is_closed(*around);
        if (!needed)
            changes.push_back({PolicyChange::Kind::Remove, policy, nullptr});
        else if (policy.tmpl)
            changes.push_back(opened(policy));
    }
    return changes;
}

} // namespace oekd
