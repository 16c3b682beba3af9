// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/own_policies.h"

#include "kernel-glue/priorities.h"

namespace oekd {

namespace {

Result<void> unless_missing(Result<void> result)
{
    return !result && result.error().code == ErrorCode::NotFound ? Result<void>{} : result;
}

Result<void> remove_state(xfrm::Requests& kernel, xfrm::State const& state)
{
    if (state.spi == Spi{})
        return kernel.remove_larval({state.source, state.destination}, state.reqid, state.mode);
    return unless_missing(kernel.remove_state(state.source, state.destination, state.spi));
}

} // namespace

Result<void> put_ours(xfrm::Requests& kernel, xfrm::Policy const& policy)
{
    constexpr int attempts = 3; // another thread may take away in between what was in the way
    Result<void> put;
    for (int i = 0; i < attempts; ++i) {
        put = kernel.create(policy);
        if (put || put.error().code != ErrorCode::Exists)
            return put;
        put = replace_ours(kernel, policy);
        if (put || put.error().code != ErrorCode::NotFound)
            return put;
    }
    return put;
}

Result<void> replace_ours(xfrm::Requests& kernel, xfrm::Policy const& policy)
{
    auto const present = kernel.find(policy.selector, policy.direction);
    if (!present)
        return std::unexpected(present.error());
    if (!is_ours(present->priority))
        return fail(ErrorCode::Exists,
                    fmt::format("{} -> {} has an explicit policy with priority {}",
                                policy.selector.source.to_string(), policy.selector.destination.to_string(),
                                present->priority));
    return kernel.update(policy);
}

Result<void> remove_ours(xfrm::Requests& kernel, xfrm::Selector const& selector, xfrm::Direction direction)
{
    auto const present = kernel.find(selector, direction);
    bool const gone = !present && present.error().code == ErrorCode::NotFound;
    bool const foreign = present ? !is_ours(present->priority) : present.error().code == ErrorCode::Exists;
    if (gone || foreign)
        return {};
    if (!present)
        return std::unexpected(present.error());
    if (auto removed = unless_missing(kernel.remove(*present)); !removed)
        return removed;
    return lets_out(*present) ? forget_routes(kernel, selector.source.family()) : Result<void>{};
}

// A policy that no packet matches comes and goes.
Result<void> forget_routes(xfrm::Requests& kernel, Family family)
{
    auto const nobody = Prefix::host(Address::any(family));
    xfrm::Policy const passing{{nobody, nobody, 0, std::nullopt, std::nullopt},
                               xfrm::Direction::Out,
                               exemption_priority(),
                               xfrm::Verdict::Allow,
                               std::nullopt};
    auto const created = kernel.create(passing);
    return created ? unless_missing(kernel.remove(passing)) : created;
}

bool lets_out(xfrm::Policy const& policy)
{
    return policy.direction == xfrm::Direction::Out && policy.verdict == xfrm::Verdict::Allow && !policy.tmpl;
}

Result<void> remove_own_states(xfrm::Requests& kernel)
{
    auto const states = kernel.states();
    if (!states)
        return std::unexpected(states.error());
    for (auto const& state : *states)
        if (is_ours(state.reqid))
            if (auto removed = remove_state(kernel, state); !removed)
                return removed;
    return {};
}

} // namespace oekd
