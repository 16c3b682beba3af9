// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "daemon/view.h"
#include "kernel-glue/exemption_names.h"
#include "policy/explain.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace oekd {

/// What `why` looks at.
struct WhyParts {
    GroupTable const& groups;
    std::span<xfrm::Policy const> exemptions;
    std::span<GroupLine const> explicit_lines; ///< whose network has another program's policy
    Timing const& timing;
};

/// The answer, as if nobody had ever talked to the address. The flows are for the caller to add.
[[nodiscard]] WhyView why(WhyQuestion const& question, WhyParts const& parts);

[[nodiscard]] bool concerns(WhyQuestion const& question, Flow const& flow);
/// Where flows are in the kernel, they tell what happens to the next packet; but exempt services come before
/// flows without an SA.
void add_present(WhyView& view);

/// What happens to the first packet of a flow about which this line decides, and to what comes from the peer;
/// one sentence each.
[[nodiscard]] std::vector<std::string> forecast(GroupLine const& line, Timing const& timing);
/// The same for a flow that exists.
[[nodiscard]] std::string forecast(FlowView const& flow);

} // namespace oekd
