// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/forwarding_plane.h"
#include "kernel-glue/own_policies.h"
#include "kernel-glue/priorities.h"

namespace oekd {

namespace {

// What is there may be stricter than what a new flow gets, and must not be loosened from here.
bool accepts(xfrm::Policy const& present, Reqid reqid, EspMode mode)
{
    auto const& tmpl = present.tmpl;
    return is_ours(present.priority) && tmpl && tmpl->reqid == reqid &&
           (tmpl->mode == mode || tmpl->level == xfrm::Level::Use);
}

} // namespace

Result<ResponderPolicies> ResponderPolicies::open()
{
    auto requests = xfrm::Requests::open();
    if (!requests)
        return std::unexpected(requests.error().with("opening the policy database"));
    return ResponderPolicies(std::move(*requests));
}

Result<void> ResponderPolicies::admit(FlowOfLine const& of, Reqid reqid, EspMode mode)
{
    std::scoped_lock const lock(*m_mutex);
    auto const policies = encrypt_policies(of, reqid, mode, Inbound::Admit);
    auto const inbound = m_requests.find(policies.in.selector, policies.in.direction);
    bool const main_thread_has_it = inbound && is_flow(inbound->priority);
    if (auto admitted = admit_inbound(policies.in, mode); !admitted)
        return admitted;
    auto const created = m_requests.create(policies.out);
    if (created || created.error().code != ErrorCode::Exists)
        return created;
    // A hold or a shunt of ours waits for the main thread, which also reports an explicit policy. A line that
    // names this host and is not the flow's hold does not: in a group that is clear at first, answers would
    // leave in the clear.
    if (main_thread_has_it)
        return {};
    auto const present = m_requests.find(policies.out.selector, policies.out.direction);
    if (!present || !is_ours(present->priority) || is_flow(present->priority))
        return {};
    return m_requests.update(policies.out);
}

bool ResponderPolicies::may_have(Flow const& flow)
{
    std::scoped_lock const lock(*m_mutex);
    auto const is_foreign = [this](xfrm::Selector const& selector, xfrm::Direction direction) {
        auto const present = m_requests.find(selector, direction);
        return present ? !is_ours(present->priority) : present.error().code == ErrorCode::Exists;
    };
    return !is_foreign(outbound_selector(flow), xfrm::Direction::Out) &&
           !is_foreign(inbound_selector(flow), xfrm::Direction::In);
}

Result<void> ResponderPolicies::admit_inbound(xfrm::Policy const& policy, EspMode mode)
{
    auto const created = m_requests.create(policy);
    if (created || created.error().code != ErrorCode::Exists)
        return created;
    auto const present = m_requests.find(policy.selector, policy.direction);
    if (present && accepts(*present, policy.tmpl->reqid, mode))
        return {};
    return put_ours(m_requests, policy);
}

} // namespace oekd
