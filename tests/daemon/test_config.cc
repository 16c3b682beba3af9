// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/nearest_name.h"
#include "daemon/config.h"
#include "daemon/duration.h"
#include "tests/daemon/temporary_directory.h"

#include <array>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <regex>

using namespace oekd;
using namespace std::chrono_literals;

namespace {

/// What load_config() says about a file with this text, without the directory.
std::string complaint_about(std::string_view text)
{
    TemporaryDirectory const directory;
    auto const config = load_config(directory.write("oekd.conf", text), ConfigFile::Required);
    if (config)
        return "";
    CHECK(config.error().code == ErrorCode::Configuration);
    auto const start = directory.path().native() + "/";
    auto const& message = config.error().message;
    REQUIRE(message.starts_with(start));
    return message.substr(start.size());
}

/// Compares what a file can say; ports and times that nobody set are part of it.
void check_same(Config const& one, Config const& other)
{
    CHECK(one.policies == other.policies);
    CHECK(one.control == other.control);
    CHECK(one.max_flows == other.max_flows);
    CHECK(one.dns.trust_anchor == other.dns.trust_anchor);
    CHECK(one.dns.shortest_ttl == other.dns.shortest_ttl);
    CHECK(one.surroundings.interfaces == other.surroundings.interfaces);
    CHECK(one.surroundings.resolv_conf == other.surroundings.resolv_conf);
    CHECK(one.surroundings.resolved_conf == other.surroundings.resolved_conf);
    CHECK(one.timing.hold_silence == other.timing.hold_silence);
    CHECK(one.timing.hold_capable == other.timing.hold_capable);
    CHECK(one.timing.hold_limit == other.timing.hold_limit);
    CHECK(one.timing.shunt_again == other.timing.shunt_again);
    CHECK(one.timing.shunt_short == other.timing.shunt_short);
    CHECK(one.timing.shunt_short_max == other.timing.shunt_short_max);
    CHECK(one.timing.shunt_normal == other.timing.shunt_normal);
    CHECK(one.groups == other.groups);
    CHECK(one.key == other.key);
    CHECK(one.ike.own_name == other.ike.own_name);
    CHECK(one.probe == other.probe);
    CHECK(one.event_buffer == other.event_buffer);
    CHECK(one.ike.mode == other.ike.mode);
    CHECK(one.ike.port == other.ike.port);
    CHECK(one.ike.nat_port == other.ike.nat_port);
    CHECK(one.ike.retransmit_first == other.ike.retransmit_first);
    CHECK(one.ike.retransmissions == other.ike.retransmissions);
    CHECK(one.ike.deadline == other.ike.deadline);
    CHECK(one.ike.rekey_child == other.ike.rekey_child);
    CHECK(one.ike.rekey_ike == other.ike.rekey_ike);
    CHECK(one.ike.log_level == other.ike.log_level);
    CHECK(one.ike.max_negotiations == other.ike.max_negotiations);
    CHECK(one.ike.max_sas == other.ike.max_sas);
    CHECK(one.ike.max_sas_per_address == other.ike.max_sas_per_address);
}

std::string text_of(std::filesystem::path const& file)
{
    std::ifstream stream(file, std::ios::binary);
    REQUIRE(stream);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// The packaged example with the # before each key taken away.
std::string uncommented(std::string_view text)
{
    std::string result;
    while (!text.empty()) {
        auto const end = text.find('\n');
        auto line = text.substr(0, end);
        // Prose has a blank behind its #.
        if (line.starts_with('#') && line.size() > 1 && line[1] != ' ' && line[1] != '#')
            line.remove_prefix(1);
        result += fmt::format("{}\n", line);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return result;
}

/// Each "key = value" of the text stands in oekd.conf(5), and the manual has no other keys.
void check_manual(std::string const& all_keys)
{
    auto const manual = text_of(std::filesystem::path(std::getenv("OEKD_SOURCE")) / "man/oekd.conf.5");
    std::regex const setting("^([a-z-]+) = (.*)$", std::regex::multiline);
    std::regex const item("\\.It Cm");
    ptrdiff_t settings = 0;
    for (std::sregex_iterator match(all_keys.begin(), all_keys.end(), setting), end; match != end; ++match) {
        auto const value = std::regex_replace((*match)[2].str(), std::regex("\""), "\\(dq");
        auto const entry = fmt::format("\n.It Cm {} No = Ar {}\n", (*match)[1].str(), value);
        INFO(entry);
        CHECK(manual.find(entry) != std::string::npos);
        ++settings;
    }
    CHECK(settings == 48);
    CHECK(std::distance(std::sregex_iterator(manual.begin(), manual.end(), item), {}) == settings);
}

} // namespace

TEST_CASE("an empty file gives the defaults", "[config]")
{
    TemporaryDirectory const directory;
    auto const config = load_config(directory.write("oekd.conf", "# nothing\n"), ConfigFile::Required);
    REQUIRE(config);
    check_same(*config, Config{});
}

TEST_CASE("a missing file is fine unless somebody named it", "[config]")
{
    TemporaryDirectory const directory;
    auto const file = directory.path() / "oekd.conf";
    auto const optional = load_config(file, ConfigFile::Optional);
    REQUIRE(optional);
    check_same(*optional, Config{});

    auto const required = load_config(file, ConfigFile::Required);
    REQUIRE(!required);
    CHECK(required.error().code == ErrorCode::Configuration);
    CHECK(required.error().message == file.native() + ": No such file or directory");
}

TEST_CASE("every key arrives where it belongs", "[config]")
{
    TemporaryDirectory const directory;
    auto const config = load_config(directory.write("oekd.conf", R"(
policies = "/srv/policies"
control = "/srv/control"
interfaces = ["wg0", "tun*"]
hold.silence = "150ms"
hold.capable = "2s"
hold.limit = "4s"
group.private.negotiation = "drop"
group.private.auth = ["dnssec"]
group.clear-or-private.auth = ["null"]

[identity]
key = "/srv/key"
name = "gw.example.net"

[dns]
resolv-conf = "/srv/resolv.conf"
resolved-conf = "/srv/resolved.conf"
trust-anchor = "/srv/anchor"
deadline = "700ms"
ttl-min = "1min"

[shunt]
again = "3s"
short = "30s"
short-max = "2h"
normal = "10min"

[ike]
mode = "tunnel"
port = 1500
nat-port = 1501
retransmit = "250ms"
retransmissions = 3
deadline = "8s"
rekey-child = "30min"
rekey-ike = "2h"
log-level = -1

[probe]
total-burst = 21
total-every = "22ms"
prefix-burst = 23
prefix-every = "24ms"
answers-burst = 25
answers-every = "26ms"
answers-prefix-burst = 27
answers-prefix-every = "28ms"
silences = 29
amplification = 3

[group.private-or-clear]
negotiation = "pass"
failure = "drop"
auth = ["dns", "dnssec"]
promise-broken = "deny"

[limits]
kernel-events = 100000
flows = 10
negotiations = 11
sas = 12
sas-per-address = 13
)"),
                                    ConfigFile::Required);
    REQUIRE(config);
    Config expected;
    expected.policies = "/srv/policies";
    expected.control = "/srv/control";
    expected.key = "/srv/key";
    expected.ike.own_name = "gw.example.net";
    expected.dns = {"/srv/anchor", 60s, 700ms};
    expected.surroundings = {{"wg0", "tun*"}, "/srv/resolv.conf", "/srv/resolved.conf"};
    expected.groups.clear_or_private.judgement.accepted = {Protection::Anonymous};
    expected.groups.private_or_clear = {{Conduct::Negotiation::Pass, Conduct::Failure::Drop},
                                        {{Protection::Dnssec, Protection::Dns}, PromiseBroken::Deny}};
    expected.groups.private_.judgement.accepted = {Protection::Dnssec};
    expected.groups.private_.conduct.negotiation = Conduct::Negotiation::Drop;
    expected.event_buffer = 100'000;
    expected.timing = {150ms, 2s, 4s, 3s, 30s, 2h, 10min};
    expected.probe = {.total = {21, 22ms},
                      .prefix = {23, 24ms},
                      .answers = {25, 26ms},
                      .answers_prefix = {27, 28ms},
                      .silences = 29,
                      .amplification = 3};
    expected.ike.mode = EspMode::Tunnel;
    expected.ike.port = 1500;
    expected.ike.nat_port = 1501;
    expected.ike.retransmit_first = 250ms;
    expected.ike.retransmissions = 3;
    expected.ike.deadline = 8s;
    expected.ike.rekey_child = 30min;
    expected.ike.rekey_ike = 2h;
    expected.ike.log_level = -1;
    expected.max_flows = 10;
    expected.ike.max_negotiations = 11;
    expected.ike.max_sas = 12;
    expected.ike.max_sas_per_address = 13;
    check_same(*config, expected);
}

TEST_CASE("a mistake is told with file, line and what is expected", "[config]")
{
    struct Row {
        std::string_view why;
        std::string_view text;
        std::string_view message;
    };
    auto const row = GENERATE(
        Row{"unknown key, one letter wrong", "[hold]\nsilense = \"1s\"\n",
            "oekd.conf:2: unknown key \"hold.silense\"; did you mean hold.silence?"},
        Row{"key without its section", "retransmit = \"1s\"\n",
            "oekd.conf:1: unknown key \"retransmit\"; did you mean ike.retransmit?"},
        Row{"key in another section", "[ike]\nsilence = \"1s\"\n",
            "oekd.conf:2: unknown key \"ike.silence\"; did you mean hold.silence?"},
        Row{"unknown section", "[limit]\nflows = 1\n",
            "oekd.conf:1: unknown key \"limit\"; did you mean limits?"},
        Row{"nothing like it", "colour = 1\n", "oekd.conf:1: unknown key \"colour\"; oekd.conf(5) lists all"},
        Row{"a key that fools terminals", "\"\\u001b[2J\" = 1\n",
            "oekd.conf:1: unknown key \"\\x1b[2J\"; oekd.conf(5) lists all"},
        Row{"number instead of duration", "[hold]\nsilence = 200\n",
            "oekd.conf:2: hold.silence is 200, expected a duration from \"10ms\" to \"10s\""},
        Row{"duration without unit", "[hold]\nsilence = \"200\"\n",
            "oekd.conf:2: hold.silence is \"200\", expected a duration from \"10ms\" to \"10s\""},
        Row{"too short", "[hold]\nsilence = \"9ms\"\n",
            "oekd.conf:2: hold.silence is \"9ms\", expected a duration from \"10ms\" to \"10s\""},
        Row{"too long", "[hold]\nlimit = \"61s\"\n",
            "oekd.conf:2: hold.limit is \"61s\", expected a duration from \"10ms\" to \"1min\""},
        Row{"parts of a second where seconds count", "[ike]\nrekey-child = \"90500ms\"\n",
            "oekd.conf:2: ike.rekey-child is \"90500ms\", expected a duration in whole seconds from \"10s\" "
            "to \"24h\""},
        Row{"text instead of number", "[ike]\nport = \"500\"\n",
            "oekd.conf:2: ike.port is \"500\", expected a number from 1 to 65535"},
        Row{"number out of range", "[ike]\nport = 65536\n",
            "oekd.conf:2: ike.port is 65536, expected a number from 1 to 65535"},
        Row{"negative number", "[limits]\nflows = -1\n",
            "oekd.conf:2: limits.flows is -1, expected a number from 1 to 1000000"},
        Row{"fraction", "[limits]\nflows = 1.5\n",
            "oekd.conf:2: limits.flows is a number with a fraction, expected a number from 1 to 1000000"},
        Row{"log level that would show keys", "[ike]\nlog-level = 4\n",
            "oekd.conf:2: ike.log-level is 4, expected a number from -1 to 3"},
        Row{"truth value", "policies = true\n",
            "oekd.conf:1: policies is a truth value, expected an absolute path of at most 4095 bytes"},
        Row{"relative path", "policies = \"policies\"\n",
            "oekd.conf:1: policies is \"policies\", expected an absolute path of at most 4095 bytes"},
        Row{"path with a NUL", "policies = \"/etc/\\u0000x\"\n",
            "oekd.conf:1: policies is \"/etc/\\x00x\", expected an absolute path of at most 4095 bytes"},
        Row{"list", "[ike]\nmode = [\"tunnel\"]\n",
            "oekd.conf:2: ike.mode is a list, expected \"transport\" or \"tunnel\""},
        Row{"text instead of a list", "interfaces = \"wg0\"\n",
            "oekd.conf:1: interfaces is \"wg0\", expected a list of at most 64 strings of 1 to 63 bytes "
            "each"},
        Row{"something else in a list", "interfaces = [\"wg0\", 1]\n",
            "oekd.conf:1: interfaces is a list, expected a list of at most 64 strings of 1 to 63 bytes each"},
        Row{"an empty string in a list", "interfaces = [\"\"]\n",
            "oekd.conf:1: interfaces is a list, expected a list of at most 64 strings of 1 to 63 bytes each"},
        Row{"unknown mode", "[ike]\nmode = \"Tunnel\"\n",
            "oekd.conf:2: ike.mode is \"Tunnel\", expected \"transport\" or \"tunnel\""},
        Row{"section used as a key", "\nhold = \"1s\"\n",
            "oekd.conf:2: hold is \"1s\", expected a section [hold]"},
        Row{"key used as a section", "[policies]\n",
            "oekd.conf:1: policies is a section, expected an absolute path of at most 4095 bytes"},
        Row{"section twice as a list", "[[hold]]\nsilence = \"1s\"\n",
            "oekd.conf:1: hold is a list, expected a section [hold]"},
        Row{"the first of two mistakes, whatever the names", "zebra = 1\nalpha = 2\n",
            "oekd.conf:1: unknown key \"zebra\"; oekd.conf(5) lists all"},
        Row{"silence longer than the limit", "[hold]\nsilence = \"6s\"\n",
            "oekd.conf:2: hold.silence is 6s, longer than hold.limit, which is 5s"},
        Row{"limit shorter than the silence", "[hold]\nlimit = \"100ms\"\n",
            "oekd.conf:2: hold.silence is 200ms, longer than hold.limit, which is 100ms"},
        Row{"shunts that cannot double", "[shunt]\nshort = \"2h\"\nshort-max = \"1h\"\n",
            "oekd.conf:2: shunt.short is 2h, longer than shunt.short-max, which is 1h"},
        Row{"a second datagram too late", "[ike]\nretransmit = \"2s\"\ndeadline = \"1s\"\n",
            "oekd.conf:2: ike.retransmit is 2s, longer than ike.deadline, which is 1s"},
        Row{"one port for two", "[ike]\nport = 4500\n",
            "oekd.conf:2: ike.port and ike.nat-port are both 4500, expected two ports"});
    INFO(row.why);
    CHECK(complaint_about(row.text) == row.message);
}

TEST_CASE("TOML that does not parse is told with line and column", "[config]")
{
    struct Row {
        std::string_view why;
        std::string_view text;
        std::string_view place;
    };
    auto const row =
        GENERATE(Row{"no value", "[ike]\nport =\n", "oekd.conf:2:"},
                 Row{"the same key twice", "control = \"/a\"\ncontrol = \"/b\"\n", "oekd.conf:2:"},
                 Row{"not UTF-8", "control = \"\xff\xff\"\n", "oekd.conf:1:"},
                 Row{"no end of text", "control = \"/a\n", "oekd.conf:1:"},
                 Row{"a group file by mistake", "192.0.2.0/24\n", "oekd.conf:1:"});
    INFO(row.why);
    auto const complaint = complaint_about(row.text);
    INFO(complaint);
    CHECK(complaint.starts_with(row.place));
    auto const column = complaint.substr(row.place.size());
    auto const digits = column.find_first_not_of("0123456789");
    CHECK(digits > 0);
    CHECK(column.substr(digits).starts_with(": "));
    CHECK(complaint.find('\n') == std::string::npos);
}

TEST_CASE("a path that is no file is told", "[config]")
{
    TemporaryDirectory const directory;
    auto const config = load_config(directory.path(), ConfigFile::Optional);
    REQUIRE(!config);
    CHECK(config.error().code == ErrorCode::Configuration);
    CHECK(config.error().message == directory.path().native() + ": is a directory, expected a file");

    auto const large =
        load_config(directory.write("large", std::string(1024 * 1024 + 1, '#')), ConfigFile::Optional);
    REQUIRE(!large);
    CHECK(large.error().message == directory.path().native() + "/large: is larger than 1048576 bytes");

    CHECK(load_config("/dev/null", ConfigFile::Required));
}

TEST_CASE("the packaged example says what the defaults are", "[config]")
{
    auto const* const source = std::getenv("OEKD_SOURCE");
    REQUIRE(source);
    auto const text = text_of(std::filesystem::path(source) / "packaging/oekd.conf");
    TemporaryDirectory const directory;

    auto const as_installed = load_config(directory.write("installed", text), ConfigFile::Required);
    REQUIRE(as_installed);
    check_same(*as_installed, Config{});

    auto const all_keys = uncommented(text);
    auto const with_all_keys = load_config(directory.write("all", all_keys), ConfigFile::Required);
    if (!with_all_keys)
        FAIL(with_all_keys.error().message);
    check_same(*with_all_keys, Config{});
    check_manual(all_keys);
}

TEST_CASE("durations are a number and a unit", "[duration]")
{
    CHECK(parse_duration("200ms") == 200ms);
    CHECK(parse_duration("5s") == 5s);
    CHECK(parse_duration("15min") == 15min);
    CHECK(parse_duration("1h") == 1h);
    CHECK(parse_duration("0s") == 0s);
    CHECK(parse_duration("4294967295h") == 4294967295h);
    for (auto const* text :
         {"", "5", "s", "5 s", " 5s", "5s ", "-5s", "+5s", "5m", "5S", "1.5s", "4294967296s", "1h30min"}) {
        INFO(text);
        CHECK(!parse_duration(text));
    }
    for (auto const* text : {"200ms", "1500ms", "5s", "90s", "15min", "24h", "0ms"})
        CHECK(duration_text(parse_duration(text).value()) == text);
    CHECK(duration_text(3600s) == "1h");
}

TEST_CASE("a near name is suggested, a far one is not", "[nearest_name]")
{
    std::array<std::string_view, 3> const names{"private", "private-or-clear", "block"};
    CHECK(nearest_name("privat", names) == "private");
    CHECK(nearest_name("private_or_clear", names) == "private-or-clear");
    CHECK(nearest_name("blocked", names).empty()); // two letters of five
    CHECK(nearest_name("blokc", names).empty());
    CHECK(nearest_name("", names).empty());
    CHECK(nearest_name(std::string(100'000, 'x'), names).empty());
}
