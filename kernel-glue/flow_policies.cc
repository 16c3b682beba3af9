// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/flow_policies.h"

#include "kernel-glue/priorities.h"

#include <cassert>
#include <netinet/in.h>

namespace oekd {

namespace {

using xfrm::Direction;
using xfrm::Level;
using xfrm::Policy;
using xfrm::Template;
using xfrm::Verdict;

Policy policy(FlowOfLine const& of, Direction direction, Verdict verdict, std::optional<Template> tmpl)
{
    auto const selector =
        direction == Direction::Out ? outbound_selector(of.flow) : inbound_selector(of.flow);
    return {selector, direction, flow_priority(of.network, of.flow.service, when_gone(of.group)), verdict,
            tmpl};
}

Template outbound_template(Flow const& flow, Reqid reqid, EspMode mode)
{
    return {flow.local, flow.remote, reqid, mode, Level::Required};
}

Template inbound_template(Flow const& flow, Reqid reqid, EspMode mode, Level level)
{
    return {flow.remote, flow.local, reqid, mode, level};
}

Policy admitting(FlowOfLine const& of, Reqid reqid)
{
    // An optional tunnel template lets cleartext, transport ESP and this reqid's tunnel ESP pass
    // (xfrm_policy_ok()).
    return policy(of, Direction::In, Verdict::Allow,
                  inbound_template(of.flow, reqid, EspMode::Tunnel, Level::Use));
}

Policy requiring(FlowOfLine const& of, Reqid reqid, EspMode mode)
{
    return policy(of, Direction::In, Verdict::Allow, inbound_template(of.flow, reqid, mode, Level::Required));
}

Policy undecided_inbound(FlowOfLine const& of, Reqid reqid)
{
    return may_go_clear(of.group) ? admitting(of, reqid) : requiring(of, reqid, EspMode::Transport);
}

std::optional<uint16_t> port(uint16_t number) { return number == 0 ? std::nullopt : std::optional(number); }

} // namespace

xfrm::Selector outbound_selector(Prefix const& local, Prefix const& remote, Service const& service)
{
    return {local, remote, service.protocol, port(service.local_port), port(service.remote_port)};
}

xfrm::Selector inbound_selector(Prefix const& local, Prefix const& remote, Service const& service)
{
    return {remote, local, service.protocol, port(service.remote_port), port(service.local_port)};
}

xfrm::Selector outbound_selector(Flow const& flow)
{
    return outbound_selector(Prefix::host(flow.local), Prefix::host(flow.remote), flow.service);
}

xfrm::Selector inbound_selector(Flow const& flow)
{
    return inbound_selector(Prefix::host(flow.local), Prefix::host(flow.remote), flow.service);
}

FlowPolicies hold_policies(FlowOfLine const& of, Reqid reqid)
{
    auto const trap =
        outbound_template(of.flow, trap_reqid_of(of.flow.local, of.flow.service), EspMode::Transport);
    return {undecided_inbound(of, reqid), policy(of, Direction::Out, Verdict::Allow, trap)};
}

FlowPolicies discard_policies(FlowOfLine const& of, Reqid reqid)
{
    return {undecided_inbound(of, reqid), policy(of, Direction::Out, Verdict::Block, std::nullopt)};
}

std::optional<xfrm::Policy> overtaking(Flow const& flow, xfrm::Policy outbound)
{
    constexpr uint16_t echo_reply = 129; // RFC 4443 §4.2
    if (flow.local.family() == Family::V4 || !flow.service.is_everything())
        return std::nullopt;
    outbound.selector.protocol = IPPROTO_ICMPV6;
    outbound.selector.source_port = echo_reply;
    outbound.priority = overtaking_priority(outbound.priority);
    return outbound;
}

FlowPolicies encrypt_policies(FlowOfLine const& of, Reqid reqid, EspMode mode, Inbound inbound)
{
    bool const admit = inbound == Inbound::Admit && may_go_clear(of.group);
    auto in = admit ? admitting(of, reqid) : requiring(of, reqid, mode);
    return {in, policy(of, Direction::Out, Verdict::Allow, outbound_template(of.flow, reqid, mode))};
}

FlowPolicies pass_policies(FlowOfLine const& of, std::optional<Reqid> reqid)
{
    assert(may_go_clear(of.group));
    auto in = reqid ? admitting(of, *reqid) : policy(of, Direction::In, Verdict::Allow, std::nullopt);
    return {in, policy(of, Direction::Out, Verdict::Allow, std::nullopt)};
}

FlowPolicies drop_policies(FlowOfLine const& of)
{
    return {policy(of, Direction::In, Verdict::Block, std::nullopt),
            policy(of, Direction::Out, Verdict::Block, std::nullopt)};
}

} // namespace oekd
