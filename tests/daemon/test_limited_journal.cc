// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/limited_journal.h"
#include "tests/base/captured_stderr.h"

#include <catch2/catch.hpp>
#include <thread>

using namespace oekd;
using namespace std::chrono_literals;
using Kind = LimitedJournal::Kind;

namespace {

/// Two lines at once, no more for an hour, and what was left out is told after 20 ms.
constexpr JournalLimit two_lines{.burst = 2, .interval = 1h, .tell_after = 20ms};

struct Fixture {
    EventLoop loop = EventLoop::create().value();
    CapturedStderr captured;
    Journal journal = Journal::open(LogLevel::Info);
    Counters counters;
    std::unique_ptr<LimitedJournal> limited =
        LimitedJournal::create(loop, journal, counters, two_lines).value();

    void log(Kind kind, LogLevel level, int times)
    {
        for (int i = 0; i < times; ++i)
            limited->log(kind, level, "line");
    }
    /// What is written within five seconds.
    std::string next_text()
    {
        auto const limit = std::chrono::steady_clock::now() + 5s;
        std::string text;
        while (text.empty() && std::chrono::steady_clock::now() < limit) {
            sd_event_run(loop.raw(), 10'000);
            text = captured.text();
        }
        return text;
    }
};

} // namespace

TEST_CASE("what is too much is counted and told once, for each kind", "[journal]")
{
    Fixture f;
    f.log(Kind::Decision, LogLevel::Info, 5);
    f.log(Kind::Trouble, LogLevel::Error, 1);
    CHECK(f.captured.text() == "info: line\ninfo: line\nerror: line\n");
    CHECK(f.next_text() ==
          "notice: 3 more lines about decisions are left out; 'oekctl monitor' shows every decision\n");
    CHECK(f.counters.log_lines_left_out.value({"decisions"}) == 3);
    CHECK(f.counters.log_lines_left_out.value({"trouble with flows"}) == 0);
    f.log(Kind::Decision, LogLevel::Info, 1);
    CHECK(f.next_text() ==
          "notice: 1 more lines about decisions are left out; 'oekctl monitor' shows every decision\n");
}

TEST_CASE("debug lines, and lines that nobody reads, are not counted", "[journal]")
{
    Fixture f;
    f.log(Kind::Decision, LogLevel::Debug, 10);
    f.journal.set_level(LogLevel::Notice);
    f.log(Kind::Decision, LogLevel::Info, 10);
    f.journal.set_level(LogLevel::Info);
    f.log(Kind::Decision, LogLevel::Info, 2);
    CHECK(f.captured.text() == "info: line\ninfo: line\n");
    CHECK(f.counters.log_lines_left_out.value({"decisions"}) == 0);
}

TEST_CASE("what was not told yet is told at the end", "[journal]")
{
    Fixture f;
    f.log(Kind::Decision, LogLevel::Info, 3);
    f.limited.reset();
    CHECK_THAT(f.captured.text(),
               Catch::EndsWith("notice: 1 more lines about decisions are left out; 'oekctl "
                               "monitor' shows every decision\n"));
}

TEST_CASE("any thread may log", "[journal]")
{
    Fixture f;
    std::thread([&f] { f.log(Kind::Trouble, LogLevel::Warning, 4); }).join();
    CHECK(f.captured.text() == "warning: line\nwarning: line\n");
    CHECK_THAT(f.next_text(), Catch::StartsWith("notice: 2 more lines about trouble with flows"));
}
