// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/sa_table.h"

#include <fmt/format.h>
#include <utility>

// How an IKE_SA gets on, and how it ends.
namespace oekd {

void SaTable::leave_setting_up(Entry& entry, Stage stage)
{
    entry.stage = stage;
    // From now on ICMP says nothing about it any more, and it is no negotiation in flight.
    if (entry.negotiation != NegotiationId{})
        m_by_spi.erase(entry.sa.initiator_spi);
}

void SaTable::end_negotiation(Entry& entry)
{
    leave_setting_up(entry, Stage::Over);
    if (entry.negotiation == NegotiationId{})
        return;
    if (!entry.ending && entry.heard != Heard::Protected)
        entry.ending = entry.ignored;
    if (!entry.ending && !entry.heard)
        entry.ending = Ending{.reason = Failure::Silent, .detail = "no answer"};
    if (!entry.ending && entry.heard == Heard::Clear)
        entry.ending =
            Ending{.reason = Failure::Unprotected, .detail = "the answer to IKE_SA_INIT led nowhere"};
    if (!entry.ending)
        entry.ending = Ending{.reason = Failure::Refused, .detail = "the peer gave no ESP SA"};
    m_mailbox.post(NegotiationEnded{.negotiation = entry.negotiation,
                                    .flow = entry.flow,
                                    .reason = entry.ending->reason,
                                    .detail = entry.ending->detail});
}

void SaTable::end(Entry& entry)
{
    switch (std::exchange(entry.stage, Stage::Over)) {
    case Stage::SettingUp: end_negotiation(entry); break;
    case Stage::Up: m_mailbox.post(SaDown{.sa = entry.name, .flow = entry.flow}); break;
    case Stage::Over: break;
    }
}

void SaTable::heard(charon_sa const& sa, Heard what)
{
    std::scoped_lock lock(m_mutex);
    auto* found = entry(sa);
    if (found && found->stage == Stage::Up && what == Heard::Protected)
        confirm(*found);
    if (!found || found->stage != Stage::SettingUp || found->negotiation == NegotiationId{})
        return;
    found->heard = what;
    m_mailbox.post(PeerHeard{.negotiation = found->negotiation, .flow = found->flow});
}

/// What comes after IKE_AUTH comes from an initiator that has worked through our answer.
void SaTable::confirm(Entry& entry)
{
    if (entry.negotiation == NegotiationId{} && !std::exchange(entry.told_confirmed, true))
        m_mailbox.post(SaConfirmed{.sa = entry.name, .flow = entry.flow});
}

void SaTable::auth_sent(charon_sa const& sa)
{
    std::scoped_lock lock(m_mutex);
    if (auto* found = entry(sa))
        found->auth_sent = true;
}

void SaTable::failed(charon_sa const& sa, Failure reason, std::string_view detail)
{
    std::scoped_lock lock(m_mutex);
    auto* found = entry(sa);
    if (found && found->stage == Stage::SettingUp && !found->ending)
        found->ending = Ending{.reason = reason, .detail = std::string(detail)};
}

charon_verdict SaTable::review_silence(charon_sa const& sa)
{
    std::scoped_lock lock(m_mutex);
    auto* found = entry(sa);
    if (!found || found->stage != Stage::SettingUp || found->heard)
        return CHARON_FINISHED;
    end_negotiation(*found);
    return CHARON_GIVE_UP;
}

charon_verdict SaTable::review_deadline(charon_sa const& sa, Established established)
{
    std::scoped_lock lock(m_mutex);
    auto* found = entry(sa);
    if (!found || found->stage != Stage::SettingUp)
        return CHARON_FINISHED;
    // The peer may have an SA by now. To vanish without a DELETE would leave it there alone; the
    // retransmissions of IKE_AUTH end by themselves.
    if (found->auth_sent && established == Established::No)
        return CHARON_WAIT;
    if (!found->ending && !found->expectation.is_known())
        found->ending =
            Ending{.reason = Failure::Local, .detail = "nobody knew in time what the peer must prove"};
    if (!found->ending && established == Established::No)
        found->ending = Ending{.reason = Failure::Silent, .detail = "not finished in time"};
    end_negotiation(*found);
    return CHARON_GIVE_UP;
}

void SaTable::complete(SaDescription& description, Entry const& entry) const
{
    using By = oekd::Established::By;
    description.sa = entry.name;
    description.by = entry.negotiation == NegotiationId{} ? By::Peer : By::Us;
    description.peer_key = entry.expectation.proven();
    description.offered_key = entry.expectation.offered();
    description.ours = entry.ours;
}

bool SaTable::child_up(charon_sa const& sa, SaDescription description)
{
    NegotiationId negotiation{};
    {
        std::scoped_lock lock(m_mutex);
        auto* found = entry(sa);
        if (!found || found->stage != Stage::SettingUp || found->flow != description.flow ||
            !found->expectation.is_authorized() || found->reqid != description.reqid)
            return false;
        found->sa = sa;
        leave_setting_up(*found, Stage::Up);
        negotiation = found->negotiation;
        found->ours = description.ours;
        complete(description, *found);
    }
    // Not under the lock: it waits for the kernel.
    m_gate.sa_installed(description);
    m_mailbox.post(SaUp{.sa = std::move(description), .negotiation = negotiation});
    return true;
}

void SaTable::child_rekeyed(charon_sa const& sa, SaDescription description)
{
    std::scoped_lock lock(m_mutex);
    auto* found = entry(sa);
    if (!found || found->stage != Stage::Up)
        return;
    complete(description, *found);
    m_mailbox.post(SaRekeyed{.sa = std::move(description)});
}

void SaTable::child_down(charon_sa const& sa)
{
    std::scoped_lock lock(m_mutex);
    if (auto* found = entry(sa); found && found->stage == Stage::Up)
        end(*found);
}

bool SaTable::ignores(Refusal const& refusal, Address const& remote)
{
    std::scoped_lock lock(m_mutex);
    auto number = m_by_spi.find(refusal.initiator_spi);
    if (number == m_by_spi.end())
        return false;
    auto& found = m_entries.at(number->second);
    if (found.endpoints.remote != remote || found.forgeries == Forgeries::Heed)
        return false;
    found.ignored =
        Ending{.reason = Failure::Unprotected,
               .detail = fmt::format("error {} from the peer, and no better answer", refusal.type)};
    return true;
}

void SaTable::unreachable(Unreachable const& error)
{
    std::scoped_lock lock(m_mutex);
    auto number = m_by_spi.find(error.initiator_spi);
    if (number == m_by_spi.end())
        return;
    auto& found = m_entries.at(number->second);
    // Once is enough, and after an answer of the peer it is not true.
    if (found.endpoints.remote != error.remote || found.heard || std::exchange(found.told_unreachable, true))
        return;
    m_mailbox.post(PeerRefusedPort{.flow = found.flow});
}

} // namespace oekd
