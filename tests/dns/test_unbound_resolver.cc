// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/unbound_resolver.h"
#include "tests/dns/records.h"
#include "tests/dns/tiny_server.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>

using namespace oekd;
using namespace oekd::dns;
using namespace oekd::test;
using namespace std::chrono_literals;

namespace {

constexpr auto here = "127.0.0.1";
constexpr auto there = "127.0.0.2";

/// A resolver that forwards to one address, and a loop that ends with the answer.
struct Asking {
    explicit Asking(UnboundResolver::Options options = {})
    {
        options.context.forwarders = {{address(here), ""}};
        resolver = UnboundResolver::open(loop, std::move(options)).value();
    }

    UnboundResolver::Answered store()
    {
        return [this](Answer given) {
            answer = std::move(given);
            loop.stop(1);
        };
    }
    /// The answer to a question, or nothing within 20 s.
    std::optional<Answer> ask(std::string const& name, RecordType type = RecordType::A)
    {
        auto const lookup = resolver->ask(name, type, store());
        CHECK(!answer); // never from within ask()
        return wait();
    }
    std::optional<Answer> wait()
    {
        auto const limit = loop.after(20s, [this] { loop.stop(0); }).value();
        loop.run().value();
        return std::exchange(answer, std::nullopt);
    }

    EventLoop loop = EventLoop::create().value();
    std::unique_ptr<UnboundResolver> resolver;
    std::optional<Answer> answer;
};

} // namespace

TEST_CASE("addresses, of both families", "[dns][unbound]")
{
    enter_private_network();
    TinyServer const server(here);
    auto const [type, expected] = GENERATE(
        table<RecordType, std::string>({{RecordType::A, "192.0.2.1"}, {RecordType::Aaaa, "2001:db8::1"}}));
    Asking asking;
    auto const answer = asking.ask("host.example.net", type);
    REQUIRE(answer);
    auto const* found = std::get_if<Records>(&*answer);
    REQUIRE(found);
    CHECK(addresses_in(*found) == std::vector{address(expected)});
    CHECK(found->ttl == 60s);
    CHECK(found->security == Security::Unsigned);
}

TEST_CASE("what is not there is told from what nobody knows", "[dns][unbound]")
{
    enter_private_network();
    TinyServer const server(here);
    Asking asking({.deadline = 500ms});
    SECTION("no such name")
    {
        auto const answer = asking.ask("gone.example.net");
        REQUIRE(answer);
        REQUIRE(std::get_if<NoRecord>(&*answer));
        CHECK(std::get<NoRecord>(*answer).missing == NoRecord::Missing::Name);
    }
    SECTION("no such record")
    {
        auto const answer = asking.ask("empty.example.net");
        REQUIRE(answer);
        REQUIRE(std::get_if<NoRecord>(&*answer));
        CHECK(std::get<NoRecord>(*answer).missing == NoRecord::Missing::Type);
    }
    SECTION("a server that refuses, and one that is silent")
    {
        auto const answer = asking.ask(GENERATE("refused.example.net", "mute.example.net"));
        REQUIRE(answer);
        REQUIRE(std::get_if<NoAnswer>(&*answer));
        CHECK(!std::get<NoAnswer>(*answer).why.empty());
    }
    SECTION("a name that is none")
    {
        auto const answer = asking.ask("a..b");
        REQUIRE(answer);
        CHECK(std::get_if<NoAnswer>(&*answer));
    }
}

TEST_CASE("another resolver is asked what is under way", "[dns][unbound]")
{
    enter_private_network();
    TinyServer const other(there);
    Asking asking; // nobody is there
    auto const lookup = asking.resolver->ask("host.example.net", RecordType::A, asking.store());
    REQUIRE(asking.resolver->forward_to({{address(there), ""}}));
    auto const answer = asking.wait();
    REQUIRE(answer);
    CHECK(std::get_if<Records>(&*answer));
    CHECK(other.queries() > 0);
}

TEST_CASE("who has withdrawn a question hears no answer", "[dns][unbound]")
{
    enter_private_network();
    TinyServer const server(here);
    Asking asking;
    bool answered = false;
    auto withdrawn = asking.resolver->ask("host.example.net", RecordType::A,
                                          [&answered](Answer const&) { answered = true; });
    withdrawn.reset();
    CHECK(asking.ask("host.example.net"));
    CHECK(!answered);
}

TEST_CASE("a question may be destroyed in its own answer, and another be asked", "[dns][unbound]")
{
    enter_private_network();
    TinyServer const server(here);
    Asking asking;
    std::unique_ptr<Lookup> lookup =
        asking.resolver->ask("gone.example.net", RecordType::A, [&](Answer const&) {
            lookup = asking.resolver->ask("host.example.net", RecordType::A, asking.store());
        });
    auto const answer = asking.wait();
    REQUIRE(answer);
    CHECK(std::get_if<Records>(&*answer));
}

