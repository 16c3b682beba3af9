// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel-glue/exemptions.h"
#include "kernel-glue/flow_policies.h"
#include "kernel-glue/xfrm_requests.h"

#include <span>
#include <unordered_map>
#include <vector>

namespace oekd {

/// The policies that take exempt services through the SA of an encrypted flow; in's before out's. Pure.
std::vector<xfrm::Policy> service_policies(FlowPolicies const& encrypted, std::span<Service const> services);

/// Exempt services come before every flow, so that they wait for none. With a peer that has an SA with us
/// they have policies of their own, before the exemption: it may accept nothing in the clear by then. Only
/// flows with such peers are remembered. For the main thread.
class EncryptedServices {
public:
    /// The flow is encrypted by these policies.
    Result<void> put(xfrm::Requests& kernel, Flow const& flow, FlowPolicies const& encrypted);
    /// It is not, or will soon not be.
    Result<void> remove(xfrm::Requests& kernel, Flow const& flow);
    /// Other services are exempt now. `reqids` are those of all flows that have policies.
    Result<void> follow(xfrm::Requests& kernel, Exempt const& exempt,
                        std::unordered_map<Flow, Reqid> const& reqids);
    void forget() { *this = {}; }

private:
    static Result<void> remove(xfrm::Requests& kernel, Flow const& flow, std::span<Service const> services);

    Exempt m_exempt;
    std::unordered_map<Flow, std::vector<Service>> m_services; ///< in the kernel
};

} // namespace oekd
