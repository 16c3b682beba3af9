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

/// Undecided: packets out wait for an SA. A private flow admits transport ESP only, as no template admits
/// both modes without cleartext; encrypt_policies() brings the negotiated mode.
FlowPolicies hold_policies(Flow const& flow, PolicyGroup group, Reqid reqid);
FlowPolicies encrypt_policies(Flow const& flow, PolicyGroup group, Reqid reqid, EspMode mode,
                              Inbound inbound);
/// Clear. With a reqid, ESP that the peer may yet set up is admitted as well. Only for groups that may go
/// clear.
FlowPolicies pass_policies(Flow const& flow, PolicyGroup group, std::optional<Reqid> reqid);
FlowPolicies drop_policies(Flow const& flow, PolicyGroup group);

xfrm::Selector outbound_selector(Flow const& flow);
xfrm::Selector inbound_selector(Flow const& flow);

} // namespace oekd
