// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/counters.h"
#include "tests/daemon/manual.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

using namespace oekd;

TEST_CASE("a counter without labels is there from the beginning", "[counters]")
{
    std::vector<Counter const*> all;
    Counter counter(all, "things", "Things that happened");
    REQUIRE(all == std::vector<Counter const*>{&counter});
    CHECK(counter.metric().name == "oekd_things");
    CHECK(counter.metric().type == Metric::Type::Counter);
    CHECK(counter.metric().samples.at(0).value == 0);
    counter.add();
    counter.add({}, 41);
    CHECK(counter.metric().samples.size() == 1);
    CHECK(counter.metric().samples.at(0).value == 42);
}

TEST_CASE("a counter with labels has a sample for each combination that has happened", "[counters]")
{
    std::vector<Counter const*> all;
    Counter counter(all, "changes", "Changes", {"from", "to"});
    CHECK(counter.metric().samples.empty());
    counter.add({"a", "b"});
    counter.add({"a", "b"});
    counter.add({"b", "a"});
    auto const samples = counter.metric().samples;
    REQUIRE(samples.size() == 2);
    CHECK(samples[0].labels == std::vector<std::pair<std::string, std::string>>{{"from", "a"}, {"to", "b"}});
    CHECK(samples[0].value == 2);
    CHECK(counter.value({"b", "a"}) == 1);
    CHECK(counter.value({"b", "b"}) == 0);
}

TEST_CASE("all counters have a name of their own and say what they count", "[counters]")
{
    Counters const counters;
    std::set<std::string> names;
    for (auto const* counter : counters.all()) {
        auto const metric = counter->metric();
        CHECK(names.insert(metric.name).second);
        CHECK(!metric.name.ends_with("_total")); // OpenMetrics: it is added to the samples
        CHECK(!metric.help.empty());
    }
    CHECK(names.contains("oekd_decisions"));
}

TEST_CASE("the manual names each counter", "[counters]")
{
    auto const manual = manual_text("oekctl.1");
    Counters const counters;
    for (auto const* counter : counters.all()) {
        auto const name = counter->metric().name + "_total";
        INFO(name);
        CHECK(manual.find(name) != std::string::npos);
    }
}
