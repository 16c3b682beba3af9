// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/named_search.h"

#include <fmt/format.h>

namespace oekd::dns {

namespace {

NamedAnswer named(KeyAnswer dead)
{
    if (auto* bad = std::get_if<BadKey>(&dead))
        return std::move(*bad);
    if (auto* unknown = std::get_if<Unavailable>(&dead))
        return std::move(*unknown);
    return std::get<NoKey>(std::move(dead));
}

bool is_signed(Answer const& answer)
{
    auto const* records = std::get_if<Records>(&answer);
    return records && records->security == Security::Signed;
}

} // namespace

NamedSearch::NamedSearch(SearchMeans& means, std::string const& name, Ended ended)
    : m_means(means), m_host{name, {}}, m_ended(std::move(ended))
{
    ask(m_keys, name, RecordType::Ipseckey);
    ask(m_v4, name, RecordType::A);
    ask(m_v6, name, RecordType::Aaaa);
}

void NamedSearch::ask(Question& question, std::string const& name, RecordType type)
{
    question.lookup = m_means.resolver.ask(name, type, [this, &question](Answer answer) {
        question.answer = std::move(answer);
        answered();
    });
}

void NamedSearch::answered()
{
    if (!m_keys.answer || !m_v4.answer || !m_v6.answer)
        return;
    auto const ended = std::move(m_ended);
    ended(conclude());
}

/// Takes the addresses that are signed.
void NamedSearch::take_addresses(Chain& chain)
{
    for (auto const* answer : {&*m_v4.answer, &*m_v6.answer}) {
        if (!is_signed(*answer))
            continue;
        auto const& records = std::get<Records>(*answer);
        auto const addresses = addresses_in(records);
        m_host.addresses.insert(m_host.addresses.end(), addresses.begin(), addresses.end());
        chain.add(records.security, records.ttl);
    }
}

NamedAnswer NamedSearch::conclude()
{
    if (auto dead = dead_end(*m_keys.answer, m_host.name, m_means))
        return named(std::move(*dead));
    Chain chain;
    take_addresses(chain);
    for (auto const* answer : {&*m_v4.answer, &*m_v6.answer})
        if (auto const* nobody = std::get_if<NoAnswer>(answer); nobody && m_host.addresses.empty())
            return Unavailable{fmt::format("the address of {}: {}", m_host.name, nobody->why)};
    auto const& records = std::get<Records>(*m_keys.answer);
    auto keys = own_keys(records, m_host);
    if (keys.empty())
        return NoKey{records.ttl, fmt::format("{} has no key of its own", m_host.name)};
    chain.add(records.security, records.ttl);
    return NamedKeys{chain.trust, std::move(keys), std::move(m_host.addresses), chain.ttl};
}

} // namespace oekd::dns
