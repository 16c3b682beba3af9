// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/flow_policies.h"

#include "kernel-glue/priorities.h"

#include <cassert>

namespace oekd {

namespace {

using xfrm::Direction;
using xfrm::Level;
using xfrm::Policy;
using xfrm::Template;
using xfrm::Verdict;

Policy policy(Flow const& flow, PolicyGroup group, Direction direction, Verdict verdict,
              std::optional<Template> tmpl)
{
    auto const selector = direction == Direction::Out ? outbound_selector(flow) : inbound_selector(flow);
    return {selector, direction, flow_priority(when_gone(group)), verdict, tmpl};
}

Template outbound_template(Flow const& flow, Reqid reqid, EspMode mode)
{
    return {flow.local, flow.remote, reqid, mode, Level::Required};
}

Template inbound_template(Flow const& flow, Reqid reqid, EspMode mode, Level level)
{
    return {flow.remote, flow.local, reqid, mode, level};
}

Policy admitting(Flow const& flow, PolicyGroup group, Reqid reqid)
{
    // An optional tunnel template lets cleartext, transport ESP and this reqid's tunnel ESP pass
    // (xfrm_policy_ok()).
    return policy(flow, group, Direction::In, Verdict::Allow,
                  inbound_template(flow, reqid, EspMode::Tunnel, Level::Use));
}

Policy requiring(Flow const& flow, PolicyGroup group, Reqid reqid, EspMode mode)
{
    return policy(flow, group, Direction::In, Verdict::Allow,
                  inbound_template(flow, reqid, mode, Level::Required));
}

} // namespace

xfrm::Selector outbound_selector(Flow const& flow)
{
    return {Prefix::host(flow.local), Prefix::host(flow.remote), 0, std::nullopt, std::nullopt};
}

xfrm::Selector inbound_selector(Flow const& flow)
{
    return {Prefix::host(flow.remote), Prefix::host(flow.local), 0, std::nullopt, std::nullopt};
}

FlowPolicies hold_policies(Flow const& flow, PolicyGroup group, Reqid reqid)
{
    auto in = may_go_clear(group) ? admitting(flow, group, reqid)
                                  : requiring(flow, group, reqid, EspMode::Transport);
    auto const trap = outbound_template(flow, trap_reqid, EspMode::Transport);
    return {in, policy(flow, group, Direction::Out, Verdict::Allow, trap)};
}

FlowPolicies encrypt_policies(Flow const& flow, PolicyGroup group, Reqid reqid, EspMode mode, Inbound inbound)
{
    bool const admit = inbound == Inbound::Admit && may_go_clear(group);
    auto in = admit ? admitting(flow, group, reqid) : requiring(flow, group, reqid, mode);
    auto const encrypt = outbound_template(flow, reqid, mode);
    return {in, policy(flow, group, Direction::Out, Verdict::Allow, encrypt)};
}

FlowPolicies pass_policies(Flow const& flow, PolicyGroup group, std::optional<Reqid> reqid)
{
    assert(may_go_clear(group));
    auto in = reqid ? admitting(flow, group, *reqid)
                    : policy(flow, group, Direction::In, Verdict::Allow, std::nullopt);
    return {in, policy(flow, group, Direction::Out, Verdict::Allow, std::nullopt)};
}

FlowPolicies drop_policies(Flow const& flow, PolicyGroup group)
{
    return {policy(flow, group, Direction::In, Verdict::Block, std::nullopt),
            policy(flow, group, Direction::Out, Verdict::Block, std::nullopt)};
}

} // namespace oekd
