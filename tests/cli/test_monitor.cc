// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/cli/serving_daemon.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>

using namespace oekd;
using Json = nlohmann::json;

namespace {

/// oekctl monitor, which has said that it listens.
std::unique_ptr<PipedProgram> monitor(ServingDaemon const& daemon, std::vector<std::string> more = {})
{
    more.insert(more.begin(), "monitor");
    auto program =
        std::make_unique<PipedProgram>(required_environment("OEKCTL"), daemon.arguments(std::move(more)));
    REQUIRE(program->error_line() == "oekctl: from now on every decision is a line; end with Ctrl-C");
    return program;
}

} // namespace

TEST_CASE("monitor prints each decision as it happens", "[monitor]")
{
    ServingDaemon const daemon;
    auto const program = monitor(daemon);
    CHECK(program->line() ==
          "2026-11-21 18:30:05  192.0.2.7 - 192.0.2.80          pending -> keyed    anonymous  "
          "AUTH-NULL, started by us");
    CHECK(program->line() == "2026-11-21 18:30:06  2001:db8::7 - 2001:db8::80 tcp 0 22  pending -> deny     "
                             "blocked    refused by the peer: \\x1b[2J\\xff");
    CHECK(program->line().starts_with("2026-11-21 18:30:05")); // and so on
}

TEST_CASE("monitor --json prints one object per line", "[monitor]")
{
    ServingDaemon const daemon;
    auto const program = monitor(daemon, {"--json"});
    CHECK(Json::parse(program->line()) == Json{{"when", "2026-11-21T18:30:05.042Z"},
                                               {"remote", "192.0.2.80"},
                                               {"local", "192.0.2.7"},
                                               {"service", nullptr},
                                               {"from", "pending"},
                                               {"to", "keyed"},
                                               {"protection", "anonymous"},
                                               {"group", "private-or-clear"},
                                               {"file", "/etc/oekd/policies/private-or-clear"},
                                               {"line", 3},
                                               {"why", "AUTH-NULL, started by us"}});
    CHECK(Json::parse(program->line()).at("service") == "tcp 0 22");
}

TEST_CASE("monitor can be about one network", "[monitor]")
{
    ServingDaemon const daemon;
    auto const program = monitor(daemon, {"--json", "2001:db8::/64"});
    for (int i = 0; i < 3; ++i)
        CHECK(Json::parse(program->line()).at("remote") == "2001:db8::80");
}

TEST_CASE("monitor ends well when it is told to, or when nobody reads it any more", "[monitor]")
{
    ServingDaemon const daemon;
    SECTION("Ctrl-C")
    {
        auto const program = monitor(daemon);
        program->signal(SIGINT);
        CHECK(program->status() == 0);
    }
    SECTION("SIGTERM")
    {
        auto const program = monitor(daemon);
        program->signal(SIGTERM);
        CHECK(program->status() == 0);
    }
    SECTION("a closed pipe, while lines come")
    {
        auto const program = monitor(daemon);
        CHECK(!program->line().empty());
        program->close_output();
        CHECK(program->status() == 0);
    }
    SECTION("a closed pipe, and nothing to write into it")
    {
        auto const program = monitor(daemon, {"203.0.113.1"});
        program->close_output();
        CHECK(program->status() == 0);
    }
}

TEST_CASE("monitor says when the daemon has gone", "[monitor]")
{
    auto daemon = std::make_unique<ServingDaemon>();
    auto const program = monitor(*daemon, {"203.0.113.1"});
    daemon.reset();
    CHECK(program->error_line() == "oekctl: oekd has stopped");
    CHECK(program->status() == code(cli::ExitStatus::NoDaemon));
}
