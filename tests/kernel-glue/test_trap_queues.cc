// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/trap_queues.h"
#include "tests/kernel-glue/private_network.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <map>
#include <set>

using namespace oekd;
using namespace oekd::test;

namespace {

Flow flow(int number) { return {address("10.1.0.1"), address(fmt::format("10.2.0.{}", number))}; }

/// A trap as the kernel has it: by alias, where each stands.
struct Kernel {
    TrapQueues queues;
    TrapName trap{address("10.1.0.1"), prefix("10.2.0.0/16"), {}};
    std::map<uint32_t, Turn> turns{{0, Turn::First}};
    size_t at_once = 0; ///< so often an alias was written anew in answer to its own acquire

    uint32_t catching() const
    {
        return std::ranges::max_element(turns, {}, [](auto const& alias) { return alias.second; })->first;
    }
    uint32_t acquire(Flow const& from)
    {
        auto const alias = catching();
        if (auto const rotation = queues.wait(trap, alias, from)) {
            CHECK(rotation->front.alias != alias);
            turns[rotation->front.alias] = rotation->front.turn;
            if (rotation->back) {
                ++at_once;
                turns[rotation->back->alias] = rotation->back->turn;
            }
            CHECK(catching() == rotation->front.alias);
        }
        return alias;
    }
    void decide(Flow const& what)
    {
        auto const decided = queues.decided(what);
        if (!decided)
            return;
        auto const before = catching();
        turns[decided->emptied.alias] = decided->emptied.turn;
        if (decided->front)
            turns[decided->front->alias] = decided->front->turn;
        CHECK(catching() == before);
    }
};

} // namespace

TEST_CASE("each first packet has a queue of its own", "[kernel-glue][queues]")
{
    Kernel kernel;
    std::set<uint32_t> used;
    for (int i = 1; i < int(TrapQueues::max_aliases); ++i)
        used.insert(kernel.acquire(flow(i)));
    CHECK(used.size() == TrapQueues::max_aliases - 1);
    CHECK(kernel.at_once == 0);
}

TEST_CASE("more undecided flows than queues share the one in front", "[kernel-glue][queues]")
{
    Kernel kernel;
    for (int i = 1; i <= int(TrapQueues::max_aliases); ++i)
        kernel.acquire(flow(i));
    auto const front = kernel.catching();
    CHECK(kernel.acquire(flow(100)) == front);
    kernel.decide(flow(int(TrapQueues::max_aliases)));
    kernel.decide(flow(100));
    CHECK(kernel.catching() == front);
    kernel.decide(flow(1));
    CHECK(kernel.acquire(flow(101)) == front);
    CHECK(kernel.catching() == 0); // the one that is free again
}

TEST_CASE("a queue is looked at when all that wait in it are decided", "[kernel-glue][queues]")
{
    TrapQueues queues;
    TrapName const trap{address("10.1.0.1"), prefix("10.2.0.0/16"), {}};
    REQUIRE(queues.wait(trap, 0, flow(1)));
    CHECK_FALSE(queues.wait(trap, 0, flow(2))); // it came before the other alias did
    CHECK_FALSE(queues.decided(flow(3)));
    CHECK_FALSE(queues.decided(flow(1)));
    auto const last = queues.decided(flow(2));
    REQUIRE(last);
    CHECK(last->emptied == TrapQueues::Placement{0, Turn::Back});
    CHECK_FALSE(queues.decided(flow(2)));
}

TEST_CASE("beside a peer that never answers nobody else waits, and turns do not run out",
          "[kernel-glue][queues]")
{
    Kernel kernel;
    auto const dead = kernel.acquire(flow(250));
    for (int round = 0; round < 200; ++round) {
        auto const overlapping = 1 + round % 5;
        for (int i = 0; i < overlapping; ++i)
            CHECK(kernel.acquire(flow(i)) != dead);
        for (int i = 0; i < overlapping; ++i)
            kernel.decide(flow(i));
    }
    CHECK(kernel.at_once == 0);
}

TEST_CASE("without a moment of rest turns run out now and then", "[kernel-glue][queues]")
{
    Kernel kernel;
    kernel.acquire(flow(0));
    for (int i = 1; i < 200; ++i) {
        kernel.acquire(flow(i));
        kernel.decide(flow(i - 1));
    }
    CHECK(kernel.turns.size() <= TrapQueues::max_aliases);
    CHECK(kernel.at_once <= 200 / uint32_t(Turn::Last));
}

TEST_CASE("an acquire of a trap that is no more changes nothing", "[kernel-glue][queues]")
{
    Kernel kernel;
    kernel.acquire(flow(1));
    kernel.queues.forget_where([](TrapName const&) { return true; });
    CHECK_FALSE(kernel.queues.wait(kernel.trap, 1, flow(2)));
    CHECK_FALSE(kernel.queues.decided(flow(1)));
}
