// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/trap_queues.h"
#include "private_network.h"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>
#include <set>

using namespace oekd;
using namespace oekd::test;
using Rotation = TrapQueues::Rotation;
using Queue = TrapQueues::Queue;

namespace {

TrapName const trap{address("10.1.0.1"), prefix("10.0.0.0/8"), {}};

Flow peer(int number) { return flow("10.1.0.1", fmt::format("10.2.0.{}", number)); }

} // namespace

TEST_CASE("as soon as a packet waits in one queue, new ones meet another", "[kernel-glue][queues]")
{
    TrapQueues queues;
    CHECK(queues.front(trap) == 0);
    CHECK(queues.wait(trap, 0, peer(1)) == Rotation{1, 0});
    CHECK(queues.front(trap) == 1);
    CHECK(queues.wait(trap, 0, peer(2)) == std::nullopt); // it came before the other one was in front
    CHECK(queues.wait(trap, 1, peer(3)) == Rotation{2, 1});
    CHECK(queues.further_aliases(trap) == std::vector<uint32_t>{1, 2});
}

TEST_CASE("a queue is looked at when the last flow in it is decided", "[kernel-glue][queues]")
{
    TrapQueues queues;
    queues.wait(trap, 0, peer(1));
    queues.wait(trap, 0, peer(2));
    queues.wait(trap, 0, peer(2)); // the same again
    queues.wait(trap, 1, peer(3));
    CHECK(queues.decided(peer(1)) == std::nullopt);
    CHECK(queues.decided(peer(3)) == Queue{trap, 1});
    CHECK(queues.decided(peer(2)) == Queue{trap, 0});
    CHECK(queues.decided(peer(2)) == std::nullopt);
}

TEST_CASE("where all queues are in use the last one is shared", "[kernel-glue][queues]")
{
    TrapQueues queues;
    for (int i = 0; i + 1 < int(TrapQueues::max_aliases); ++i)
        CHECK(queues.wait(trap, queues.front(trap), peer(i)));
    auto const last = queues.front(trap);
    CHECK(queues.wait(trap, last, peer(100)) == std::nullopt);
    CHECK(queues.wait(trap, last, peer(101)) == std::nullopt);
    CHECK(queues.decided(peer(0)) == Queue{trap, 0});
    CHECK(queues.wait(trap, last, peer(102)) == Rotation{0, last});
}

TEST_CASE("few queues take turns as long as few flows wait", "[kernel-glue][queues]")
{
    TrapQueues queues;
    for (int i = 0; i < 100; ++i) {
        queues.wait(trap, queues.front(trap), peer(i % 200));
        CHECK(queues.decided(peer(i % 200)));
    }
    CHECK(queues.further_aliases(trap).size() + 1 == TrapQueues::rotated_aliases);
}

TEST_CASE("a trap that is gone is forgotten with all that waits in it", "[kernel-glue][queues]")
{
    TrapQueues queues;
    TrapName const other{address("10.1.0.1"), prefix("10.3.0.0/16"), {}};
    queues.wait(trap, 0, peer(1));
    queues.wait(other, 0, peer(2));
    queues.forget_where([](TrapName const& name) { return name == trap; });
    CHECK(queues.further_aliases(trap).empty());
    CHECK(queues.decided(peer(1)) == std::nullopt);
    CHECK(queues.wait(trap, 3, peer(1)) == std::nullopt); // an acquire of the trap before
    CHECK(queues.decided(peer(2)) == Queue{other, 0});
}

TEST_CASE("whatever happens, each queue in use is looked at in the end", "[kernel-glue][queues]")
{
    rc::prop("every flow that waits is in a queue that is looked at once all are decided", [] {
        TrapQueues queues;
        std::set<int> waiting;
        std::set<uint32_t> used, looked_at;
        auto const steps = *rc::gen::container<std::vector<std::pair<bool, int>>>(
            rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::inRange(0, 40)));
        for (auto const& [waits, number] : steps) {
            if (waits && waiting.insert(number).second) {
                used.insert(queues.front(trap));
                queues.wait(trap, queues.front(trap), peer(number));
            } else if (!waits && waiting.erase(number) > 0) {
                if (auto const queue = queues.decided(peer(number)))
                    looked_at.insert(queue->alias);
            }
            RC_ASSERT(queues.further_aliases(trap).size() < TrapQueues::max_aliases);
        }
        for (int const number : waiting)
            if (auto const queue = queues.decided(peer(number)))
                looked_at.insert(queue->alias);
        RC_ASSERT(looked_at == used);
    });
}
