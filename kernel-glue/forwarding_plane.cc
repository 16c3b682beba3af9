// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/forwarding_plane.h"

#include "kernel-glue/own_policies.h"
#include "kernel-glue/priorities.h"
#include "kernel-glue/wide_policies.h"

#include <algorithm>

namespace oekd {

namespace {

bool makes_wait(xfrm::Policy const& policy)
{
    return policy.verdict == xfrm::Verdict::Allow && policy.tmpl &&
           policy.tmpl->level == xfrm::Level::Required;
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
                                                        std::span<Address const> own_addresses,
                                                        Exempt const& exempt)
{
    auto taken = m_installation.install(m_requests, m_queues, table, own_addresses, exempt);
    if (taken)
        if (auto followed = m_services.follow(m_requests, exempt, m_reqids); !followed)
            return std::unexpected(followed.error());
    return taken;
}

Result<void> ForwardingPlane::queued(xfrm::Acquire const& acquire)
{
    auto const& flow = acquire.flow;
    auto const* line = m_installation.table().find(flow.remote, flow.service);
    // A trap that names one host is the flow's own policy in a moment, and takes its queue along.
    if (!line || !starts_negotiation(line->group) || line->network.is_host() ||
        line->service != flow.service || acquire.reqid != trap_reqid_of(flow.local, line->service))
        return {};
    TrapName const trap{flow.local, line->network, line->service};
    if (auto const rotation = m_queues.wait(trap, acquire.alias, flow))
        return rotate(*line, flow.local, *rotation);
    return {};
}

// First the new one, so that there is always one that catches.
Result<void> ForwardingPlane::rotate(GroupLine const& line, Address const& own,
                                     TrapQueues::Rotation const& rotation)
{
    auto const& [front, back] = rotation;
    if (auto put_front = put_ours(m_requests, wide_trap(line, own, front.alias, front.turn)); !put_front)
        return put_front;
    return back ? put_ours(m_requests, wide_trap(line, own, back->alias, back->turn)) : Result<void>{};
}

Result<void> ForwardingPlane::hold(FlowOfLine const& of, Reqid reqid, Inbound inbound)
{
    m_reqids[of.flow] = reqid;
    return put_undecided(of.flow, hold_policies(of, reqid), inbound);
}

Result<void> ForwardingPlane::discard(FlowOfLine const& of, Reqid reqid, Inbound inbound)
{
    m_reqids[of.flow] = reqid;
    return put_undecided(of.flow, discard_policies(of, reqid), inbound);
}

Result<void> ForwardingPlane::await(FlowOfLine const& of, Reqid reqid, EspMode mode, Inbound inbound)
{
    m_reqids[of.flow] = reqid;
    auto const policies = encrypt_policies(of, reqid, mode, inbound);
    if (auto put_in = put_ours(m_requests, policies.in); !put_in)
        return put_in;
    auto const first = overtaking(of.flow, policies.out);
    if (!first)
        return {};
    m_overtaking.insert_or_assign(of.flow, first->selector);
    return put_ours(m_requests, *first);
}

Result<void> ForwardingPlane::stop_overtaking(Flow const& flow)
{
    auto const found = m_overtaking.extract(flow);
    return found ? remove_ours(m_requests, found.mapped(), xfrm::Direction::Out) : Result<void>{};
}

Result<void> ForwardingPlane::encrypt(FlowOfLine const& of, Reqid reqid, EspMode mode, Inbound inbound)
{
    m_reqids[of.flow] = reqid;
    auto const policies = encrypt_policies(of, reqid, mode, inbound);
    if (auto put_whole = put(policies); !put_whole)
        return put_whole;
    if (auto stopped = stop_overtaking(of.flow); !stopped)
        return stopped;
    return m_services.put(m_requests, of.flow, policies);
}

Result<void> ForwardingPlane::pass(FlowOfLine const& of)
{
    auto const known = m_reqids.find(of.flow);
    auto const reqid = known == m_reqids.end() ? std::nullopt : std::optional(known->second);
    return put_unencrypted(of.flow, pass_policies(of, reqid));
}

Result<void> ForwardingPlane::drop(FlowOfLine const& of)
{
    return put_unencrypted(of.flow, drop_policies(of));
}

Result<void> ForwardingPlane::release(Flow const& flow)
{
    m_reqids.erase(flow);
    auto const services = m_services.remove(m_requests, flow);
    auto const overtaken = stop_overtaking(flow);
    auto const out = give_back(flow, outbound_selector(flow), xfrm::Direction::Out);
    auto const in = give_back(flow, inbound_selector(flow), xfrm::Direction::In);
    for (auto const& result : {services, overtaken, out})
        if (!result)
            return result;
    return in;
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
    auto const* line = m_installation.table().line_of(Prefix::host(flow.remote), flow.service);
    if (!line || !m_installation.is_own(flow.local))
        return std::nullopt;
    auto const selector =
        direction == xfrm::Direction::Out ? outbound_selector(flow) : inbound_selector(flow);
    for (auto const& policy : m_installation.policies_of(*line, flow.local))
        if (policy.direction == direction && policy.selector == selector)
            return policy;
    return std::nullopt;
}

Result<void> ForwardingPlane::move(FlowOfLine const& of)
{
    auto const priority = flow_priority(of.network, of.flow.service, when_gone(of.group));
    for (auto const& [selector, direction] : {std::pair(inbound_selector(of.flow), xfrm::Direction::In),
                                              std::pair(outbound_selector(of.flow), xfrm::Direction::Out)}) {
        auto policy = m_requests.find(selector, direction);
        if (!policy || !is_flow(policy->priority) || policy->priority == priority)
            continue; // gone, or another program's
        policy->priority = priority;
        if (auto updated = m_requests.update(*policy); !updated)
            return updated;
    }
    return {};
}

Result<void> ForwardingPlane::kick(Flow const& flow)
{
    auto const decided = m_queues.decided(flow);
    if (!decided)
        return {};
    auto const& [trap, emptied, front] = *decided;
    auto const* line = m_installation.table().line_of(trap.network, trap.service);
    if (!line || !starts_negotiation(line->group))
        return {};
    if (auto looked = look_at(*line, trap.own, emptied); !looked)
        return looked;
    return front ? replace_ours(m_requests, wide_trap(*line, trap.own, front->alias, front->turn))
                 : Result<void>{};
}

// Where the group throws packets away while we decide, the queue goes with the policy; the one in front must
// go on catching.
Result<void> ForwardingPlane::look_at(GroupLine const& line, Address const& own,
                                      TrapQueues::Placement placement)
{
    auto const trap = wide_trap(line, own, placement.alias, placement.turn);
    bool const drops = permitted(line.conduct, line.group).negotiation == Conduct::Negotiation::Drop;
    if (!drops || placement.turn != Turn::Back)
        return replace_ours(m_requests, trap);
    if (auto removed = remove_ours(m_requests, trap.selector, trap.direction); !removed)
        return removed;
    return put_ours(m_requests, trap);
}

Result<void> ForwardingPlane::sweep_larval(Flow const& flow, Reqid reqid)
{
    auto const trap = trap_reqid_of(flow.local, flow.service);
    if (auto removed = m_requests.remove_larval(flow, trap, EspMode::Transport); !removed)
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
            if (auto removed = m_requests.remove(policy);
                !removed && removed.error().code != ErrorCode::NotFound)
                return removed;
    m_installation.forget();
    m_services.forget();
    m_queues.clear();
    m_reqids.clear();
    m_overtaking.clear();
    return remove_own_states(m_requests);
}

Result<size_t> ForwardingPlane::release_open()
{
    auto const present = m_requests.policies();
    if (!present)
        return std::unexpected(present.error());
    auto const changes = plan_release(*present);
    if (auto applied = apply_changes(m_requests, changes); !applied)
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

Result<void> ForwardingPlane::put_unencrypted(Flow const& flow, FlowPolicies const& policies)
{
    if (auto removed = m_services.remove(m_requests, flow); !removed)
        return removed;
    return put(policies);
}

Result<void> ForwardingPlane::put_undecided(Flow const& flow, FlowPolicies const& policies, Inbound inbound)
{
    if (auto removed = m_services.remove(m_requests, flow); !removed)
        return removed;
    if (inbound == Inbound::Admit)
        if (auto put_in = put_ours(m_requests, policies.in); !put_in)
            return put_in;
    return makes_wait(policies.out) ? put_trap(policies.out) : put_ours(m_requests, policies.out);
}

// A policy that makes packets wait already, a line that names the host or one whose SA has gone, is left as
// it is: the packet that has just asked for an SA may not be in its queue yet (see TrapQueues).
Result<void> ForwardingPlane::put_trap(xfrm::Policy const& trap)
{
    auto const present = m_requests.find(trap.selector, trap.direction);
    if (present && is_ours(present->priority) && makes_wait(*present))
        return {};
    return put_ours(m_requests, trap);
}

} // namespace oekd
