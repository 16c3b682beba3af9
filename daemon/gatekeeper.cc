// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/gatekeeper.h"

#include <algorithm>
#include <fmt/format.h>

namespace oekd {

Gatekeeper::Gatekeeper(std::shared_ptr<GroupTable const> groups, ResponderPolicies policies,
                       LimitedJournal& journal)
    : m_groups(std::move(groups)), m_policies(std::move(policies)), m_journal(journal)
{}

void Gatekeeper::set_groups(std::shared_ptr<GroupTable const> groups)
{
    std::scoped_lock lock(m_mutex);
    m_groups = std::move(groups);
}

std::shared_ptr<GroupTable const> Gatekeeper::groups() const
{
    std::scoped_lock lock(m_mutex);
    return m_groups;
}

ResponderGate::Welcome Gatekeeper::welcome(Address const& remote) noexcept
{
    if (m_stage == Stage::Starting)
        return Welcome::Ignore;
    auto const table = groups();
    auto const lines = table->lines_for(remote);
    if (m_stage == Stage::Open && std::ranges::any_of(lines, accepts_negotiation, &GroupLine::group))
        return Welcome::Answer;
    // Whom no line names gets no answer from us, as if oekd were not there.
    bool const blocked = std::ranges::all_of(
        lines, [](PolicyGroup group) { return group == PolicyGroup::Block; }, &GroupLine::group);
    return blocked ? Welcome::Ignore : Welcome::Refuse;
}

bool Gatekeeper::needs_keys(Address const& remote) noexcept
{
    return m_signs || std::ranges::any_of(groups()->lines_for(remote), [](GroupLine const* line) {
               return line->judgement.accepted.any_with_keys();
           });
}

bool Gatekeeper::accepts(Flow const& flow) noexcept
{
    auto const table = groups();
    auto const* line = table->find(flow.remote, flow.service);
    return m_stage == Stage::Open && line && accepts_negotiation(line->group) && m_policies.may_have(flow);
}

void Gatekeeper::sa_installed(SaDescription const& sa) noexcept
{
    if (sa.by == Established::By::Us)
        return; // the hold has put them there
    auto table = groups();
    auto const* line = table->find(sa.flow.remote, sa.flow.service);
    if (!line)
        return; // a reload took the line away meanwhile; the main thread closes the SA
    if (auto admitted = m_policies.admit({sa.flow, line->group, line->network}, sa.reqid, sa.mode);
        !admitted) {
        m_journal.log(
            LimitedJournal::Kind::Trouble, LogLevel::Warning,
            fmt::format("policies of {} are late: {}", sa.flow.to_string(), admitted.error().message),
            {{"OEKD_REMOTE", sa.flow.remote.to_string()}});
    }
}

} // namespace oekd
