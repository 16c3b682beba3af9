// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/sa_table.h"

// What is expected of a peer: how it gets from the main thread to the IKE_SA, and back what was proven.
namespace oekd {

// ---- for the main thread

std::optional<charon_sa> SaTable::expect(NegotiationId id, Authentication authentication)
{
    std::scoped_lock lock(m_mutex);
    if (auto reserved = m_reserved.find(id); reserved != m_reserved.end()) {
        (void)reserved->second.expectation.tell(std::move(authentication));
        return std::nullopt;
    }
    auto* found = negotiation(id);
    bool const waits = found && found->expectation.tell(std::move(authentication));
    return waits ? std::optional(found->sa) : std::nullopt;
}

std::optional<charon_sa> SaTable::answer(KeysWanted const& question, Authentication authentication)
{
    std::scoped_lock lock(m_mutex);
    auto* found = by_name(question.sa);
    bool const waits = found && found->expectation.answer({.flow = question.flow, .name = question.identity},
                                                          std::move(authentication));
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
    entry.asks = m_incoming == Incoming::Ask && m_gate.needs_keys(entry.endpoints.remote);
    if (!entry.asks)
        entry.expectation = Expectation(Authentication{});
    else if (m_early_questions.take(LineLimit::Clock::now()))
        ask(entry, question_about(entry, std::nullopt));
}

void SaTable::ask(Entry& entry, Expectation::Question const& question)
{
    if (entry.expectation.ask(question))
        m_mailbox.post(KeysWanted{.sa = entry.name,
                                  .endpoints = entry.endpoints,
                                  .flow = question.flow,
                                  .identity = question.name});
}

/// Who proves nothing has no name and speaks for nobody else.
Expectation::Question SaTable::question_about(Entry const& entry, std::optional<Claim> const& claim) const
{
    Flow const hosts{.local = entry.endpoints.local, .remote = entry.endpoints.remote};
    if (!claim || claim->method != Claim::Method::Signature)
        return {.flow = hosts};
    auto const wanted = claim->flow.value_or(hosts);
    return {.flow = {.local = wanted.local, .remote = wanted.remote},
            .name = host_name(claim->name).value_or("")};
}

SaTable::Known SaTable::authentication(charon_sa const& sa, std::optional<Claim> const& claim)
{
    std::scoped_lock lock(m_mutex);
    auto* found = entry(sa);
    if (!found || found->stage != Stage::SettingUp || found->expectation.is_refused())
        return {.readiness = CHARON_REFUSE};
    found->sa = sa;
    found->signs = claim && claim->method == Claim::Method::Signature;
    if (found->asks)
        ask(*found, question_about(*found, claim));
    if (!found->expectation.is_known()) {
        found->expectation.wait();
        return {.readiness = CHARON_LATER};
    }
    Known known{.readiness = CHARON_PROCEED, .own = found->expectation.own()};
    if (claim)
        known.candidates = found->expectation.candidates(*claim);
    return known;
}

/// Nobody speaks for another host but by a key that was expected of who may.
bool SaTable::authorize(charon_sa const& sa, std::optional<size_t> candidate)
{
    std::scoped_lock lock(m_mutex);
    auto* found = entry(sa);
    if (!found || found->stage != Stage::SettingUp)
        return false;
    bool const for_another = found->flow.remote != found->endpoints.remote;
    if (for_another && !found->expectation.is_expected(candidate))
        return false;
    return found->expectation.authorize(candidate);
}

void SaTable::overdue(charon_sa const& sa)
{
    std::scoped_lock lock(m_mutex);
    if (auto* found = entry(sa); found && !found->expectation.is_known())
        (void)found->expectation.refuse();
}

} // namespace oekd
