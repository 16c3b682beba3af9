// SPDX-License-Identifier: GPL-2.0-or-later
#include "publish/check.h"
#include "publish/records.h"
#include "tests/dns/scripted_resolver.h"

#include <set>

using namespace oekd;
using namespace oekd::publish;
using dns::Security;

namespace {

PublicKey key_of(char byte) { return {KeyAlgorithm::EdDsa, std::vector<std::byte>(32, std::byte(byte))}; }
Address address_of(std::string const& text) { return Address::read(text).value(); }

auto const current = key_of('a');
auto const next = key_of('b');
auto const host = address_of("192.0.2.7");
auto const other_gateway = address_of("192.0.2.1");

dns::IpsecKey record(PublicKey const& key, dns::IpsecKey::Gateway gateway = host, uint8_t precedence = 10)
{
    return {precedence, std::move(gateway), key};
}

dns::Records answer(std::vector<dns::IpsecKey> const& records, Security security = Security::Signed)
{
    dns::Records result{.ttl = std::chrono::minutes(5), .security = security};
    for (auto const& entry : records)
        result.data.push_back(dns::rdata_of(entry));
    return result;
}

dns::Records with_bytes(dns::Records records, std::vector<std::byte> bytes)
{
    records.data.push_back(std::move(bytes));
    return records;
}

} // namespace

TEST_CASE("what the DNS says is compared with what should be there", "[check]")
{
    struct Row {
        std::string why;
        dns::Answer answer;
        Verdict verdict;
        std::string text; ///< that the reason begins with
    };
    std::vector<std::byte> const dsa{std::byte{10}, std::byte{0}, std::byte{1}, std::byte{0}};
    dns::Records bogus = answer({record(current), record(next)}, Security::Bogus);
    bogus.why_invalid = "expired";
    auto const row = GENERATE_COPY(values<Row>({
        {"as it should be", answer({record(current), record(next)}), Verdict::Matches, ""},
        {"in any order", answer({record(next), record(current)}), Verdict::Matches, ""},
        {"no gateway means the same", answer({record(current, dns::NoGateway{}), record(next)}),
         Verdict::Matches, ""},
        {"without DNSSEC", answer({record(current), record(next)}, Security::Unsigned), Verdict::Unsigned,
         "no DNSSEC"},
        {"forged", bogus, Verdict::Bogus, "expired"},
        {"nobody can tell",
         dns::NoRecord{.security = Security::Indeterminate, .why_invalid = "no signatures"},
         Verdict::NoAnswer, "no signatures"},
        {"forged away", dns::NoRecord{.security = Security::Bogus}, Verdict::Bogus,
         "its signatures are wrong"},
        {"nothing", dns::NoRecord{.security = Security::Signed}, Verdict::Missing, "there is no such name"},
        {"nothing, and nobody signed that", dns::NoRecord{.missing = dns::NoRecord::Missing::Type},
         Verdict::Missing, "the name has no IPSECKEY record"},
        {"silence", dns::NoAnswer{"no answer in time"}, Verdict::NoAnswer, "no answer in time"},
        {"one is lacking", answer({record(current)}), Verdict::Differs, "the next key is not there"},
        {"the important one is lacking", answer({record(next)}), Verdict::Differs,
         "the current key is not there"},
        {"lacking and unsigned", answer({record(current)}, Security::Unsigned), Verdict::Differs,
         "the next key"},
        {"a key that is not ours any more", answer({record(current), record(next), record(key_of('c'))}),
         Verdict::Differs, "is not ours: 10 1 4 192.0.2.7 Y2Nj"},
        {"another precedence", answer({record(current, host, 5), record(next)}), Verdict::Differs,
         "the current key is not there; is not ours: 5 1 4 192.0.2.7 YWFh"},
        {"another gateway has our key", answer({record(current), record(next, other_gateway)}),
         Verdict::Differs, "the next key is not there; also another gateway: 10 1 4 192.0.2.1 YmJi"},
        {"another gateway besides",
         answer({record(current), record(next), record(key_of('c'), other_gateway)}), Verdict::Matches,
         "also another gateway: 10 1 4 192.0.2.1 Y2Nj"},
        {"something unknown besides", with_bytes(answer({record(current), record(next)}), dsa),
         Verdict::Matches, "also a record with algorithm 1"},
        {"something broken besides", with_bytes(answer({record(current), record(next)}), {}),
         Verdict::Differs, "a malformed record: 0 bytes"},
    }));
    INFO(row.why);
    auto const finding = judge(host, {record(current), record(next)}, row.answer);
    CHECK(to_string(finding.verdict) == to_string(row.verdict));
    CHECK_THAT(finding.why, Catch::StartsWith(row.text));
    CHECK(finding.why.empty() == row.text.empty());
    CHECK(finding.address == host);
}

