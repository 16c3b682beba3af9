// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/failure.h"
#include "tests/cli/serving_daemon.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <regex>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

using namespace oekd;
using Json = nlohmann::json;

namespace {

/// Ages depend on when the test runs.
std::string without_ages(std::string const& text)
{
    return std::regex_replace(text, std::regex("[0-9]+[smhd] *(?= |$)"), "AGE ");
}

} // namespace

TEST_CASE("list is a table of all flows", "[oekctl]")
{
    auto const result = ServingDaemon().oekctl({"list"});
    CHECK(result.error.empty());
    REQUIRE(result.status == 0);
    auto const text = without_ages(result.out);
    CHECK_THAT(text, Catch::StartsWith("REMOTE                LOCAL        PROTECTION  SINCE"));
    std::vector<std::string> remotes;
    std::regex const first_word("\n([^ \n]+)");
    for (std::sregex_iterator match(text.begin(), text.end(), first_word), end; match != end; ++match)
        remotes.push_back((*match)[1]);
    CHECK(remotes == std::vector<std::string>{"192.0.2.80", "198.51.100.4", "2001:db8:1:2:3:4:5:6"});
    CHECK_THAT(text, Catch::Contains("1.2M/310k"));
    CHECK_THAT(text, Catch::Contains("refused by the peer: \\x1b[2J\\xff"));
    CHECK(text.find('\x1b') == std::string::npos); // no colour into a pipe, and nothing of the peer's
}

TEST_CASE("list filters by remote, state, protection and group", "[oekctl]")
{
    ServingDaemon const daemon;
    struct Row {
        std::vector<std::string> filter;
        std::vector<std::string> remotes;
    };
    for (auto const& row : {
             Row{{"192.0.2.80"}, {"192.0.2.80"}},
             Row{{"192.0.2.0/24"}, {"192.0.2.80"}},
             Row{{"2001:db8::/32"}, {"2001:db8:1:2:3:4:5:6"}},
             Row{{"203.0.113.0/24"}, {}},
             Row{{"--state", "clear"}, {"2001:db8:1:2:3:4:5:6"}},
             Row{{"--protection", "blocked"}, {"198.51.100.4"}},
             Row{{"--group", "private-or-clear"}, {"192.0.2.80", "2001:db8:1:2:3:4:5:6"}},
             Row{{"--group", "private-or-clear", "--protection", "anonymous", "192.0.2.0/24"},
                 {"192.0.2.80"}},
             Row{{"--group", "private", "--protection", "anonymous"}, {}},
         }) {
        auto arguments = row.filter;
        arguments.insert(arguments.begin(), {"list", "--json"});
        auto const result = daemon.oekctl(arguments);
        INFO(result.error);
        REQUIRE(result.status == 0);
        std::vector<std::string> remotes;
        auto const output = Json::parse(result.out);
        for (auto const& flow : output.at("flows"))
            remotes.push_back(flow.at("remote"));
        CHECK(remotes == row.remotes);
    }
}

TEST_CASE("status and show are for people", "[oekctl]")
{
    ServingDaemon const daemon;
    auto const status = daemon.oekctl({"status"});
    REQUIRE(status.status == 0);
    CHECK_THAT(status.out, Catch::Contains("opportunistic encryption is on"));
    CHECK_THAT(status.out, Catch::Contains("1 encrypted (0 authenticated, 1 anonymous)"));
    CHECK_THAT(status.out, Catch::Contains("private-or-clear 192.0.2.0/24"));
    CHECK_THAT(status.out, Catch::Contains("1 resolved") && Catch::Contains("1 not\n"));
    CHECK_THAT(status.out, Catch::Contains("exempt    DNS to 192.0.2.53"));
    CHECK_THAT(status.out, Catch::Contains("left out  wg0 "));
    CHECK_THAT(status.out, Catch::Contains("warning   /etc/oekd/policies/clear:2: "));

    auto const show = daemon.oekctl({"show", "192.0.2.80"});
    REQUIRE(show.status == 0);
    CHECK_THAT(show.out, Catch::StartsWith("192.0.2.7 - 192.0.2.80\n"));
    CHECK_THAT(show.out, Catch::Contains("anonymous: encrypted, the peer has proven nothing"));
    CHECK_THAT(show.out, Catch::Contains("keyed since 2026-11-21 18:30:05"));
    CHECK_THAT(show.out, Catch::Contains("SPI in 0xc0000001 out 0x0a0b0c0d"));
    CHECK_THAT(show.out, Catch::Contains("2026-11-21 18:30:00  expired -> clear: no answer on UDP 500"));
}

