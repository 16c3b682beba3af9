// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/encrypted_services.h"

#include "kernel-glue/own_policies.h"
#include "kernel-glue/priorities.h"

namespace oekd {

namespace {

using xfrm::Direction;
using xfrm::Policy;

xfrm::Selector selector_of(Flow const& flow, Service const& service, Direction direction)
{
    Flow const part{flow.local, flow.remote, service};
    return direction == Direction::Out ? outbound_selector(part) : inbound_selector(part);
}

/// The flow's policies, if they encrypt.
std::optional<FlowPolicies> encrypted_policies(xfrm::Requests& kernel, Flow const& flow, Reqid reqid)
{
    auto out = kernel.find(outbound_selector(flow), Direction::Out);
    auto in = kernel.find(inbound_selector(flow), Direction::In);
    if (!in || !out || !out->tmpl || out->tmpl->reqid != reqid)
        return std::nullopt;
    return FlowPolicies{std::move(*in), std::move(*out)};
}

} // namespace

std::vector<Policy> service_policies(FlowPolicies const& encrypted, std::span<Service const> services)
{
    Flow const flow{
        encrypted.out.selector.source.address(), encrypted.out.selector.destination.address(), {}};
    std::vector<Policy> policies;
    for (auto const& whole : {encrypted.in, encrypted.out})
        for (auto const& service : services) {
            auto policy = whole;
            policy.selector = selector_of(flow, service, whole.direction);
            policy.priority = encrypted_service_priority();
            policies.push_back(policy);
        }
    return policies;
}

Result<void> EncryptedServices::put(xfrm::Requests& kernel, Flow const& flow, FlowPolicies const& encrypted)
{
    if (!flow.service.is_everything()) // its SA takes nothing else
        return {};
    auto const services = exempt_services(m_exempt, flow.remote);
    if (services.empty())
        return {};
    m_services[flow] = services;
    for (auto const& policy : service_policies(encrypted, services))
        if (auto put = put_ours(kernel, policy); !put)
            return put;
    return {};
}

Result<void> EncryptedServices::remove(xfrm::Requests& kernel, Flow const& flow)
{
    auto const found = m_services.extract(flow);
    return found ? remove(kernel, flow, found.mapped()) : Result<void>{};
}

Result<void> EncryptedServices::remove(xfrm::Requests& kernel, Flow const& flow,
                                       std::span<Service const> services)
{
    Result<void> result;
    for (auto const direction : {Direction::Out, Direction::In})
        for (auto const& service : services)
            if (auto removed = remove_ours(kernel, selector_of(flow, service, direction), direction);
                !removed)
                result = removed;
    return result;
}

Result<void> EncryptedServices::follow(xfrm::Requests& kernel, Exempt const& exempt,
                                       std::unordered_map<Flow, Reqid> const& reqids)
{
    if (m_exempt == exempt)
        return {};
    m_exempt = exempt;
    for (auto const& [flow, reqid] : reqids) {
        auto const had = m_services.find(flow);
        auto const before = had == m_services.end() ? std::vector<Service>{} : had->second;
        if (before == exempt_services(exempt, flow.remote))
            continue;
        if (auto removed = remove(kernel, flow); !removed)
            return removed;
        if (auto const encrypted = encrypted_policies(kernel, flow, reqid))
            if (auto put = this->put(kernel, flow, *encrypted); !put)
                return put;
    }
    return {};
}

} // namespace oekd
