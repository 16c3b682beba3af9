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

NamedAnswer NamedSearch::conclude() const
{
    if (auto dead = dead_end(*m_keys.answer, m_host.name, m_means))
        return named(std::move(*dead));
    auto const& records = std::get<Records>(*m_keys.answer);
    NamedKeys found;
    Chain chain;
    auto host = m_host;
    for (auto const* answer : {&*m_v4.answer, &*m_v6.answer})
        if (is_signed(*answer)) {
            auto const& signed_records = std::get<Records>(*answer);
            auto const addresses = addresses_in(signed_records);
            host.addresses.insert(host.addresses.end(), addresses.begin(), addresses.end());
            chain.add(signed_records.security, signed_records.ttl);
        }
    for (auto const* answer : {&*m_v4.answer, &*m_v6.answer})
        if (auto const* nobody = std::get_if<NoAnswer>(answer); nobody && host.addresses.empty())
            return Unavailable{fmt::format("the address of {}: {}", m_host.name, nobody->why)};
    chain.add(records.security, records.ttl);
    found = {chain.trust, own_keys(records, host), host.addresses, chain.ttl};
    if (found.keys.empty())
        return NoKey{records.ttl, fmt::format("{} has no key of its own", m_host.name)};
    return found;
}

} // namespace oekd::dns
