// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "kernel-glue/exemptions.h"
#include "kernel-glue/priorities.h"
#include "kernel-glue/xfrm.h"
#include "policy/group_table.h"

#include <cstddef>
#include <span>
#include <vector>

/// What the group lines and the exemptions become in the kernel: pure functions.
namespace oekd {

/// A policy that ought to be in the kernel, and where it comes from.
struct WantedPolicy {
    xfrm::Policy policy;
    GroupLine const* line = nullptr; ///< nullptr: an exemption
};

/// More than this is a slip in a group file; what so many cost is in oekd.conf(5).
constexpr size_t max_wide_policies = 524'288;

/// Whether cleartext from open networks needs a policy that lets it in: only where some network is closed.
/// That of an open service always does: the flow that covers the rest may accept nothing but ESP.
enum class OpenInbound { Needed, Superfluous };
[[nodiscard]] OpenInbound open_inbound(GroupTable const& table);

/// The policies of one line for one own address of the same family; see ForwardingPlane.
std::vector<xfrm::Policy> line_policies(GroupLine const& line, Address const& own,
                                        OpenInbound inbound = OpenInbound::Needed);
/// The line's wide trap. Only for groups that start negotiations. Several with different aliases catch the
/// same packets, each with a queue of its own; the one in front comes first.
xfrm::Policy wide_trap(GroupLine const& line, Address const& own, uint32_t alias = 0,
                       Turn turn = Turn::First);

/// All of them, each selector once. The result borrows the table's lines. Fails with Limit.
Result<std::vector<WantedPolicy>>
wanted_policies(GroupTable const& table, std::span<Address const> own_addresses, Exempt const& exempt);

} // namespace oekd
