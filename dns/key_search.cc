// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/key_search.h"

#include "dns/reverse_name.h"

namespace oekd::dns {

KeySearch::KeySearch(SearchMeans& means, Address const& asked, Ended ended)
    : m_means(means), m_asked(asked), m_ended(std::move(ended))
{
    m_lookup = means.resolver.ask(reverse_name(asked), RecordType::Ipseckey,
                                  [this](Answer const& answer) { answered(answer); });
}

void KeySearch::answered(Answer const& answer)
{
    if (auto const* none = std::get_if<NoRecord>(&answer); none && is_valid(none->security))
        return end(NoKey{none->ttl, {}});
    if (auto dead = dead_end(answer, reverse_name(m_asked), m_means))
        return end(std::move(*dead));
    auto judged = judge_records(std::get<Records>(answer), m_asked, m_means.random);
    if (auto* none = std::get_if<NoKey>(&judged))
        return end(std::move(*none));
    if (auto* bad = std::get_if<BadKey>(&judged))
        return end(std::move(*bad));
    search_gateways(std::get<UsableRecords>(judged));
}

void KeySearch::search_gateways(UsableRecords const& usable)
{
    auto found = candidates(usable, m_asked);
    m_answers.resize(found.size());
    for (size_t i = 0; i < found.size(); ++i)
        m_gateways.push_back(std::make_unique<GatewaySearch>(m_means, m_asked, std::move(found[i]),
                                                             [this, i](KeyAnswer answer) {
                                                                 m_answers[i] = std::move(answer);
                                                                 one_less();
                                                             }));
    m_missing = m_gateways.size() + 1; // the last one is ours: starting may end them at once
    for (auto& gateway : m_gateways)
        gateway->start();
    one_less();
}

void KeySearch::one_less()
{
    if (--m_missing == 0)
        end(merged(m_answers));
}

void KeySearch::end(KeyAnswer answer)
{
    auto const ended = std::move(m_ended);
    ended(std::move(answer));
}

} // namespace oekd::dns
