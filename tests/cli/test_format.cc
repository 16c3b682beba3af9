// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/decision.h"
#include "cli/human.h"
#include "cli/list.h"
#include "cli/metrics.h"
#include "cli/reload.h"
#include "cli/report.h"
#include "cli/show.h"
#include "cli/status.h"
#include "cli/table.h"
#include "cli/why.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <limits>

using namespace oekd::cli;
using namespace std::chrono_literals;
using oekd::Prefix;

namespace {

constexpr WallTime now{std::chrono::seconds{1'795'285'800}}; // 2026-11-21 18:30:00 UTC

FlowReport flow_with(std::string remote)
{
    FlowReport flow;
    flow.remote = std::move(remote);
    flow.local = "192.0.2.7";
    flow.group = "private-or-clear";
    flow.file = "/etc/oekd/policies/private-or-clear";
    flow.line = 3;
    flow.state = "keyed";
    flow.protection = "anonymous";
    flow.since = now - 4min;
    flow.why = "AUTH-NULL";
    flow.bytes_in = 1'234'567;
    flow.bytes_out = 999;
    return flow;
}

std::vector<std::string> remotes_of(std::vector<FlowReport> const& flows)
{
    std::vector<std::string> remotes;
    for (auto const& flow : flows)
        remotes.push_back(flow.remote);
    return remotes;
}

} // namespace

TEST_CASE("counts are short and never rounded up", "[human]")
{
    struct Row {
        uint64_t count;
        std::string_view text;
    };
    auto const row = GENERATE(Row{0, "0"}, Row{999, "999"}, Row{1000, "1k"}, Row{1099, "1k"},
                              Row{1100, "1.1k"}, Row{9999, "9.9k"}, Row{10'999, "10k"}, Row{999'999, "999k"},
                              Row{1'000'000, "1M"}, Row{1'234'567, "1.2M"}, Row{7'000'000'000'000, "7T"},
                              Row{std::numeric_limits<uint64_t>::max(), "18E"});
    CHECK(short_count(row.count) == row.text);
}

TEST_CASE("long numbers are in groups of three", "[human]")
{
    CHECK(grouped(0) == "0");
    CHECK(grouped(999) == "999");
    CHECK(grouped(1284) == "1 284");
    CHECK(grouped(1'234'567) == "1 234 567");
}

TEST_CASE("ages name the largest unit that fits", "[human]")
{
    CHECK(age(0s) == "0s");
    CHECK(age(59'999ms) == "59s");
    CHECK(age(60s) == "1m");
    CHECK(age(3599s) == "59m");
    CHECK(age(1h) == "1h");
    CHECK(age(24h) == "1d");
    CHECK(age(24h * 400) == "400d");
    CHECK(age(-5s) == "0s");
}

TEST_CASE("times are RFC 3339 for programs", "[human]")
{
    CHECK(rfc3339(now + 1999ms) == "2026-11-21T18:30:01Z");
    CHECK(rfc3339(WallTime{}) == "1970-01-01T00:00:00Z");
}

TEST_CASE("columns are as wide as their content, in characters", "[table]")
{
    std::vector<std::vector<Cell>> const rows{
        {{"A"}, {"B"}, {"C"}}, {{"–"}, {"longer"}, {"x"}}, {{"abc"}, {""}, {""}}};
    CHECK(format_table(rows, {}) == "A    B       C\n–    longer  x\nabc          \n");
    CHECK(format_table({}, {}).empty());
}

TEST_CASE("colour does not change the alignment, and is only where asked for", "[table]")
{
    std::vector<std::vector<Cell>> const rows{{{"clear", Paint::Yellow}, {"x"}}, {{"anonymous"}, {"y"}}};
    CHECK(format_table(rows, {Colour::On, Glyphs::Ascii}) == "\x1b[33mclear\x1b[0m      x\nanonymous  y\n");
    CHECK(format_table(rows, {Colour::Off, Glyphs::Ascii}) == "clear      x\nanonymous  y\n");
    CHECK(paint_of("anonymous") == Paint::Cyan); // not green: nobody was authenticated
}

TEST_CASE("a list of flows", "[list]")
{
    auto clear = flow_with("2001:db8:1111:2222:3333:4444:5555:6666");
    clear.state = clear.protection = "clear";
    clear.why = "no answer on UDP 500";
    clear.next_try = 10s;
    clear.since = now - 50s;
    auto upgraded = flow_with("203.0.113.9");
    upgraded.clear_until = now - 4min;
    CHECK(format_list({flow_with("192.0.2.80"), upgraded, clear}, now, {}) ==
          "REMOTE                                  LOCAL      PROTECTION  SINCE  BYTES IN/OUT  WHY\n"
          "192.0.2.80                              192.0.2.7  anonymous   4m     1.2M/999      AUTH-NULL\n"
          "203.0.113.9                             192.0.2.7  anonymous   4m     1.2M/999      "
          "AUTH-NULL; was in the clear until 4m ago\n"
          "2001:db8:1111:2222:3333:4444:5555:6666  192.0.2.7  clear       50s    -             "
          "no answer on UDP 500; next try in 10s\n");
}

TEST_CASE("flows are sorted by address, not by text", "[list]")
{
    std::vector<FlowReport> const flows{flow_with("2001:db8::1"), flow_with("192.0.2.80"),
                                        flow_with("10.0.0.1"), flow_with("192.0.2.9")};
    CHECK(remotes_of(select_flows(flows, {})) ==
          std::vector<std::string>{"10.0.0.1", "192.0.2.9", "192.0.2.80", "2001:db8::1"});
    CHECK(remotes_of(select_flows(flows, {.remote = Prefix::parse("192.0.2.0/24")})) ==
          std::vector<std::string>{"192.0.2.9", "192.0.2.80"});
    CHECK(select_flows(flows, {.state = "deny"}).empty());
}

TEST_CASE("status names few networks and counts many", "[status]")
{
    StatusReport status;
    status.version = "0.1.0";
    status.strongswan = "6.1.0";
    status.started = now - 72h;
    status.encrypted = 1284;
    status.clear = 5310;
    status.blocked = 2;
    status.deciding = 3;
    status.max_flows = 65'536;
    status.lines = {{"0.0.0.0/0", "private-or-clear", "f", 1}, {"::/0", "private-or-clear", "f", 2}};
    for (int i = 0; i < 12; ++i)
        status.lines.push_back({"10.0.0.0/24", "clear", "g", 1});
    status.warnings = {"something is wrong"};
    CHECK(format_status(status, now, {Colour::Off, Glyphs::Utf8}) ==
          "● oekd 0.1.0 – opportunistic encryption is on · up 3d\n"
          "  flows     1 284 encrypted (0 authenticated, 1 284 anonymous) · 5 310 clear · 2 blocked · 3 "
          "deciding (limit 65 536)\n"
          "  groups    clear 12 networks · private-or-clear 0.0.0.0/0 ::/0\n"
          "  exempt    own addresses, IKE, DHCP, loopback, link-local, multicast, neighbour discovery\n"
          "  IKE       strongSwan 6.1.0\n"
          "  warning   something is wrong\n");
}

TEST_CASE("status tells what is exempt here, what differs first", "[status]")
{
    StatusReport status;
    status.dns = "servers";
    status.dns_servers = {"192.0.2.53", "2001:db8::53"};
    auto const text = [&] { return format_status(status, now, {Colour::Off, Glyphs::Ascii}); };
    CHECK_THAT(text(), Catch::Contains("exempt    DNS to 192.0.2.53 2001:db8::53"));
    CHECK_THAT(text(), !Catch::Contains("NTP"));
    CHECK_THAT(text(), !Catch::Contains("left out"));
    status.dns = "any";
    status.ntp = "any";
    status.tunnels_left_out = {"tun0", "wg0"};
    CHECK_THAT(text(), Catch::Contains("DNS to any"));
    CHECK_THAT(text(), Catch::Contains("NTP until the clock is set"));
    CHECK_THAT(text(), Catch::Contains("left out  tun0 wg0 (tunnel devices that are not in interfaces)"));
}

TEST_CASE("show says when another line decides now", "[show]")
{
    ::setenv("TZ", "UTC", 1);
    ShowReport show{{flow_with("192.0.2.80")},
                    LineReport{"192.0.2.0/24", "private-or-clear", "/etc/oekd/policies/private-or-clear", 3}};
    CHECK(format_show(show, now, {}) ==
          "192.0.2.7 - 192.0.2.80\n"
          "  protection  anonymous: encrypted, the peer has proven nothing\n"
          "  state       keyed since 2026-11-21 18:26:00 (4m ago)\n"
          "  why         AUTH-NULL\n"
          "  group       private-or-clear: 192.0.2.0/24 in /etc/oekd/policies/private-or-clear:3\n");
    show.line->group = "clear";
    show.line->file = "/etc/oekd/policies/clear";
    CHECK_THAT(format_show(show, now, {}),
               Catch::Contains("  group       private-or-clear in /etc/oekd/policies/private-or-clear:3\n"
                               "  now         clear: 192.0.2.0/24 in /etc/oekd/policies/clear:3\n"));
    show.line.reset();
    CHECK_THAT(format_show(show, now, {}), Catch::Contains("  now         no line\n"));
}

TEST_CASE("an answer of a strange daemon is a failure, not a crash", "[report]")
{
    using Json = nlohmann::json;
    for (auto const& reply :
         {Json::array(), Json::array({1}), Json::array({Json::array({1})}), Json(),
          Json::array({Json::array({{{"Since", "yesterday"}}}), Json::object()}),
          Json::array({Json::array({{{"History", Json::array({Json::array()})}}}), Json::object()})}) {
        INFO(reply.dump());
        CHECK(!decode_show(reply));
        CHECK(!decode_decision(reply));
        CHECK(!decode_reload(reply));
        CHECK(!decode_why(reply));
    }
    CHECK(!decode_status(Json::array({{{"Version", 1}}})));
    CHECK(!decode_flows(Json::array({{{"Version", 1}}})));
    for (auto const& samples : {Json(1), Json::array({1}), Json::array({Json::array({"labels", 1})}),
                                Json::array({Json::array({{{"from", 1}}, 1})})}) {
        INFO(samples.dump());
        CHECK(!decode_metrics(Json::array({Json::array({{{"Name", "oekd_flows"}, {"Samples", samples}}})})));
    }
    auto const sparse = decode_flows(Json::array({Json::array({Json::object()})}));
    REQUIRE(sparse);
    CHECK(sparse->at(0).remote.empty());
    auto const late =
        decode_flows(Json::array({Json::array({{{"Since", std::numeric_limits<uint64_t>::max()}}})}));
    REQUIRE(late);
    CHECK(rfc3339(late->at(0).since) == "2262-04-11T23:47:16Z");
}
