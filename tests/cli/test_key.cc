// SPDX-License-Identifier: GPL-2.0-or-later
#include "keys/roll_over.h"
#include "tests/cli/program.h"
#include "tests/daemon/temporary_directory.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sysexits.h>

using namespace oekd;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

namespace {

constexpr int failure = 1;

/// A directory for keys, and oekctl that finds them there.
struct Place {
    TemporaryDirectory directory;
    std::string file = (directory.path() / "key.pem").native();

    Finished oekctl(Words words, Rights rights = Rights::Ours) const
    {
        words.insert(words.end(), {"--file", file});
        return run_program(required_environment("OEKCTL"), words, rights);
    }
    Finished key(Words words) const
    {
        words.insert(words.begin(), "key");
        return oekctl(words);
    }
    Finished publish(Words words) const
    {
        words.insert(words.begin(), "publish");
        return oekctl(words);
    }
    Json show() const { return Json::parse(key({"show", "--json"}).out); }
};

} // namespace

TEST_CASE("a key is made and shown, in words and as JSON", "[key]")
{
    struct Row {
        Words words;
        std::string type;
        std::string kind;
        std::string ipseckey; ///< begins with this
    };
    auto const row = GENERATE(values<Row>({
        {{}, "ed25519", "Ed25519", "10 0 4 . "},
        {{"--type", "ecdsa"}, "ecdsa", "ECDSA P-256", "10 0 3 . "},
        {{"--type", "ecdsa384"}, "ecdsa384", "ECDSA P-384", "10 0 3 . "},
        {{"--type", "rsa", "--bits", "2048"}, "rsa", "RSA 2048", "10 0 2 . AwEAA"},
        {{"--type", "rsa"}, "rsa", "RSA 3072", "10 0 2 . AwEAA"},
    }));
    INFO(row.kind);
    Place const place;
    auto words = row.words;
    words.insert(words.begin(), {"generate", "--json"});
    auto const made = place.key(words);
    REQUIRE(made.status == 0);
    auto const json = Json::parse(made.out);
    CHECK(json.at("type") == row.type);
    CHECK(json.at("kind") == row.kind);
    CHECK(json.at("file") == place.file);
    CHECK_THAT(json.at("ipseckey").get<std::string>(), Catch::StartsWith(row.ipseckey));
    CHECK(place.show().at("current") == json);
    CHECK(place.show().at("next").is_null());

    auto const shown = place.key({"show"});
    auto const fingerprint = json.at("fingerprint").get<std::string>();
    CHECK(fingerprint.size() == 43);
    CHECK_THAT(shown.out,
               Catch::StartsWith("current   " + row.kind + " " + fingerprint.substr(0, 12) + "\n"));
    CHECK_THAT(shown.out,
               Catch::Contains("\n          IPSECKEY " + json.at("ipseckey").get<std::string>() + "\n"));
}

TEST_CASE("what cannot be made is not made", "[key]")
{
    Place const place;
    struct Row {
        Words words;
        int status;
        std::string error;
    };
    auto const row = GENERATE(values<Row>({
        {{"--type", "dsa"}, EX_USAGE, "--type: expected one of ed25519, ecdsa, ecdsa384, rsa\n"},
        {{"--type", "rsa", "--bits", "1024"},
         EX_USAGE,
         "an RSA key of 1024 bits; it must have 2048 to 8192\n"},
        {{"--type", "ecdsa", "--bits", "256"}, EX_USAGE, "--bits: every ecdsa key has the same size\n"},
        {{"--bits", "2048"}, EX_USAGE, "--bits requires --type\n"},
    }));
    auto words = row.words;
    words.insert(words.begin(), "generate");
    auto const result = place.key(words);
    CHECK(result.status == row.status);
    CHECK_THAT(result.error, Catch::Contains(row.error));
    CHECK_FALSE(std::filesystem::exists(place.file));
}