TEST_CASE("the number of look-ups is bounded", "[dns][unbound]")
{
    enter_private_network();
    Asking asking({.max_lookups = 1});
    auto const first = asking.resolver->ask("mute.example.net", RecordType::A, [](Answer const&) {});
    auto const answer = asking.ask("host.example.net");
    REQUIRE(answer);
    REQUIRE(std::get_if<NoAnswer>(&*answer));
    CHECK(std::get<NoAnswer>(*answer).why == "1 look-ups are under way");
}

TEST_CASE("what is withdrawn counts until libunbound has done with it", "[dns][unbound]")
{
    enter_private_network();
    TinyServer const server(here);
    Asking asking({.max_lookups = 1});
    (void)asking.resolver->ask("mute.example.net", RecordType::A, [](Answer const&) {});
    auto const answer = asking.ask("host.example.net");
    REQUIRE(answer);
    CHECK(std::get_if<NoAnswer>(&*answer));
    CHECK(asking.resolver->statistics().refused == 1);
}

TEST_CASE("hundreds of look-ups under way hold up nobody", "[dns][unbound]")
{
    enter_private_network();
    TinyServer const server(here);
    Asking asking({.deadline = 500ms, .max_lookups = 401});
    std::vector<std::unique_ptr<Lookup>> lookups;
    size_t late = 0;
    for (int i = 0; i < 400; ++i)
        lookups.push_back(asking.resolver->ask(fmt::format("mute.{}.example", i), RecordType::A,
                                               [&](Answer const&) { ++late; }));
    auto const answer = asking.ask("host.example.net");
    REQUIRE(answer);
    CHECK(std::get_if<Records>(&*answer));
    CHECK(late == 0);
    CHECK(asking.resolver->statistics().latencies.counts.back() == 0);
}

TEST_CASE("a resolver may go before its questions", "[dns][unbound]")
{
    enter_private_network();
    Asking asking;
    auto const lookup = asking.resolver->ask("mute.example.net", RecordType::A, asking.store());
    asking.resolver.reset();
    auto const timer = asking.loop.after(0ms, [&] { asking.loop.stop(1); }).value();
    asking.loop.run().value();
    CHECK(!asking.answer);
}

TEST_CASE("a file that cannot be used is told", "[dns][unbound]")
{
    enter_private_network();
    auto loop = EventLoop::create().value();
    auto const file = std::filesystem::temp_directory_path() / "oekd-test-anchor";
    std::ofstream(file) << "no key\n";
    for (auto const& path : {file, std::filesystem::path("/nonexistent/anchor")}) {
        auto const resolver = UnboundResolver::open(loop, {.context = {.trust_anchors = {path}}});
        REQUIRE(!resolver);
        CHECK_THAT(resolver.error().message, Catch::Contains(path.native()));
    }
    std::filesystem::remove(file);
    auto const hints = UnboundResolver::open(loop, {.context = {.root_hints = "/nonexistent/hints"}});
    REQUIRE(!hints);
    CHECK_THAT(hints.error().message, Catch::Contains("/nonexistent/hints"));
    CHECK(UnboundResolver::open(loop, {.context = {.trust_anchors = {"/dev/null"}}}));
}

TEST_CASE("a resolver that leaves signatures out makes nothing bogus", "[dns][unbound]")
{
    enter_private_network();
    TinyServer const server(here);
    auto const file = std::filesystem::temp_directory_path() / "oekd-test-root-key";
    std::ofstream(file)
        << ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n";
    Asking asking({.context = {.trust_anchors = {file}}});
    std::filesystem::remove(file);
    auto const name = GENERATE("host.example.net", "gone.example.net", "empty.example.net");
    auto const answer = asking.ask(name);
    REQUIRE(answer);
    auto const* records = std::get_if<Records>(&*answer);
    auto const* none = std::get_if<NoRecord>(&*answer);
    INFO((std::holds_alternative<NoAnswer>(*answer) ? std::get<NoAnswer>(*answer).why : ""));
    REQUIRE((records || none));
    CHECK((records ? records->security : none->security) == Security::Indeterminate);
    CHECK(!(records ? records->why_invalid : none->why_invalid).empty());
    CHECK(asking.resolver->statistics().indeterminate == 1);
}

TEST_CASE("answers are counted by what they are worth", "[dns][unbound]")
{
    enter_private_network();
    TinyServer const server(here);
    Asking asking({.deadline = 300ms, .max_lookups = 1});
    auto const muted = asking.resolver->ask("mute.example.net", RecordType::A, asking.store());
    auto const refused = asking.resolver->ask("host.example.net", RecordType::A, [](Answer const&) {});
    REQUIRE(asking.wait());
    auto const& counts = asking.resolver->statistics();
    CHECK(counts.asked == 2);
    CHECK(counts.refused == 1);
    CHECK(counts.late == 1);
    CHECK(counts.insecure + counts.failed + counts.bogus + counts.validated == 0);
}
