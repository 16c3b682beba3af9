// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/connection.h"
#include "tests/policy/generators.h"

#include <ostream>
#include <rapidcheck.h>
#include <vector>

/// Histories of flows, for RapidCheck. Few SAs and reqids, so that they meet again.
namespace oekd {

struct Occurrence {
    Duration after{}; ///< the one before
    Event event;
};

inline void showValue(Occurrence const& occurrence, std::ostream& out)
{
    out << '+' << occurrence.after.count() << "ms " << to_string(occurrence.event);
}

template <typename T> rc::Gen<Event> always(T value) { return rc::gen::just(Event(value)); }

inline rc::Gen<IkeSaId> any_sa()
{
    return rc::gen::map(rc::gen::inRange<uint32_t>(1, 6), [](uint32_t id) { return IkeSaId{id}; });
}

inline rc::Gen<Protection> any_proof()
{
    return rc::gen::element(Protection::Anonymous, Protection::Dns, Protection::Dnssec);
}

inline rc::Gen<Event> any_established()
{
    auto const by = rc::gen::element(Established::By::Us, Established::By::Peer);
    auto const mode = rc::gen::element(EspMode::Transport, EspMode::Tunnel);
    auto const reqid = rc::gen::element(Reqid{7}, Reqid{8});
    return rc::gen::map(rc::gen::tuple(any_sa(), mode, reqid, by, any_proof()),
                        [](auto const& parts) { return Event(std::make_from_tuple<Established>(parts)); });
}

inline rc::Gen<Event> any_learnt()
{
    using namespace std::chrono_literals;
    using Verdict = Requirement::Verdict;
    using Key = Requirement::Key;
    auto const verdict =
        rc::gen::element(Verdict::Negotiate, Verdict::Negotiate, Verdict::Hopeless, Verdict::Deny);
    auto const key = rc::gen::element(Key::None, Key::Wanted, Key::Required);
    auto const lifetime = rc::gen::element(0s, 60s, 86'400s);
    return rc::gen::map(rc::gen::tuple(verdict, key, rc::gen::inRange<size_t>(1, 4), any_proof(), lifetime),
                        [](auto const& parts) {
                            auto const& [what, keys, gateways, proven, seconds] = parts;
                            return Event(
                                Learnt{{what, keys, std::vector<Gateway>(gateways), proven, seconds}});
                        });
}

inline rc::Gen<Judgement> any_judgement()
{
    auto const accepted = rc::gen::element<AcceptedProtections>(
        AcceptedProtections{Protection::Anonymous},
        AcceptedProtections{Protection::Dnssec, Protection::Dns, Protection::Anonymous},
        AcceptedProtections{Protection::Dnssec, Protection::Dns}, AcceptedProtections{Protection::Dnssec});
    return rc::gen::map(rc::gen::pair(accepted, rc::gen::element(PromiseBroken::Clear, PromiseBroken::Deny)),
                        [](auto const& parts) { return Judgement{parts.first, parts.second}; });
}

inline rc::Gen<Event> any_failure()
{
    auto const reason = rc::gen::element(Failure::Silent, Failure::Unprotected, Failure::Refused,
                                         Failure::NotProven, Failure::Local);
    return rc::gen::map(reason, [](Failure failure) { return Event(NegotiationFailed{failure}); });
}

inline rc::Gen<Event> any_event()
{
    return rc::gen::weightedOneOf<Event>({
        {4, always(Acquired{Acquired::Trap::Wide})},
        {3, always(Acquired{Acquired::Trap::Own})},
        {4, any_learnt()},
        {1, always(PeerAnswered{})},
        {1, always(PeerUnreachable{})},
        {4, any_established()},
        {3, any_failure()},
        {3, rc::gen::map(any_sa(), [](IkeSaId sa) { return Event(SaGone{sa}); })},
        {1, always(InboundSeen{})},
        {1, always(PeerReady{})},
        {4, always(DeadlinePassed{})},
        {1, always(Withdrawn{})},
    });
}

inline rc::Gen<Conduct> any_conduct()
{
    using Negotiation = Conduct::Negotiation;
    return rc::gen::map(
        rc::gen::pair(rc::gen::element(Negotiation::Hold, Negotiation::Pass, Negotiation::Drop),
                      rc::gen::element(Conduct::Failure::Pass, Conduct::Failure::Drop)),
        [](auto const& parts) { return Conduct{parts.first, parts.second}; });
}

/// Each of the times that matter: nothing, a hold, a shunt of every kind.
inline rc::Gen<Duration> any_pause()
{
    using namespace std::chrono_literals;
    return rc::gen::element<Duration>(0ms, 1ms, 150ms, 200ms, 2s, 60s, 900s, 3600s);
}

inline rc::Gen<std::vector<Occurrence>> any_history()
{
    auto const occurrence = rc::gen::map(rc::gen::pair(any_pause(), any_event()), [](auto const& parts) {
        return Occurrence{parts.first, parts.second};
    });
    return rc::gen::scale(3.0, rc::gen::container<std::vector<Occurrence>>(occurrence));
}

} // namespace oekd
