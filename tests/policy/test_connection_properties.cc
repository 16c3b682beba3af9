// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/policy/flow_model.h"
#include "tests/policy/generators.h"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

/// What no sequence of events can break: see FlowModel for the promises.
using namespace oekd;
using namespace std::chrono_literals;

namespace oekd {

struct Occurrence {
    Duration after{}; ///< the one before
    Event event;
};

void showValue(Occurrence const& occurrence, std::ostream& out)
{
    out << '+' << occurrence.after.count() << "ms " << to_string(occurrence.event);
}

} // namespace oekd

namespace {

template <typename T> rc::Gen<Event> always(T value) { return rc::gen::just(Event(value)); }

rc::Gen<IkeSaId> any_sa()
{
    return rc::gen::map(rc::gen::inRange<uint32_t>(1, 6), [](uint32_t id) { return IkeSaId{id}; });
}

rc::Gen<Event> any_established()
{
    auto const by = rc::gen::element(Established::By::Us, Established::By::Peer);
    auto const mode = rc::gen::element(EspMode::Transport, EspMode::Tunnel);
    auto const reqid = rc::gen::element(Reqid{7}, Reqid{8});
    return rc::gen::map(rc::gen::tuple(any_sa(), mode, reqid, by),
                        [](auto const& parts) { return Event(std::make_from_tuple<Established>(parts)); });
}

rc::Gen<Event> any_failure()
{
    auto const reason =
        rc::gen::element(Failure::Silent, Failure::Unprotected, Failure::Refused, Failure::Local);
    return rc::gen::map(reason, [](Failure failure) { return Event(NegotiationFailed{failure}); });
}

rc::Gen<Event> any_event()
{
    return rc::gen::weightedOneOf<Event>({
        {4, always(Acquired{Acquired::Trap::Wide})},
        {3, always(Acquired{Acquired::Trap::Own})},
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

rc::Gen<Conduct> any_conduct()
{
    using Negotiation = Conduct::Negotiation;
    return rc::gen::map(
        rc::gen::pair(rc::gen::element(Negotiation::Hold, Negotiation::Pass, Negotiation::Drop),
                      rc::gen::element(Conduct::Failure::Pass, Conduct::Failure::Drop)),
        [](auto const& parts) { return Conduct{parts.first, parts.second}; });
}

rc::Gen<std::vector<Occurrence>> any_history()
{
    auto const after = rc::gen::element<Duration>(0ms, 1ms, 150ms, 200ms, 2s, 60s, 900s, 3600s);
    auto const occurrence = rc::gen::map(rc::gen::pair(after, any_event()), [](auto const& parts) {
        return Occurrence{parts.first, parts.second};
    });
    return rc::gen::scale(3.0, rc::gen::container<std::vector<Occurrence>>(occurrence));
}

/// Lives through the history and stops at the first broken promise, which it returns.
std::string live(FlowModel& flow, std::vector<Occurrence> const& history, Time& at)
{
    for (auto const& [after, event] : history) {
        at += after;
        if (auto broken = flow.happen(event, at); !broken.empty())
            return broken;
    }
    return {};
}

} // namespace

TEST_CASE("no sequence of events breaks a promise, nor lets private or block flow out in clear",
          "[policy][connection]")
{
    for (auto const group : all_groups) {
        INFO(to_string(group));
        rc::prop(std::string(to_string(group)), [group] {
            auto const history = *any_history();
            FlowModel flow(group, Timing{}, *any_conduct());
            Time at{1h};
            RC_ASSERT(live(flow, history, at) == "");
        });
    }
}

TEST_CASE("every flow leaves a transient state when its negotiation and its time end", "[policy][connection]")
{
    rc::prop("it comes to rest within one failure and two deadlines", [](PolicyGroup group) {
        auto const history = *any_history();
        FlowModel flow(group, Timing{}, *any_conduct());
        Time at{1h};
        RC_ASSERT(live(flow, history, at) == "");
        RC_CLASSIFY(flow.connection().deadline.has_value(), "a deadline");
        RC_CLASSIFY(flow.connection().negotiating, "negotiating");
        RC_ASSERT(flow.happen(NegotiationFailed{Failure::Silent}, at) == "");
        RC_ASSERT(!flow.connection().negotiating);
        for (int i = 0; i < 2 && flow.connection().deadline; ++i) {
            at = std::max(at, *flow.connection().deadline);
            RC_ASSERT(flow.happen(DeadlinePassed{}, at) == "");
        }
        auto const state = flow.connection().state;
        RC_ASSERT((state == ConnectionState::Expired || state == ConnectionState::Keyed));
    });
}

TEST_CASE("a withdrawn flow leaves nothing behind", "[policy][connection]")
{
    rc::prop("only the failures are remembered", [](PolicyGroup group) {
        auto const history = *any_history();
        FlowModel flow(group, Timing{}, *any_conduct());
        Time at{1h};
        RC_ASSERT(live(flow, history, at) == "");
        RC_ASSERT(flow.happen(Withdrawn{}, at) == "");
        Connection fresh;
        fresh.group = group;
        fresh.conduct = flow.connection().conduct;
        fresh.peer = flow.connection().peer;
        fresh.failures = flow.connection().failures;
        fresh.hold_began = flow.connection().hold_began;
        RC_ASSERT((flow.connection() == fresh));
    });
}
