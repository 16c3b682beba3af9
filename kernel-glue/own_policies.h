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
/// Removes what is there, if it is ours. Who was let through by it must ask again.
Result<void> remove_ours(xfrm::Requests& kernel, xfrm::Selector const& selector, xfrm::Direction direction);
/// A connected socket keeps the route that it has looked up, and with it the answer that no IPsec is needed:
/// a removal takes nothing back. Only an insert makes the whole namespace ask again.
Result<void> forget_routes(xfrm::Requests& kernel, Family family);
/// True for a policy whose removal must be followed by forget_routes().
[[nodiscard]] bool lets_out(xfrm::Policy const& policy);
/// Removes SAs whose reqid is ours, larval ones included.
Result<void> remove_own_states(xfrm::Requests& kernel);

} // namespace oekd
