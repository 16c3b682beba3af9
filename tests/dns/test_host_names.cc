// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/host_names.h"
#include "tests/dns/records.h"
#include "tests/dns/scripted_resolver.h"

#include <catch2/catch.hpp>
#include <functional>

using namespace oekd;
using namespace oekd::dns;
using namespace oekd::test;
using namespace std::chrono_literals;

namespace {

struct Names {
    explicit Names(HostNames::Options options = {})
        : names(loop, script, options, [this] {
              ++changes;
              loop.stop(1);
          })
    {}

    std::vector<HostAddress> addresses_of(std::string const& name)
    {
        auto const* record = names.find(name);
        REQUIRE(record);
        return record->addresses;
    }
    /// Runs the loop until the names tell of a change; false where the limit ends it.
    bool told()
    {
        auto const limit = loop.after(10s, [this] { loop.stop(0); }).value();
        return loop.run().value() == 1;
    }
    /// Runs the loop until somebody is asked again.
    bool asks_again(std::string const& name)
    {
        auto const limit = loop.after(10s, [this] { loop.stop(0); }).value();
        std::function<void()> look = [&] {
            if (script.is_asked(name))
                loop.stop(1);
            else
                timer = loop.after(1ms, look).value();
        };
        look();
        return loop.run().value() == 1;
    }

    EventLoop loop = EventLoop::create().value();
    ScriptedResolver script;
    int changes = 0;
    EventSource timer;
    HostNames names;
};

} // namespace

TEST_CASE("both families are asked for, and a change is told once", "[dns][names]")
{
    Names names;
    names.names.watch({"a.example", "b.example", "a.example"});
    CHECK(names.script.asked == 4);
    names.script.answer("a.example", records({"192.0.2.1"}), records({"2001:db8::1"}));
    names.script.answer("b.example", records({"192.0.2.2"}), no_type());
    CHECK(names.told());
    CHECK(names.changes == 1);
    CHECK(names.addresses_of("a.example") == std::vector{unproven("192.0.2.1"), unproven("2001:db8::1")});
    CHECK(names.addresses_of("b.example") == std::vector{unproven("192.0.2.2")});
    CHECK(names.names.find("c.example") == nullptr);
}

TEST_CASE("only so many names are asked about at the same time", "[dns][names]")
{
    Names names({.max_asked = 2});
    names.names.watch({"a", "b", "c", "d"});
    CHECK(names.script.asked == 4);
    CHECK(!names.script.is_asked("c"));
    names.script.answer("b", NoAnswer{"down"}, NoAnswer{"down"});
    CHECK(names.script.is_asked("c"));
    CHECK(!names.script.is_asked("d"));
    names.names.watch({"a", "d"}); // what is not wanted any more makes room
    CHECK(!names.script.is_asked("c"));
    CHECK(names.script.is_asked("d"));
    CHECK(names.names.find("b") == nullptr);
}

TEST_CASE("when the TTL is over the name is asked about again, and old addresses stay meanwhile",
          "[dns][names]")
{
    Names names({.shortest_ttl = 0s});
    names.names.watch({"a"});
    names.script.answer("a", records({"192.0.2.1"}, Security::Unsigned, 0s), no_type());
    CHECK(!names.script.is_asked("a"));
    REQUIRE(names.asks_again("a"));
    CHECK(names.addresses_of("a") == std::vector{unproven("192.0.2.1")});
    names.script.answer("a", NoAnswer{"no server answers"}, NoAnswer{"no server answers"});
    CHECK(names.addresses_of("a") == std::vector{unproven("192.0.2.1")});
    CHECK(names.names.find("a")->problem == "no server answers");
}

TEST_CASE("what is known survives another list of names", "[dns][names]")
{
    Names names;
    names.names.watch({"a", "b"});
    names.script.answer("a", records({"192.0.2.1"}), no_type());
    names.names.watch({"a", "c"});
    CHECK(names.addresses_of("a") == std::vector{unproven("192.0.2.1")});
    CHECK(!names.script.is_asked("a"));
    CHECK(!names.script.is_asked("b"));
    CHECK(names.script.is_asked("c"));
}

TEST_CASE("a better resolver is asked at once about what failed", "[dns][names]")
{
    Names names;
    names.names.watch({"a", "b"});
    names.script.answer("a", NoAnswer{"down"}, NoAnswer{"down"});
    names.script.answer("b", records({"192.0.2.2"}), no_type());
    names.names.retry();
    CHECK(names.script.is_asked("a"));
    CHECK(!names.script.is_asked("b"));
    names.names.retry(); // it is under way already
    CHECK(names.script.asked == 6);
}

TEST_CASE("an end in the middle of everything", "[dns][names]")
{
    ScriptedResolver script;
    auto loop = EventLoop::create().value();
    {
        HostNames names(loop, script, {}, [] {});
        names.watch({"a", "b"});
        script.answer("a", records({"192.0.2.1"}), no_type());
    }
    CHECK(script.questions.empty());
}
