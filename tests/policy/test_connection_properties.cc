// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/policy/event_generators.h"
#include "tests/policy/flow_model.h"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

/// What no sequence of events can break: see FlowModel for the promises.
using namespace oekd;
using namespace std::chrono_literals;

namespace {

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
            FlowModel flow(group, Timing{}, *any_conduct(), *any_judgement());
            Time at{1h};
            RC_ASSERT(live(flow, history, at) == "");
        });
    }
}

TEST_CASE("every flow leaves a transient state when its negotiation and its time end", "[policy][connection]")
{
    rc::prop("it comes to rest within an answer, a failure for each gateway and two deadlines",
             [](PolicyGroup group) {
                 auto const history = *any_history();
                 FlowModel flow(group, Timing{}, *any_conduct(), *any_judgement());
                 Time at{1h};
                 RC_ASSERT(live(flow, history, at) == "");
                 RC_CLASSIFY(flow.connection().deadline.has_value(), "a deadline");
                 RC_CLASSIFY(flow.connection().negotiating, "negotiating");
                 RC_ASSERT(flow.happen(Learnt{}, at) == "");
                 for (int gateways = 0; gateways < 4 && flow.connection().negotiating; ++gateways)
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
        FlowModel flow(group, Timing{}, *any_conduct(), *any_judgement());
        Time at{1h};
        RC_ASSERT(live(flow, history, at) == "");
        RC_ASSERT(flow.happen(Withdrawn{}, at) == "");
        Connection fresh;
        fresh.group = group;
        fresh.conduct = flow.connection().conduct;
        fresh.judgement = flow.connection().judgement;
        fresh.peer = flow.connection().peer;
        fresh.failures = flow.connection().failures;
        fresh.hold_began = flow.connection().hold_began;
        RC_ASSERT((flow.connection() == fresh));
    });
}