TEST_CASE("a key is never overwritten", "[key]")
{
    Place const place;
    REQUIRE(place.key({"generate"}).status == 0);
    auto const before = place.show();
    auto const again = place.key({"generate", "--type", "ecdsa"});
    CHECK(again.status == failure);
    CHECK(again.error == "oekctl: " + place.file + ": there is a key already, and it is not overwritten\n");
    REQUIRE(place.key({"generate", "--next"}).status == 0);
    CHECK(place.key({"generate", "--next"}).status == failure);
    CHECK(place.show().at("current") == before.at("current"));
}

TEST_CASE("without a key it is said how to make one", "[key]")
{
    Place const place;
    auto const expected = "oekctl: " + place.file + ": there is no key yet: oekctl key generate\n";
    CHECK(place.key({"show"}).error == expected);
    CHECK(place.publish({"192.0.2.7"}).error == expected);
    CHECK(place.publish({"--check", "192.0.2.7"}).status == failure);
}

TEST_CASE("keys belong to root", "[key]")
{
    Place const place;
    REQUIRE(place.key({"generate"}).status == 0);
    SECTION("who may not read them is told so")
    {
        auto const result = place.oekctl({"publish", "192.0.2.7"}, Rights::Nobodys);
        if (::geteuid() == 0) {
            CHECK(result.status == EX_NOPERM);
            CHECK(result.error == "oekctl: " + place.file + ": Permission denied\n");
        }
    }
    SECTION("a key that others may read is not used")
    {
        REQUIRE(::chmod(place.file.c_str(), 0644) == 0);
        auto const result = place.publish({"192.0.2.7"});
        CHECK(result.status == EX_NOPERM);
        CHECK_THAT(result.error,
                   Catch::StartsWith("oekctl: " + place.file + ": has mode 0644, so that others"));
    }
}

TEST_CASE("the next key waits until it was seen for as long as old records live", "[key]")
{
    Place const place;
    CHECK_THAT(place.key({"activate"}).error,
               Catch::EndsWith("there is no next key: oekctl key generate --next\n"));
    REQUIRE(place.key({"generate"}).status == 0);
    REQUIRE(place.key({"generate", "--next"}).status == 0);
    auto const before = place.show();
    CHECK_THAT(place.key({"show"}).out, Catch::Contains("not seen in the DNS yet"));
    CHECK_THAT(place.key({"activate"}).error,
               Catch::StartsWith("oekctl: the current key stays: the next key was not seen in the DNS yet"));

    keys::KeyFiles const files{place.file};
    auto const next = keys::load_own_keys(files)->next->public_key();
    auto const an_hour_ago = std::chrono::system_clock::now() - std::chrono::hours(1);
    REQUIRE(keys::note_next_seen(files, next, {an_hour_ago, std::chrono::minutes(5)}));
    CHECK(place.show().at("next").at("seen_in_dns").is_string());
    auto const early = place.key({"activate"}); // a day, where nobody says what the old TTL was
    CHECK(early.status == failure);
    CHECK_THAT(early.error, Catch::Contains("peers may have records without it until"));
    CHECK(place.key({"activate", "--ttl", "4000"}).status == failure);
    CHECK(place.show().at("current") == before.at("current"));

    auto const done = place.key({"activate", "--ttl", "1800", "--json"});
    CHECK(done.status == 0);
    CHECK(Json::parse(done.out).at("fingerprint") == before.at("next").at("fingerprint"));
    CHECK(place.show().at("next").is_null());
    CHECK(std::filesystem::exists(files.old()));
}

TEST_CASE("who knows better does not wait", "[key]")
{
    Place const place;
    REQUIRE(place.key({"generate"}).status == 0);
    REQUIRE(place.key({"generate", "--next"}).status == 0);
    auto const next = place.show().at("next").at("fingerprint");
    CHECK(place.key({"activate", "--now"}).status == 0);
    CHECK(place.show().at("current").at("fingerprint") == next);
}

