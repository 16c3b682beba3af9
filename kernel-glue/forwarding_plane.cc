// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/forwarding_plane.h"

#include "kernel-glue/own_policies.h"
#include "kernel-glue/priorities.h"
#include "kernel-glue/wide_policies.h"

#include <algorithm>

namespace oekd {

namespace {

Result<void> carry_out(xfrm::Requests& kernel, PolicyChange const& change)
{
    switch (change.kind) {
    case PolicyChange::Kind::Create: return kernel.create(change.policy);
    case PolicyChange::Kind::Update: return kernel.update(change.policy);
    case PolicyChange::Kind::Remove: return kernel.remove(change.policy.selector, change.policy.direction);
    }
    __builtin_unreachable();
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

} // namespace

Result<ForwardingPlane> ForwardingPlane::open()
{
    auto requests = xfrm::Requests::open();
    if (!requests)
        return std::unexpected(requests.error().with("opening the policy database"));
    return ForwardingPlane(std::move(*requests));
}

Result<std::vector<GroupLine>> ForwardingPlane::install(GroupTable const& table,
                                                        std::span<Address const> own_addresses)
{
    auto const wanted = wanted_policies(table, own_addresses);
    if (!wanted)
        return std::unexpected(wanted.error());
    auto const present = m_requests.policies();
    if (!present)
        return std::unexpected(present.error());
    auto plan = plan_install(*wanted, *present, m_leftovers);
    auto const taken_meanwhile = apply(plan.changes);
    if (!taken_meanwhile)
        return std::unexpected(taken_meanwhile.error());
    std::ranges::copy(*taken_meanwhile, std::back_inserter(plan.taken));
    if (m_leftovers == FlowLeftovers::Remove)
        if (auto removed = remove_own_states(m_requests); !removed)
            return std::unexpected(removed.error());
    m_leftovers = FlowLeftovers::Keep;
    m_table = table;
    m_own_addresses.assign(own_addresses.begin(), own_addresses.end());
    return copies_of(std::move(plan.taken));
}

/// Returns the lines whose selector turned out to be taken by a policy that our types cannot express.
Result<std::vector<GroupLine const*>> ForwardingPlane::apply(std::span<PolicyChange const> changes)
{
    std::vector<GroupLine const*> taken;
    for (auto const& change : changes) {
        auto const done = carry_out(m_requests, change);
        bool const is_taken = !done && done.error().code == ErrorCode::Exists;
        bool const is_gone = !done && done.error().code == ErrorCode::NotFound;
        if (is_taken && change.line)
            taken.push_back(change.line);
        else if (!done && !is_taken && !is_gone)
            return std::unexpected(done.error());
    }
    return taken;
}

Result<void> ForwardingPlane::hold(Flow const& flow, PolicyGroup group, Reqid reqid, Inbound inbound)
{
    m_reqids[flow] = reqid;
    auto const policies = hold_policies(flow, group, reqid);
    return inbound == Inbound::Require ? put_ours(m_requests, policies.out) : put(policies);
}

Result<void> ForwardingPlane::encrypt(Flow const& flow, PolicyGroup group, Reqid reqid, EspMode mode,
                                      Inbound inbound)
{
    m_reqids[flow] = reqid;
    return put(encrypt_policies(flow, group, reqid, mode, inbound));
}

Result<void> ForwardingPlane::pass(Flow const& flow, PolicyGroup group)
{
    auto const known = m_reqids.find(flow);
    auto const reqid = known == m_reqids.end() ? std::nullopt : std::optional(known->second);
    return put(pass_policies(flow, group, reqid));
}

Result<void> ForwardingPlane::drop(Flow const& flow, PolicyGroup group)
{
    return put(drop_policies(flow, group));
}

Result<void> ForwardingPlane::release(Flow const& flow)
{
    m_reqids.erase(flow);
    auto const out = give_back(flow, outbound_selector(flow), xfrm::Direction::Out);
    auto const in = give_back(flow, inbound_selector(flow), xfrm::Direction::In);
    return out ? in : out;
}

Result<void> ForwardingPlane::give_back(Flow const& flow, xfrm::Selector const& selector,
                                        xfrm::Direction direction)
{
    if (auto const line = line_policy(flow, direction))
        return put_ours(m_requests, *line);
    return remove_ours(m_requests, selector, direction);
}

// The kernel keeps one policy per selector: a line that names one host and the flow with that host take
// turns.
std::optional<xfrm::Policy> ForwardingPlane::line_policy(Flow const& flow, xfrm::Direction direction) const
{
    auto const* line = m_table.find(flow.remote);
    bool const still_ours = std::ranges::find(m_own_addresses, flow.local) != m_own_addresses.end();
    if (!line || !line->network.is_host() || !still_ours)
        return std::nullopt;
    for (auto const& policy : line_policies(*line, flow.local))
        if (policy.direction == direction && policy.selector.protocol == 0)
            return policy;
    return std::nullopt;
}

Result<void> ForwardingPlane::kick(Flow const& flow)
{
    auto const* line = m_table.find(flow.remote);
    // The trap of a line that names one host is the flow's own policy, and was looked at when that changed.
    if (!line || !starts_negotiation(line->group) || line->network.is_host())
        return {};
    return replace_ours(m_requests, wide_trap(*line, flow.local));
}

Result<void> ForwardingPlane::sweep_larval(Flow const& flow, Reqid reqid)
{
    if (auto removed = m_requests.remove_larval(flow, trap_reqid, EspMode::Transport); !removed)
        return removed;
    for (auto const mode : {EspMode::Transport, EspMode::Tunnel})
        if (auto removed = m_requests.remove_larval(flow, reqid, mode); !removed)
            return removed;
    return {};
}

Result<void> ForwardingPlane::remove_all()
{
    auto const present = m_requests.policies();
    if (!present)
        return std::unexpected(present.error());
    for (auto const& policy : *present)
        if (is_ours(policy.priority))
            if (auto removed = m_requests.remove(policy.selector, policy.direction);
                !removed && removed.error().code != ErrorCode::NotFound)
                return removed;
    m_table = {};
    m_own_addresses.clear();
    m_reqids.clear();
    return remove_own_states(m_requests);
}

Result<size_t> ForwardingPlane::release_open()
{
    auto const present = m_requests.policies();
    if (!present)
        return std::unexpected(present.error());
    auto const changes = plan_release(*present);
    if (auto applied = apply(changes); !applied)
        return std::unexpected(applied.error());
    return changes.size();
}

// Inbound first: an answer must find its policy.
Result<void> ForwardingPlane::put(FlowPolicies const& policies)
{
    if (auto put_in = put_ours(m_requests, policies.in); !put_in)
        return put_in;
    return put_ours(m_requests, policies.out);
}

} // namespace oekd