TEST_CASE("a gateway's records are expected as they were asked for", "[check]")
{
    std::vector<dns::IpsecKey> const expected{record(current, other_gateway)};
    CHECK(judge(host, expected, answer({record(current, other_gateway)})).verdict == Verdict::Matches);
    CHECK(judge(host, expected, answer({record(current)})).verdict == Verdict::Differs);
}

TEST_CASE("all addresses are asked about, some at a time", "[check]")
{
    test::ScriptedResolver resolver;
    Request request{.ranges = {Prefix::read("192.0.2.0/24").value()}, .keys = {current}};
    int done = 0;
    Check check(resolver, request, addresses_to_ask(request, [] { return 0; }).value(), [&done] { ++done; });
    check.start();
    CHECK(resolver.questions.size() == 64);
    CHECK(resolver.questions.front().name == "0.2.0.192.in-addr.arpa");
    CHECK(resolver.questions.front().type == dns::RecordType::Ipseckey);
    while (!resolver.questions.empty()) {
        REQUIRE(done == 0);
        auto const answered = resolver.questions.back().answered;
        answered(resolver.asked % 2 == 0 ? dns::Answer(dns::NoRecord{}) : dns::Answer(dns::NoAnswer{}));
    }
    CHECK(done == 1);
    CHECK(resolver.asked == 256);
    REQUIRE(check.findings().size() == 256);
    CHECK(check.findings().at(7).address == host);
    for (auto const& finding : check.findings())
        CHECK(finding.verdict != Verdict::Matches);
}

TEST_CASE("of what a wildcard stands for a sample is asked about", "[check]")
{
    auto const* const text = GENERATE("2001:db8::/64", "2001:db8::/33", "2001:db8::/119");
    Request const request{.ranges = {Prefix::read(text).value()}, .keys = {current}};
    uint64_t number = 0x1234'5678'9abc'de00;
    auto const asked = addresses_to_ask(request, [&number] { return number += 3; }).value();
    REQUIRE(asked.size() == 16);
    std::set<Address> addresses;
    for (auto const& [range, address] : asked) {
        CHECK(range.contains(address));
        addresses.insert(address);
    }
    CHECK(addresses.size() == 16);
    CHECK(*addresses.begin() == address_of("2001:db8::"));
    // After the last address the range ends.
    auto const last = addresses.rbegin()->bytes();
    CHECK(last.back() == std::byte{0xff});
    CHECK((last[4] == std::byte{0x7f} || last[4] == std::byte{0}));
    auto const expected = expected_at(request, asked[1].range, asked[1].address);
    CHECK(expected == std::vector{record(current, dns::NoGateway{})});
}

TEST_CASE("no more addresses are asked about than would be published", "[check]")
{
    Request const request{.ranges = {Prefix::read("10.0.0.0/15").value()}, .keys = {current}};
    CHECK(addresses_to_ask(request, [] { return 0; }).error().message ==
          "10.0.0.0/15: more than 65536 addresses");
}