TEST_CASE("both keys are published", "[publish]")
{
    Place const place;
    REQUIRE(place.key({"generate"}).status == 0);
    REQUIRE(place.key({"generate", "--next", "--type", "ecdsa"}).status == 0);
    auto const keys = place.show();
    auto const data_of = [&](std::string const& role) {
        auto const text = keys.at(role).at("ipseckey").get<std::string>();
        return text.substr(text.find_last_of(' ') + 1);
    };
    auto const zone = place.publish({"192.0.2.7"});
    CHECK(zone.status == 0);
    CHECK_THAT(zone.out, Catch::StartsWith("; oekctl publish: the current key is Ed25519 "));
    CHECK_THAT(zone.out, Catch::EndsWith("\n7.2.0.192.in-addr.arpa. 3600 IN IPSECKEY 10 1 4 192.0.2.7 " +
                                         data_of("current") +
                                         "\n7.2.0.192.in-addr.arpa. 3600 IN IPSECKEY 10 1 3 192.0.2.7 " +
                                         data_of("next") + "\n"));
    auto const words = GENERATE(Words{"--json"}, Words{"--format", "json"});
    auto all = Words{"192.0.2.7", "--gateway", "gw.example.net.", "--precedence", "0", "--ttl", "60"};
    all.insert(all.end(), words.begin(), words.end());
    auto const json = Json::parse(place.publish(all).out);
    CHECK(json.at("ttl") == 60);
    CHECK(json.at("remarks").empty());
    REQUIRE(json.at("records").size() == 2);
    auto const& record = json.at("records").at(1);
    CHECK(record.at("name") == "7.2.0.192.in-addr.arpa");
    CHECK(record.at("precedence") == 0);
    CHECK(record.at("gateway") == "gw.example.net");
    CHECK(record.at("algorithm") == 3);
    CHECK(record.at("public_key") == data_of("next"));
    CHECK(record.at("data") == "0 3 3 gw.example.net. " + data_of("next"));
}

TEST_CASE("command lines of publish that make no sense", "[publish]")
{
    struct Row {
        Words words;
        std::string error;
    };
    auto const row = GENERATE(values<Row>({
        {{}, "RANGE is required"},
        {{"192.0.2.300"}, "RANGE: \"192.0.2.300\": not an IPv4 or IPv6 address"},
        {{"192.0.2.7/24"}, "bits are set after the prefix"},
        {{"192.0.2.7", "--gateway", "g w"},
         "--gateway: \"g w\": neither an address nor a host's name nor \"none\""},
        {{"192.0.2.7", "--precedence", "256"}, "--precedence"},
        {{"192.0.2.7", "--ttl", "0"}, "--ttl"},
        {{"192.0.2.7", "--zone", "a..b"}, "--zone: \"a..b\": not the name of a zone"},
        {{"192.0.2.7", "--send"}, "--send requires"},
        {{"192.0.2.7", "--send", "--check"}, "--send"},
        {{"192.0.2.7", "--check", "--format", "zone"}, "--format excludes --check"},
        {{"192.0.2.7", "--trust-anchor", "/dev/null"}, "--trust-anchor requires --check"},
    }));
    Place const place;
    REQUIRE(place.key({"generate"}).status == 0);
    auto const result = place.publish(row.words);
    CHECK(result.status == EX_USAGE);
    CHECK_THAT(result.error, Catch::Contains(row.error));
    CHECK(result.out.empty());
}

TEST_CASE("names and files that are not fit for sending", "[publish]")
{
    Place const place;
    REQUIRE(place.key({"generate"}).status == 0);
    auto const tsig =
        place.directory.write("tsig", "key a { algorithm hmac-md5; secret c2VjcmV0; };").native();
    Words const to_server{"--send", "--server", "127.0.0.1", "--tsig", tsig, "--zone"};
    auto const send = [&](std::string const& zone) {
        Words words{"192.0.2.7"};
        words.insert(words.end(), to_server.begin(), to_server.end());
        words.push_back(zone);
        return place.publish(words);
    };
    CHECK(send("3.0.192.in-addr.arpa").error ==
          "oekctl: 192.0.2.7/32: 7.2.0.192.in-addr.arpa is not in the zone 3.0.192.in-addr.arpa\n");
    CHECK(send("2.0.192.in-addr.arpa").error ==
          "oekctl: " + tsig + ": \"hmac-md5\": the algorithm must be hmac-sha256 or hmac-sha512\n");
    std::filesystem::remove(tsig);
    CHECK(send("2.0.192.in-addr.arpa").error == "oekctl: " + tsig + ": No such file or directory\n");
}
