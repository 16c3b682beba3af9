// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/sa_table.h"

// What is expected of a peer: how it gets from the main thread to the IKE_SA, and back what was proven.
namespace oekd {

// ---- for the main thread

std::optional<charon_sa> SaTable::expect(NegotiationId id, Authentication authentication)
{
    std::scoped_lock lock(m_mutex);
    if (auto reserved = m_reserved.find(id); reserved != m_reserved.end()) {
        (void)reserved->second.expectation.answer("", std::move(authentication));
        return std::nullopt;
    }
    auto* found = negotiation(id);
    bool const waits = found && found->expectation.answer("", std::move(authentication));
    return waits ? std::optional(found->sa) : std::nullopt;
}

std::optional<charon_sa> SaTable::answer(KeysWanted const& question, Authentication authentication)
{
    std::scoped_lock lock(m_mutex);
    auto* found = by_name(question.sa);
    bool const waits = found && found->expectation.answer(question.identity, std::move(authentication));
    return waits ? std::optional(found->sa) : std::nullopt;
}

std::optional<charon_sa> SaTable::refuse(IkeSaId sa)
{
    std::scoped_lock lock(m_mutex);
    auto* found = by_name(sa);
    bool const waits = found && found->expectation.refuse();
    return waits ? std::optional(found->sa) : std::nullopt;
}

std::optional<charon_sa> SaTable::give_up(NegotiationId id)
{
    std::scoped_lock lock(m_mutex);
    if (auto reserved = m_reserved.find(id); reserved != m_reserved.end())
        (void)reserved->second.expectation.refuse();
    auto* found = negotiation(id);
    if (!found || found->stage != Stage::SettingUp || found->auth_sent)
        return std::nullopt;
    found->ending = Ending{.reason = Failure::Local, .detail = "given up"};
    end_negotiation(*found);
    return found->sa;
}

// ---- for libcharon

/// A question that comes early saves time; where there are too many, IKE_AUTH will bring it up again.
void SaTable::begin_to_expect(Entry& entry)
{
    if (m_incoming == Incoming::Anonymous)
        entry.expectation = Expectation(Authentication{});
    else if (m_early_questions.take(LineLimit::Clock::now()))
        ask(entry, "");
}

void SaTable::ask(Entry& entry, std::string const& name)
{
    if (entry.expectation.ask(name))
        m_mailbox.post(KeysWanted{.sa = entry.name, .flow = entry.flow, .identity = name});
}

/// The name that this claim must be looked up by; "" where the address counts, or nothing is to be asked.
std::string SaTable::name_in(Entry const& entry, Claim const& claim) const
{
    bool const ask = m_incoming == Incoming::Ask && entry.negotiation == NegotiationId{};
    bool const signs = claim.method == Claim::Method::Signature;
    return ask && signs ? host_name(claim.name).value_or("") : "";
}

SaTable::Known SaTable::authentication(charon_sa const& sa, std::optional<Claim> const& claim)
{
    std::scoped_lock lock(m_mutex);
    auto* found = entry(sa);
    if (!found || found->stage != Stage::SettingUp || found->expectation.is_refused())
        return {.readiness = CHARON_REFUSE};
    found->sa = sa;
    auto const name = claim ? name_in(*found, *claim) : "";
    if (found->negotiation == NegotiationId{} && (!name.empty() || !found->expectation.is_known()))
        ask(*found, name);
    if (!found->expectation.is_known()) {
        found->expectation.wait();
        return {.readiness = CHARON_LATER};
    }
    Known known{.readiness = CHARON_PROCEED, .own = found->expectation.own()};
    if (claim)
        known.candidates = found->expectation.candidates(*claim);
    return known;
}

bool SaTable::authorize(charon_sa const& sa, std::optional<size_t> candidate)
{
    std::scoped_lock lock(m_mutex);
    auto* found = entry(sa);
    return found && found->stage == Stage::SettingUp && found->expectation.authorize(candidate);
}

void SaTable::overdue(charon_sa const& sa)
{
    std::scoped_lock lock(m_mutex);
    if (auto* found = entry(sa); found && !found->expectation.is_known())
        (void)found->expectation.refuse();
}

} // namespace oekd
