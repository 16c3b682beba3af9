// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/event_loop.h"
#include "base/mailbox.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <functional>
#include <optional>
#include <string>
#include <thread>

using namespace oekd;
using namespace std::chrono_literals;

namespace {

/// A loop that gives up with an exit code of its own, so that no mistake hangs the tests.
struct Loop {
    static constexpr int too_long = 99;

    EventLoop loop = EventLoop::create().value();
    EventSource limit = loop.after(10s, [this] { loop.stop(too_long); }).value();

    int run() { return loop.run().value(); }
};

} // namespace

TEST_CASE("stop() ends the loop with its code", "[base][event-loop]")
{
    Loop loop;
    auto const timer = loop.loop.after(0ms, [&loop] { loop.loop.stop(7); });
    REQUIRE(timer.has_value());
    CHECK(loop.run() == 7);
}

TEST_CASE("a timer fires once, not before its time", "[base][event-loop]")
{
    Loop loop;
    auto const begin = EventLoop::Clock::now();
    int fired = 0;
    auto const timer = loop.loop.after(20ms, [&fired] { ++fired; });
    auto const end = loop.loop.after(60ms, [&loop] { loop.loop.stop(0); });
    REQUIRE(timer.has_value());
    REQUIRE(end.has_value());
    CHECK(loop.run() == 0);
    CHECK(fired == 1);
    CHECK(EventLoop::Clock::now() - begin >= 60ms);
}

TEST_CASE("timers fire in the order of their time", "[base][event-loop]")
{
    Loop loop;
    std::string order;
    auto const late = loop.loop.after(40ms, [&] {
        order += "late";
        loop.loop.stop(0);
    });
    auto const early = loop.loop.after(10ms, [&order] { order += "early "; });
    CHECK(loop.run() == 0);
    CHECK(order == "early late");
}

TEST_CASE("a timer that is destroyed does not fire", "[base][event-loop]")
{
    Loop loop;
    bool fired = false;
    auto timer = loop.loop.after(1ms, [&fired] { fired = true; }).value();
    timer = EventSource();
    CHECK_FALSE(static_cast<bool>(timer));
    auto const end = loop.loop.after(30ms, [&loop] { loop.loop.stop(0); });
    CHECK(loop.run() == 0);
    CHECK_FALSE(fired);
}

TEST_CASE("a timer may replace or destroy itself from its callback", "[base][event-loop]")
{
    Loop loop;
    int fired = 0;
    EventSource timer;
    std::function<void()> const again = [&] {
        if (++fired == 3)
            loop.loop.stop(0);
        timer = EventSource(); // destroys the function that runs
        timer = loop.loop.after(1ms, again).value();
    };
    timer = loop.loop.after(1ms, again).value();
    CHECK(loop.run() == 0);
    CHECK(fired == 3);
}

TEST_CASE("a mailbox wakes the loop from another thread", "[base][event-loop]")
{
    Loop loop;
    auto mailbox = Mailbox<int>::create();
    REQUIRE(mailbox.has_value());
    int sum = 0;
    auto const source = loop.loop.on_readable(mailbox->fd(), [&] {
        for (int const value : mailbox->take_all())
            sum += value;
        if (sum == 3)
            loop.loop.stop(0);
    });
    REQUIRE(source.has_value());
    std::jthread const worker([&mailbox] {
        mailbox->post(1);
        mailbox->post(2);
    });
    CHECK(loop.run() == 0);
    CHECK(sum == 3);
}

TEST_CASE("a bad descriptor is an error, not a silence", "[base][event-loop]")
{
    Loop loop;
    auto const source = loop.loop.on_readable(-1, [] {});
    REQUIRE_FALSE(source.has_value());
    CHECK(source.error().message.starts_with("watching a descriptor: "));
}

TEST_CASE("a signal that is blocked arrives in the loop", "[base][event-loop]")
{
    sigset_t only_usr1;
    sigset_t before;
    sigemptyset(&only_usr1);
    sigaddset(&only_usr1, SIGUSR1);
    REQUIRE(pthread_sigmask(SIG_BLOCK, &only_usr1, &before) == 0);
    {
        Loop loop;
        auto const source = loop.loop.on_signal(SIGUSR1, [&loop] { loop.loop.stop(5); });
        REQUIRE(source.has_value());
        REQUIRE(raise(SIGUSR1) == 0);
        CHECK(loop.run() == 5);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("now() is the time of the dispatch on the steady clock", "[base][event-loop]")
{
    Loop loop;
    std::optional<EventLoop::Clock::time_point> first;
    std::optional<EventLoop::Clock::time_point> second;
    auto const timer = loop.loop.after(5ms, [&] {
        first = loop.loop.now();
        auto const until = EventLoop::Clock::now() + 2ms;
        while (EventLoop::Clock::now() < until) {
        }
        second = loop.loop.now();
        loop.loop.stop(0);
    });
    auto const begin = EventLoop::Clock::now();
    CHECK(loop.run() == 0);
    REQUIRE(first.has_value());
    CHECK(first == second); // time stands still within a callback
    CHECK(*first <= EventLoop::Clock::now());
    CHECK(*first + 10ms >= begin);
}
