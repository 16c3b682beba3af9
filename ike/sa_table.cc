// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/sa_table.h"

#include <utility>

namespace oekd {

namespace {

/// The source of an IKE_SA_INIT may be forged, and each question may cost others a look-up.
constexpr size_t question_burst = 200;
constexpr std::chrono::milliseconds question_interval{5};

/// A host has its whole /64, so that is what the limit counts.
Address counted(Address const& remote)
{
    return remote.family() == Family::V6 ? Prefix(remote, 64).address() : remote;
}

Endpoints endpoints_of(Flow const& flow) { return {.local = flow.local, .remote = flow.remote}; }

void count_down(std::unordered_map<Address, size_t>& counts, Address const& address)
{
    auto const count = counts.find(address);
    if (--count->second == 0)
        counts.erase(count);
}

} // namespace

SaTable::SaTable(SaLimits limits, ReqidTable& reqids, ResponderGate& gate, Mailbox<IkeEvent>& mailbox,
                 Incoming incoming)
    : m_limits(limits), m_reqids(reqids), m_gate(gate), m_mailbox(mailbox), m_incoming(incoming),
      m_early_questions(question_burst, question_interval)
{}

// ---- what comes and goes

SaTable::Entry* SaTable::entry(charon_sa const& sa)
{
    auto found = m_entries.find(sa.id);
    return found == m_entries.end() ? nullptr : &found->second;
}

bool SaTable::has_room() const { return m_entries.size() + m_reserved.size() < m_limits.total; }

void SaTable::add(Entry entry)
{
    auto const number = entry.sa.id;
    ++m_per_remote[entry.endpoints.remote];
    if (entry.negotiation == NegotiationId{})
        ++m_per_address[counted(entry.endpoints.remote)];
    else
        m_by_spi.emplace(entry.sa.initiator_spi, number);
    m_entries.emplace(number, std::move(entry));
}

bool SaTable::reserve(NegotiationId id, Flow const& flow, Forgeries forgeries,
                      std::optional<Authentication> authentication, std::optional<Endpoints> endpoints)
{
    std::scoped_lock lock(m_mutex);
    auto refuse = [&](std::string detail) {
        m_mailbox.post(NegotiationEnded{
            .negotiation = id, .flow = flow, .reason = Failure::Local, .detail = std::move(detail)});
        return false;
    };
    if (m_reserved.size() + m_by_spi.size() >= m_limits.negotiations)
        return refuse("too many negotiations at the same time");
    if (!has_room())
        return refuse("too many IKE_SAs");
    m_reserved.emplace(id, Reservation{.endpoints = endpoints.value_or(endpoints_of(flow)),
                                       .flow = flow,
                                       .forgeries = forgeries,
                                       .expectation = authentication ? Expectation(std::move(*authentication))
                                                                     : Expectation()});
    return true;
}

void SaTable::begun(NegotiationId id, charon_sa const& sa)
{
    std::scoped_lock lock(m_mutex);
    auto reserved = m_reserved.extract(id);
    if (!reserved)
        return;
    auto& [endpoints, flow, forgeries, expectation] = reserved.mapped();
    add(Entry{.name = IkeSaId(sa.id),
              .sa = sa,
              .endpoints = endpoints,
              .flow = flow,
              .negotiation = id,
              .expectation = std::move(expectation),
              .accepted = true,
              .forgeries = forgeries});
}

void SaTable::not_begun(NegotiationId id)
{
    std::scoped_lock lock(m_mutex);
    auto reserved = m_reserved.extract(id);
    if (!reserved)
        return;
    m_mailbox.post(NegotiationEnded{.negotiation = id,
                                    .flow = reserved.mapped().flow,
                                    .reason = Failure::Local,
                                    .detail = "libcharon made no IKE_SA"});
}

bool SaTable::admit(charon_sa const& sa, Flow const& flow)
{
    if (m_gate.welcome(flow.remote) != ResponderGate::Welcome::Answer)
        return false;
    std::scoped_lock lock(m_mutex);
    auto known = m_per_address.find(counted(flow.remote));
    bool const too_many = known != m_per_address.end() && known->second >= m_limits.per_address;
    if (too_many || !has_room() || entry(sa))
        return false;
    add(Entry{.name = IkeSaId(sa.id), .sa = sa, .endpoints = endpoints_of(flow), .flow = flow});
    begin_to_expect(*entry(sa));
    return true;
}

bool SaTable::accepts(charon_sa const& sa, Endpoints const& endpoints, Flow const& flow, EspMode mode)
{
    if (flow.local != endpoints.local && !m_gate.speaks_for(flow.local))
        return false;
    if (!m_gate.accepts(flow))
        return false;
    std::scoped_lock lock(m_mutex);
    auto* found = entry(sa);
    // The limits were asked for the address that IKE_SA_INIT came from.
    if (!found || found->stage != Stage::SettingUp || found->endpoints != endpoints)
        return false;
    // Behind a NAT libcharon rewrites the selectors of transport mode to the NAT's address.
    if (endpoints_of(flow) != endpoints && mode != EspMode::Tunnel)
        return false;
    if (flow.remote != endpoints.remote && !found->signs)
        return false;
    if (std::exchange(found->accepted, true))
        return found->flow == flow;
    found->flow = flow;
    return true;
}

PeerProof SaTable::proof(Entry const& entry)
{
    return entry.expectation.proven() ? PeerProof::Authenticated : PeerProof::Anonymous;
}

std::optional<Reqid> SaTable::reqid(charon_sa const& sa)
{
    std::scoped_lock lock(m_mutex);
    auto* found = entry(sa);
    if (!found || !found->accepted || !found->expectation.is_authorized())
        return std::nullopt;
    if (!found->reqid)
        found->reqid = m_reqids.acquire(found->flow, proof(*found));
    return found->reqid;
}

void SaTable::sa_rekeyed(charon_sa const& old, charon_sa const& successor)
{
    std::scoped_lock lock(m_mutex);
    auto node = m_entries.extract(old.id);
    if (!node)
        return;
    node.key() = successor.id;
    node.mapped().sa = successor;
    m_renamed[node.mapped().name] = successor.id;
    m_entries.insert(std::move(node));
}

void SaTable::sa_gone(charon_sa const& sa)
{
    std::scoped_lock lock(m_mutex);
    auto* found = entry(sa);
    if (!found)
        return;
    end(*found);
    if (found->reqid)
        m_reqids.release(found->flow, proof(*found));
    count_down(m_per_remote, found->endpoints.remote);
    if (found->negotiation == NegotiationId{})
        count_down(m_per_address, counted(found->endpoints.remote));
    m_renamed.erase(found->name);
    m_entries.erase(sa.id);
    if (m_entries.empty())
        m_emptied.notify_all();
}

std::vector<charon_sa> SaTable::all() const
{
    std::scoped_lock lock(m_mutex);
    std::vector<charon_sa> all;
    for (auto const& [id, found] : m_entries)
        all.push_back(found.sa);
    return all;
}

void SaTable::wait_until_empty(std::chrono::milliseconds limit)
{
    std::unique_lock lock(m_mutex);
    m_emptied.wait_for(lock, limit, [this] { return m_entries.empty(); });
}

SaTable::Entry* SaTable::by_name(IkeSaId name)
{
    auto renamed = m_renamed.find(name);
    auto found = m_entries.find(renamed == m_renamed.end() ? uint32_t(name) : renamed->second);
    return found == m_entries.end() || found->second.name != name ? nullptr : &found->second;
}

SaTable::Entry* SaTable::negotiation(NegotiationId id)
{
    for (auto const& [spi, number] : m_by_spi) {
        if (auto& entry = m_entries.at(number); entry.negotiation == id)
            return &entry;
    }
    return nullptr;
}

std::optional<charon_sa> SaTable::find(IkeSaId sa)
{
    std::scoped_lock lock(m_mutex);
    auto* found = by_name(sa);
    return found ? std::optional(found->sa) : std::nullopt;
}

bool SaTable::has_sa_with(Address const& remote) const
{
    std::scoped_lock lock(m_mutex);
    return m_per_remote.contains(remote);
}

size_t SaTable::size() const
{
    std::scoped_lock lock(m_mutex);
    return m_entries.size();
}

} // namespace oekd
