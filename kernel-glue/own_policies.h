// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel-glue/policy_plan.h"
#include "kernel-glue/xfrm_requests.h"

/// Writing policies without ever touching another program's: ownership is read from the kernel each time, by
/// priority band.
namespace oekd {

/// Creates the policy; where the selector is taken, replaces what is there if it is ours. Exists if it is
/// not.
Result<void> put_ours(xfrm::Requests& kernel, xfrm::Policy const& policy);
/// Replaces what is there. NotFound if nothing is, Exists if it is not ours.
Result<void> replace_ours(xfrm::Requests& kernel, xfrm::Policy const& policy);
/// Removes what is there, if it is ours.
Result<void> remove_ours(xfrm::Requests& kernel, xfrm::Selector const& selector, xfrm::Direction direction);
/// Removes SAs whose reqid is ours, larval ones included.
Result<void> remove_own_states(xfrm::Requests& kernel);

} // namespace oekd
