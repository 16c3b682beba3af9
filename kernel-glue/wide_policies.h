// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
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

/// More than this is a slip in a group file, and would slow down every packet.
constexpr size_t max_wide_policies = 16'384;

/// The policies of one line for one own address of the same family; see ForwardingPlane.
std::vector<xfrm::Policy> line_policies(GroupLine const& line, Address const& own);
/// The line's wide trap. Only for groups that start negotiations.
xfrm::Policy wide_trap(GroupLine const& line, Address const& own);
/// Never trapped, never blocked.
std::vector<xfrm::Policy> exemptions(std::span<Address const> own_addresses);

/// All of them, each selector once. The result borrows the table's lines. Fails with Limit.
Result<std::vector<WantedPolicy>> wanted_policies(GroupTable const& table,
                                                  std::span<Address const> own_addresses);

} // namespace oekd
