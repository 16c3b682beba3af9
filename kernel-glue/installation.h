// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "kernel-glue/policy_plan.h"
#include "kernel-glue/trap_queues.h"
#include "kernel-glue/wide_policies.h"
#include "kernel-glue/xfrm_requests.h"
#include "policy/group_table.h"

#include <span>
#include <vector>

namespace oekd {

/// Carries the changes out in their order. Returns the lines whose selector turned out to be another
/// program's.
Result<std::vector<GroupLine const*>> apply_changes(xfrm::Requests& kernel,
                                                    std::span<PolicyChange const> changes);

/// The group lines and exemptions that the kernel has from us, and how it gets others: by the difference to
/// what was installed before, so that one changed line among 100 000 costs a few requests. Where that is not
/// known, or is large, everything in the kernel is looked at. For the main thread.
class Installation {
public:
    /// See ForwardingPlane::install().
    Result<std::vector<GroupLine>> install(xfrm::Requests& kernel, TrapQueues& queues,
                                           GroupTable const& table, std::span<Address const> own_addresses,
                                           Exempt const& exempt);

    [[nodiscard]] GroupTable const& table() const { return m_table; }
    [[nodiscard]] bool is_own(Address const& address) const;
    /// The policies of this line for this own address.
    [[nodiscard]] std::vector<xfrm::Policy> policies_of(GroupLine const& line, Address const& own) const
    {
        return line_policies(line, own, m_inbound);
    }
    void forget();

private:
    /// What ought to be in the kernel, and what may be there; in part or all of it.
    struct Target {
        enum class Extent { Part, All } extent = Extent::All;
        std::vector<WantedPolicy> wanted;
        std::vector<xfrm::Policy> before; ///< only with Part
    };
    [[nodiscard]] Result<Target> target(TrapQueues const& queues, GroupTable const& table,
                                        std::span<Address const> own, Exempt const& exempt) const;
    static Result<std::vector<xfrm::Policy>> present_of(xfrm::Requests& kernel, Target const& target);
    [[nodiscard]] Target difference(TrapQueues const& queues, GroupTable const& table,
                                    Exempt const& exempt) const;
    void forget_queues(TrapQueues& queues, GroupTable const& table, std::span<Address const> own) const;
    [[nodiscard]] std::vector<GroupLine> still_taken(GroupTable const& table) const;

    enum class Known { Nothing, Unsure, Everything } m_known = Known::Nothing;
    GroupTable m_table; ///< as installed last
    std::vector<Address> m_own_addresses;
    Exempt m_exempt;
    OpenInbound m_inbound = OpenInbound::Needed;
    std::vector<GroupLine> m_taken;
};

} // namespace oekd
