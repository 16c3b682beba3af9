// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel-glue/xfrm.h"
#include "policy/flow.h"
#include "policy/group.h"

#include <optional>

/// What a flow's own policies say in each stage of its life: pure functions.
namespace oekd {

/// What is accepted from the peer once an SA exists.
enum class Inbound {
    Admit,  ///< cleartext and ESP in either mode (but never cleartext where the group forbids it)
    Require ///< only this reqid's ESP in this mode
};

struct FlowPolicies {
    xfrm::Policy in;
    xfrm::Policy out;
};

/// A flow, and what its policies must know of the line that decides about it.
struct FlowOfLine {
    Flow flow;
    PolicyGroup group = PolicyGroup::PrivateOrClear;
    Prefix network; ///< the line's
};

/// Undecided: packets out wait for an SA. A private flow admits transport ESP only, as no template admits
/// both modes without cleartext; encrypt_policies() brings the negotiated mode.
FlowPolicies hold_policies(FlowOfLine const& of, Reqid reqid);
/// Undecided: packets out are thrown away.
FlowPolicies discard_policies(FlowOfLine const& of, Reqid reqid);
/// While packets wait: what cannot wait, the kernel's answers to ICMPv6 echoes (icmpv6_echo_reply() looks up
/// its route without XFRM_LOOKUP_QUEUE), meets this policy first. nullopt where the flow has none of them.
std::optional<xfrm::Policy> overtaking(Flow const& flow, xfrm::Policy outbound);
FlowPolicies encrypt_policies(FlowOfLine const& of, Reqid reqid, EspMode mode, Inbound inbound);
/// Clear. With a reqid, ESP that the peer may yet set up is admitted as well. Only for groups that may go
/// clear.
FlowPolicies pass_policies(FlowOfLine const& of, std::optional<Reqid> reqid);
FlowPolicies drop_policies(FlowOfLine const& of);

xfrm::Selector outbound_selector(Flow const& flow);
xfrm::Selector inbound_selector(Flow const& flow);
/// What this service is of the packets between two networks: ours and the others'.
xfrm::Selector outbound_selector(Prefix const& local, Prefix const& remote, Service const& service);
xfrm::Selector inbound_selector(Prefix const& local, Prefix const& remote, Service const& service);

} // namespace oekd