TEST_CASE("a daemon without lines does not claim to encrypt", "[oekctl]")
{
    ServingDaemon const daemon({"empty"});
    auto const status = daemon.oekctl({"status"});
    REQUIRE(status.status == 0);
    CHECK_THAT(status.out, Catch::Contains("nothing is encrypted; see oekd-policies(5)"));
    CHECK_THAT(status.out, !Catch::Contains(" on"));
    CHECK(daemon.oekctl({"list"}).out == "no flows\n");
    CHECK(Json::parse(daemon.oekctl({"list", "--json"}).out) == Json{{"flows", Json::array()}});
}

TEST_CASE("--json has the keys of the manual", "[oekctl]")
{
    ServingDaemon const daemon;
    auto const status = Json::parse(daemon.oekctl({"status", "--json"}).out);
    CHECK(status.at("version") == "0.1.0");
    CHECK(status.at("strongswan") == "6.1.0");
    CHECK(status.at("started") == "2026-11-21T18:30:00Z");
    CHECK(status.at("flows") == Json{{"encrypted", 1},
                                     {"authenticated", 0},
                                     {"clear", 1},
                                     {"blocked", 1},
                                     {"deciding", 0},
                                     {"limit", 65'536}});
    CHECK(status.at("lines") == Json::array({{{"network", "192.0.2.0/24"},
                                              {"service", nullptr},
                                              {"group", "private-or-clear"},
                                              {"file", "/etc/oekd/policies/private-or-clear"},
                                              {"line", 3}}}));
    CHECK(status.at("warnings").size() == 1);
    CHECK(status.at("names") == Json::array({{{"name", "www.example.net"},
                                              {"service", nullptr},
                                              {"group", "private"},
                                              {"file", "/etc/oekd/policies/private"},
                                              {"line", 7},
                                              {"addresses", {"192.0.2.80", "2001:db8::80"}},
                                              {"signed_addresses", {"192.0.2.80"}},
                                              {"problem", nullptr}},
                                             {{"name", "gone.example.net"},
                                              {"service", nullptr},
                                              {"group", "block"},
                                              {"file", "/etc/oekd/policies/block"},
                                              {"line", 1},
                                              {"addresses", Json::array()},
                                              {"signed_addresses", Json::array()},
                                              {"problem", "no \\xff name"}}}));
    CHECK(status.at("key") == "Ed25519 abc");
    CHECK(status.at("published") == Json::array({{{"address", "192.0.2.7"}, {"state", "dnssec"}}}));
    CHECK(status.at("exempt") ==
          Json{{"own_addresses", {"192.0.2.7"}},
               {"dns", "servers"},
               {"dns_servers", {"192.0.2.53"}},
               {"ntp", "any"},
               {"tunnels_left_out", {"wg0"}},
               {"always", {"IKE", "DHCP", "loopback", "link-local", "multicast", "neighbour discovery"}}});

    auto const list = Json::parse(daemon.oekctl({"list", "--json"}).out).at("flows");
    CHECK(list.at(2) == Json{{"remote", "2001:db8:1:2:3:4:5:6"},
                             {"local", "2001:db8::7"},
                             {"service", nullptr},
                             {"protection", "clear"},
                             {"state", "clear"},
                             {"group", "private-or-clear"},
                             {"file", "/etc/oekd/policies/private-or-clear"},
                             {"line", 4},
                             {"since", "2026-11-21T18:31:00Z"},
                             {"why", "no answer on UDP 500"},
                             {"next_try_seconds", 10},
                             {"clear_until", nullptr},
                             {"reqid", 0},
                             {"bytes_in", 0},
                             {"bytes_out", 0},
                             {"packets_in", 0},
                             {"packets_out", 0}});

    auto const show = Json::parse(daemon.oekctl({"--json", "192.0.2.80"}).out, nullptr, false);
    CHECK(show.is_discarded()); // --json belongs to a verb

    auto const flow = Json::parse(daemon.oekctl({"show", "--json", "192.0.2.80"}).out);
    CHECK(flow.at("line").at("line") == 3);
    auto const& details = flow.at("flows").at(0);
    CHECK(details.at("clear_until") == "2026-11-21T18:30:05Z");
    CHECK(details.at("next_try_seconds").is_null());
    CHECK(details.at("sas") ==
          Json::array({{{"ike_sa", 7},
                        {"mode", "transport"},
                        {"protection", "anonymous"},
                        {"started_by", "peer"},
                        {"spi_in", "0xc0000001"},
                        {"spi_out", "0x0a0b0c0d"},
                        {"ike_proposal", "AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE_25519/KE1_ML_KEM_768"},
                        {"esp_proposal", "AES_GCM_16_256/ESN"}}}));
    CHECK(details.at("history").at(1) ==
          Json{{"when", "2026-11-21T18:30:05Z"}, {"text", "clear -> keyed: AUTH-NULL, by the peer"}});
}

TEST_CASE("reload tells what is in force and what is not", "[oekctl]")
{
    ServingDaemon const daemon;
    auto const result = daemon.oekctl({"reload"});
    CHECK(result.status == 0);
    CHECK(result.out ==
          "reloaded: 1 line is in force\n"
          "  warning   /etc/oekd/policies/clear:2: \"10.0.0.0/33\": the length is over 32; this "
          "line is skipped\n");
    auto const json = Json::parse(daemon.oekctl({"reload", "--json"}).out);
    CHECK(json.at("lines") == 1);
    CHECK(json.at("warnings").size() == 1);
}

TEST_CASE("a reload that is not possible says that the old policy is in force", "[oekctl]")
{
    auto const result = ServingDaemon({"broken"}).oekctl({"reload", "--json"});
    CHECK(result.status == code(cli::ExitStatus::Failure));
    CHECK(result.out.empty());
    CHECK(result.error ==
          "oekctl: /etc/oekd/policies: No such file or directory; the old policy stays in force\n");
}

TEST_CASE("why names the line that decides and what would happen", "[oekctl]")
{
    ServingDaemon const daemon;
    auto const unknown = daemon.oekctl({"why", "192.0.2.99"});
    CHECK(unknown.status == 0);
    CHECK(unknown.out ==
          "192.0.2.99\n"
          "  decides  private-or-clear: 192.0.2.0/24 in /etc/oekd/policies/private-or-clear:3\n"
          "  but      private: 192.0.2.0/24 tcp 0 22 in /etc/oekd/policies/private:2\n"
          "  not      clear: 0.0.0.0/0 in /etc/oekd/policies/clear:1\n"
          "  exempt   DHCP, NTP\n"
          "  so       First this.\n"
          "           Then that.\n");
    auto const known = daemon.oekctl({"why", "192.0.2.80", "--local", "192.0.2.7"});
    CHECK_THAT(known.out, Catch::Contains("\n\n192.0.2.7 - 192.0.2.80\n  protection  anonymous"));
    CHECK_THAT(known.out, Catch::Contains("clear -> keyed: AUTH-NULL, by the peer"));

    auto const ssh = Json::parse(
        daemon.oekctl({"why", "--json", "192.0.2.80", "--proto", "tcp", "--remote-port", "22"}).out);
    CHECK(ssh.at("forecast") == Json::array({"about tcp 0 22"}));
    CHECK(ssh.at("line").at("line") == 3);
    CHECK(ssh.at("exceptions").at(0).at("service") == "tcp 0 22");
    CHECK(ssh.at("overruled").at(0).at("group") == "clear");
    CHECK(ssh.at("exemptions") == Json::array({"DHCP", "NTP"}));
    CHECK(ssh.at("flows").at(0).at("history").size() == 2);
}

TEST_CASE("why tells where nobody asked for anything", "[oekctl]")
{
    auto const why = ServingDaemon({"empty"}).oekctl({"why", "192.0.2.99"});
    CHECK(why.out == "192.0.2.99\n  decides  no line\n");
    CHECK(Json::parse(ServingDaemon({"empty"}).oekctl({"why", "192.0.2.99", "--json"}).out)
              .at("line")
              .is_null());
}

TEST_CASE("metrics is OpenMetrics text", "[oekctl]")
{
    ServingDaemon const daemon;
    auto const result = daemon.oekctl({"metrics"});
    CHECK(result.status == 0);
    CHECK(result.out == R"(# TYPE oekd_decisions counter
# HELP oekd_decisions Changes of a flow's state
oekd_decisions_total{from="pending",to="keyed"} 7
oekd_decisions_total{from="pending",to="a\"b\\c"} 1
# TYPE oekd_uptime_seconds gauge
# HELP oekd_uptime_seconds Seconds since the start
oekd_uptime_seconds 260
# EOF
)");
    auto const json = Json::parse(daemon.oekctl({"metrics", "--json"}).out).at("metrics");
    CHECK(json.at(1) == Json{{"name", "oekd_uptime_seconds"},
                             {"type", "gauge"},
                             {"help", "Seconds since the start"},
                             {"samples", Json::array({{{"labels", Json::object()}, {"value", 260}}})}});
}

TEST_CASE("a failure is one line and an exit status", "[oekctl]")
{
    ServingDaemon const daemon;
    SECTION("no such flow")
    {
        auto const result = daemon.oekctl({"show", "192.0.2.99"});
        CHECK(result.status == code(cli::ExitStatus::Failure));
        CHECK(result.error ==
              "oekctl: no flow with 192.0.2.99; /etc/oekd/policies/private-or-clear:3 decides about it: "
              "192.0.2.0/24 is private-or-clear\n");
    }
    SECTION("no daemon")
    {
        auto const result =
            run_program(required_environment("OEKCTL"), {"--socket", daemon.socket() + "x", "status"});
        CHECK(result.status == code(cli::ExitStatus::NoDaemon));
        CHECK(result.error == "oekctl: oekd does not run (no socket at " + daemon.socket() +
                                  "x): start it with 'systemctl start oekd'\n");
    }
    SECTION("a socket that nobody serves")
    {
        TemporaryDirectory const directory;
        auto const path = (directory.path() / "stale").native();
        Fd const stale(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        std::ranges::copy(path, address.sun_path);
        REQUIRE(::bind(stale.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0);
        auto const result = run_program(required_environment("OEKCTL"), {"--socket", path, "status"});
        CHECK(result.status == code(cli::ExitStatus::NoDaemon));
        CHECK(result.error == "oekctl: oekd does not run (nobody listens at " + path +
                                  "): start it with 'systemctl start oekd'\n");
    }
    SECTION("no permission")
    {
        REQUIRE(::chmod(daemon.socket().c_str(), 0) == 0);
        auto const result = daemon.oekctl({"status"}, Rights::Nobodys);
        CHECK(result.status == code(cli::ExitStatus::NoPermission));
        CHECK(result.error ==
              "oekctl: no permission to use " + daemon.socket() + ": run as root or join group oekd\n");
    }
    CHECK(daemon.oekctl({"status"}).out.empty() ==
          (::geteuid() != 0)); // whatever was asked, the daemon lives
}

TEST_CASE("a command line that makes no sense is told, and the daemon is not asked", "[oekctl]")
{
    struct Row {
        std::string_view why;
        std::vector<std::string> arguments;
        std::string complaint;
    };
    for (auto const& row : {
             Row{"no verb",
                 {},
                 "A verb (status, list, show, why, monitor, policy, metrics, reload, key, publish) is "
                 "required"},
             Row{"unknown verb", {"lits"}, "lits"},
             Row{"unknown option", {"status", "--jsn"}, "--jsn"},
             Row{"no address", {"show"}, "ADDRESS is required"},
             Row{"a name", {"show", "east.example"}, "\"east.example\""},
             Row{"a prefix where one address is meant", {"show", "192.0.2.0/24"}, "\"192.0.2.0/24\""},
             Row{"bits beyond the prefix", {"list", "192.0.2.1/24"}, "\"192.0.2.1/24\""},
             Row{"unknown state",
                 {"list", "--state", "secure"},
                 "expected one of asking, pending, keyed, clear, deny"},
             Row{"unknown protection",
                 {"list", "--protection", "good"},
                 "expected one of clear, anonymous, dns, dnssec, blocked"},
             Row{"unknown group", {"list", "--group", "privat"}, "expected one of clear, clear-or-private,"},
             Row{"a name where an address is meant", {"why", "east.example"}, "\"east.example\""},
             Row{"ports of no protocol",
                 {"why", "192.0.2.1", "--remote-port", "22"},
                 "--remote-port requires"},
             Row{"ports of a protocol without",
                 {"why", "192.0.2.1", "--proto", "gre", "--remote-port", "22"},
                 "has no ports"},
             Row{"no port", {"why", "192.0.2.1", "--proto", "tcp", "--local-port", "99999"}, "65535"},
             Row{"no protocol", {"why", "192.0.2.1", "--proto", "ssh"}, "\"ssh\""},
             Row{"two addresses", {"show", "192.0.2.1", "192.0.2.2"}, "192.0.2.2"},
             Row{"a path that no socket has",
                 {"--socket", std::string(200, 'x'), "status"},
                 "1 to 107 bytes"},
         }) {
        INFO(row.why);
        auto const result = run_program(required_environment("OEKCTL"), row.arguments);
        CHECK(result.status == code(cli::ExitStatus::Usage));
        CHECK(result.out.empty());
        CHECK_THAT(result.error, Catch::Contains(row.complaint));
    }
}

TEST_CASE("--version and --help succeed", "[oekctl]")
{
    auto const version = run_program(required_environment("OEKCTL"), {"--version"});
    CHECK(version.status == 0);
    CHECK_THAT(version.out, Catch::StartsWith("oekctl 0."));
    auto const help = run_program(required_environment("OEKCTL"), {"--help"});
    CHECK(help.status == 0);
    CHECK_THAT(help.out, Catch::Contains("oekctl list --protection clear"));
}
