// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/incoming_peers.h"

#include <algorithm>
#include <utility>

namespace oekd {

namespace {

Authentication::Demand demand_of(Requirement::Key key)
{
    switch (key) {
    case Requirement::Key::None: return Authentication::Demand::Anything;
    case Requirement::Key::Wanted: return Authentication::Demand::Preferred;
    case Requirement::Key::Required: return Authentication::Demand::Required;
    }
    std::unreachable();
}

} // namespace

Authentication authentication(Requirement const* wanted, OwnIdentity own)
{
    Authentication authentication{.own = own};
    if (!wanted)
        return authentication;
    authentication.demand = demand_of(wanted->key);
    for (auto const& gateway : wanted->gateways)
        authentication.keys.insert(authentication.keys.end(), gateway.keys.begin(), gateway.keys.end());
    return authentication;
}

IncomingPeers::IncomingPeers(KeySource& keys, OwnIdentities const& identities,
                             std::shared_ptr<GroupTable const> groups, Replies replies)
    : m_keys(keys), m_identities(identities), m_groups(std::move(groups)), m_replies(std::move(replies))
{}

/// Which flow it will ask for is not known yet: of several lines the one for all that it exchanges decides,
/// and the flow's own line is asked again when it is up.
AcceptedProtections IncomingPeers::accepted_from(Address const& remote) const
{
    if (auto const* line = m_groups->find(remote, Service{}); line && accepts_negotiation(line->group))
        return line->judgement.accepted;
    auto const lines = m_groups->lines_for(remote);
    auto const line = std::ranges::find_if(lines, accepts_negotiation, &GroupLine::group);
    return line == lines.end() ? AcceptedProtections{Protection::Anonymous} : (*line)->judgement.accepted;
}

void IncomingPeers::wanted(KeysWanted const& question)
{
    auto const& remote = question.flow.remote;
    auto const accepted = accepted_from(remote);
    if (!accepted.any_with_keys())
        return m_replies.answer(question, authentication(nullptr, m_identities.as(question.flow.local)));
    if (auto const known = m_keys.known(remote))
        return reply(question, *known, accepted);
    if (m_waiting.size() >= max_waiting)
        return m_replies.refuse(question);
    m_waiting[question.sa] = m_keys.ask(remote, [this, question, accepted](KeyAnswer const& answer) {
        auto const lookup = m_waiting.extract(question.sa); // lives until this returns
        reply(question, answer, accepted);
    });
}

void IncomingPeers::reply(KeysWanted const& question, KeyAnswer const& answer, AcceptedProtections accepted)
{
    auto const wanted = required_of(answer, question.flow.remote, accepted);
    if (wanted.verdict != Requirement::Verdict::Negotiate)
        return m_replies.refuse(question);
    m_replies.answer(question, authentication(&wanted, m_identities.as(question.flow.local)));
}

} // namespace oekd
