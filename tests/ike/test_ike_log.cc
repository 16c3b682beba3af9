// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/ike_log.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace oekd;
using namespace std::chrono_literals;

TEST_CASE("log lines: a burst, then one per interval", "[ike]")
{
    LineLimit limit(3, 100ms);
    LineLimit::Clock::time_point now{1h};
    for (int i = 0; i < 3; ++i)
        CHECK(limit.take(now));
    CHECK_FALSE(limit.take(now));
    CHECK_FALSE(limit.take(now + 99ms));
    CHECK(limit.take_suppressed() == 2);
    CHECK(limit.take_suppressed() == 0);
    now += 100ms;
    CHECK(limit.take(now));
    CHECK_FALSE(limit.take(now));
    now += 1h; // what was not used is not saved up beyond the burst
    for (int i = 0; i < 3; ++i)
        CHECK(limit.take(now));
    CHECK_FALSE(limit.take(now));
}

TEST_CASE("log lines: a stranger's bytes do not reach the terminal", "[ike]")
{
    std::vector<std::string> lines;
    IkeLog log([&](int, std::string_view line) { lines.emplace_back(line); }, 1);
    log.line(1, "received vendor ID \x1b[2J\n0 forged line");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == "received vendor ID \\x1b[2J\\x0a0 forged line");
}

TEST_CASE("log lines: the level asked for", "[ike]")
{
    int count = 0;
    IkeLog log([&](int, std::string_view) { ++count; }, 0);
    log.line(1, "detail");
    CHECK(count == 0);
    log.line(0, "audit");
    CHECK(count == 1);
}

TEST_CASE("log lines: how many were left out is told", "[ike]")
{
    std::vector<std::string> lines;
    IkeLog log([&](int, std::string_view line) { lines.emplace_back(line); }, 0);
    for (int i = 0; i < 5000; ++i)
        log.line(0, "again");
    CHECK(lines.size() < 1000);
    auto const before = lines.size();
    auto const deadline = LineLimit::Clock::now() + 5s;
    while (lines.size() == before && LineLimit::Clock::now() < deadline)
        log.line(0, "again");
    REQUIRE(lines.size() >= before + 2);
    CHECK(lines[before].ends_with("lines were too many and are left out"));
}

TEST_CASE("log lines: a failed start tells its last lines whatever the level", "[ike]")
{
    IkeLog log({}, -1);
    log.line(1, "first");
    log.line(1, "second");
    CHECK(log.reasons() == "first; second");
    log.started();
    log.line(1, "third");
    CHECK(log.reasons().empty());
}
