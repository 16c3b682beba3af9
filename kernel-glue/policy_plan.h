// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel-glue/wide_policies.h"
#include "kernel-glue/xfrm.h"

#include <span>
#include <vector>

/// From what is in the kernel to what ought to be there: pure functions.
namespace oekd {

struct PolicyChange {
    enum class Kind { Create, Update, Remove } kind = Kind::Create;
    xfrm::Policy policy;
    GroupLine const* line = nullptr; ///< whose policy it is, for messages
};

/// What to do with flow policies in the kernel.
enum class FlowLeftovers {
    Keep,  ///< they belong to flows of ours
    Remove ///< a daemon before us left them behind
};

struct InstallPlan {
    std::vector<PolicyChange> changes;   ///< in an order in which nothing closed is ever open
    std::vector<GroupLine const*> taken; ///< lines whose selector another program has
};

/// `present` is everything in the kernel, foreign policies included.
InstallPlan plan_install(std::span<WantedPolicy const> wanted, std::span<xfrm::Policy const> present,
                         FlowLeftovers leftovers);

/// For `oekd --release`: every policy that may go is removed, or becomes a plain allow where a closed network
/// around it would swallow its traffic. Closed ones stay.
std::vector<PolicyChange> plan_release(std::span<xfrm::Policy const> present);

} // namespace oekd
