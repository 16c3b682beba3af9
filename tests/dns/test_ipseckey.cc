// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/ipseckey.h"
#include "dns/key_form.h"
#include "tests/dns/keys.h"
#include "tests/policy/generators.h"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

using namespace oekd;
using namespace oekd::dns;
using namespace oekd::test;

namespace {

std::string const ed25519_bytes(32, 'k');
std::string const a_name("\2gw\7example\0", 12);

std::string why_malformed(std::string const& rdata)
{
    auto const parsed = parse_ipseckey(bytes(rdata));
    auto const* malformed = std::get_if<MalformedIpsecKey>(&parsed);
    return malformed ? malformed->why : "";
}

} // namespace

TEST_CASE("RFC 4025's own examples as a zone file has them", "[dns][ipseckey]")
{
    // Its key has 248 bits.
    auto const key =
        PublicKey{KeyAlgorithm::Rsa, bytes(std::string("\1\3\x51\x53\x79\x86\xed\x35\x53\x3b\x60\x64\x47\x8e"
                                                       "\xee\xb2\x7b\x5b\xd7\x4d\xae\x14\x9b\x6e\x81\xba\x3a"
                                                       "\x05\x21\xaf\x82\xab\x78\x01",
                                                       34))};
    std::string const text = "AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==";
    auto const [where, expected] = GENERATE(table<std::string, std::string>({
        {"192.0.2.38", "10 1 2 192.0.2.38"},
        {"", "10 0 2 ."},
        {"mygateway.example.com", "10 3 2 mygateway.example.com."},
        {"2001:db8:0:8002::2000:1", "10 2 2 2001:db8:0:8002::2000:1"},
    }));
    IpsecKey const record{10, gateway(where), key};
    CHECK(zone_text_of(record) == expected + " " + text);
    CHECK_THAT(why_malformed(std::string("\x0a\0\2", 3) +
                             std::string(reinterpret_cast<char const*>(key.bytes.data()), 34)),
               Catch::Contains("not 2048 to 8192"));
}

TEST_CASE("a record without a key", "[dns][ipseckey]")
{
    IpsecKey const record{1, gateway("gw.example"), std::nullopt};
    CHECK(zone_text_of(record) == "1 3 0 gw.example.");
    CHECK(rdata_of(record) == bytes(std::string("\1\3\0", 3) + a_name));
    CHECK(std::get<IpsecKey>(parse_ipseckey(rdata_of(record))) == record);
}

TEST_CASE("records that can be used", "[dns][ipseckey]")
{
    auto const key = bytes(ed25519_bytes);
    auto const [why, rdata, expected] = GENERATE_COPY(table<std::string, std::string, IpsecKey>({
        {"no gateway",
         std::string("\0\0\4", 3) + ed25519_bytes,
         {0, NoGateway{}, PublicKey{KeyAlgorithm::EdDsa, key}}},
        {"IPv4",
         "\xff\1\4\xc0" + std::string("\0\2\1", 3) + ed25519_bytes,
         {255, address("192.0.2.1"), PublicKey{KeyAlgorithm::EdDsa, key}}},
        {"IPv6",
         "\1\2\4\x20\1\xd\xb8" + std::string(11, '\0') + "\1" + ed25519_bytes,
         {1, address("2001:db8::1"), PublicKey{KeyAlgorithm::EdDsa, key}}},
        {"a name",
         "\1\3\4" + a_name + ed25519_bytes,
         {1, GatewayName{"gw.example"}, PublicKey{KeyAlgorithm::EdDsa, key}}},
    }));
    INFO(why);
    auto const parsed = parse_ipseckey(bytes(rdata));
    REQUIRE(std::get_if<IpsecKey>(&parsed));
    CHECK(std::get<IpsecKey>(parsed) == expected);
    CHECK(rdata_of(expected) == bytes(rdata));
}

TEST_CASE("what is of an unknown kind is not judged", "[dns][ipseckey]")
{
    auto const [rdata, why] = GENERATE(table<std::string, std::string>({
        {std::string("\1\4\2", 3) + "whatever", "gateway type 4"},
        {std::string("\1\xff\0", 3), "gateway type 255"},
        {std::string("\1\0\1", 3) + "a DSA key", "algorithm 1"},
        {std::string("\1\0\5", 3) + "something new", "algorithm 5"},
        {std::string("\1\0\xff", 3), "algorithm 255"},
    }));
    CHECK(parse_ipseckey(bytes(rdata)) == IpsecKeyParse(UnknownIpsecKey{why}));
}

TEST_CASE("malformed records", "[dns][ipseckey]")
{
    std::string const v4 = "\1\1\4";
    std::string const v6 = "\1\2\4";
    auto const [rdata, why] = GENERATE_COPY(table<std::string, std::string>({
        {"", "0 bytes, fewer than 3"},
        {"\1\1", "2 bytes, fewer than 3"},
        {v4 + "abc", "3 bytes hold no gateway of type 1"},
        {v6 + std::string(15, 'a'), "15 bytes hold no gateway of type 2"},
        {"\1\3\4\2g", "2 bytes hold no gateway of type 3"},
        {"\1\3\4\xc0" + std::string(40, '\0'), "41 bytes hold no gateway of type 3"},
        {"\1\3\4" + std::string(1, '\0') + ed25519_bytes, "the gateway's name is the root's"},
        {v4 + std::string(4, '\0') + ed25519_bytes, "no host has the gateway's address 0.0.0.0"},
        {v4 + std::string("\x7f\0\0\1", 4) + ed25519_bytes, "no host has the gateway's address 127.0.0.1"},
        {v4 + std::string("\xa9\xfe\1\1", 4) + ed25519_bytes,
         "no host has the gateway's address 169.254.1.1"},
        {v4 + std::string("\xe0\0\0\1", 4) + ed25519_bytes, "no host has the gateway's address 224.0.0.1"},
        {v4 + std::string("\xff\xff\xff\xff", 4) + ed25519_bytes,
         "no host has the gateway's address 255.255.255.255"},
        {v6 + std::string(16, '\0') + ed25519_bytes, "no host has the gateway's address ::"},
        {v6 + std::string(15, '\0') + "\1" + ed25519_bytes, "no host has the gateway's address ::1"},
        {v6 + "\xfe\x80" + std::string(14, '\1') + ed25519_bytes,
         "no host has the gateway's address fe80:101:101:101:101:101:101:101"},
        {v6 + "\xff\2" + std::string(14, '\1') + ed25519_bytes,
         "no host has the gateway's address ff02:101:101:101:101:101:101:101"},
        {v6 + std::string(10, '\0') + "\xff\xff\xc0" + std::string("\0\2\1", 3) + ed25519_bytes,
         "the gateway is an IPv4-mapped address"},
        {std::string("\1\0\0", 3), "neither a key nor a gateway"},
        {std::string("\1\0\0", 3) + "abc", "3 bytes of a key without an algorithm"},
        {std::string("\1\0\4", 3), "an EdDSA key of 0 bytes, not 32 or 57"},
        {std::string("\1\0\4", 3) + ed25519_bytes + "x", "an EdDSA key of 33 bytes, not 32 or 57"},
        {std::string("\1\0\3", 3) + std::string(65, 'x'), "an ECDSA key of 65 bytes, not 64 or 96"},
    }));
    CHECK(why_malformed(rdata) == why);
}

TEST_CASE("the form of keys", "[dns][ipseckey]")
{
    auto const sized = [](KeyAlgorithm algorithm, size_t size) {
        return PublicKey{algorithm, std::vector<std::byte>(size, std::byte{1})};
    };
    for (size_t const size : {32, 57})
        CHECK(why_unusable(sized(KeyAlgorithm::EdDsa, size)).empty());
    for (size_t const size : {64, 96})
        CHECK(why_unusable(sized(KeyAlgorithm::Ecdsa, size)).empty());
    CHECK(why_unusable(rsa(256)).empty());
    CHECK(why_unusable(rsa(1024)).empty());
    CHECK(why_unusable(rsa(256, "\3")).empty());
    CHECK(why_unusable(rsa(256, std::string("\1\0\0\0\0\0\0\1", 8))).empty());

    auto even = rsa(256);
    even.bytes.back() = std::byte{2};
    auto high_bit = rsa(256);
    high_bit.bytes[4] = std::byte{0x7f};
    auto padded = rsa(257);
    padded.bytes[4] = std::byte{0};
    auto const long_form = [] {
        auto key = rsa(256);
        key.bytes.insert(key.bytes.begin(), 2, std::byte{0}); // RFC 3110's other form of a length
        return key;
    }();
    auto const [key, why] = GENERATE_COPY(table<PublicKey, std::string>({
        {sized(KeyAlgorithm::Rsa, 0), "an RSA key of 0 bytes without an exponent of at most 8"},
        {{KeyAlgorithm::Rsa, {std::byte{3}, std::byte{1}}},
         "an RSA key of 2 bytes without an exponent of at most 8"},
        {rsa(0), "an RSA key of 4 bytes without an exponent of at most 8"},
        {rsa(255), "an RSA key of 2040 bits, not 2048 to 8192"},
        {high_bit, "an RSA key of 2047 bits, not 2048 to 8192"},
        {rsa(1025), "an RSA key of 8200 bits, not 2048 to 8192"},
        {rsa(256, std::string(9, '\1')), "an RSA key of 266 bytes without an exponent of at most 8"},
        {long_form, "an RSA key of 262 bytes without an exponent of at most 8"},
        {rsa(256, std::string("\0\3", 2)), "an RSA key with leading zeros"},
        {padded, "an RSA key with leading zeros"},
        {rsa(256, "\1"), "no RSA key has such numbers"},
        {rsa(256, "\4"), "no RSA key has such numbers"},
        {even, "no RSA key has such numbers"},
    }));
    CHECK(why_unusable(key) == why);
}

namespace {

rc::Gen<PublicKey> any_key()
{
    auto const sized = [](KeyAlgorithm algorithm, size_t size) {
        return rc::gen::map(rc::gen::container<std::vector<uint8_t>>(size, rc::gen::arbitrary<uint8_t>()),
                            [algorithm](std::vector<uint8_t> const& raw) {
                                auto const data = std::as_bytes(std::span(raw));
                                return PublicKey{algorithm, {data.begin(), data.end()}};
                            });
    };
    auto const some_rsa =
        rc::gen::map(rc::gen::inRange<size_t>(256, 1025), [](size_t size) { return rsa(size); });
    return rc::gen::oneOf(sized(KeyAlgorithm::EdDsa, 32), sized(KeyAlgorithm::EdDsa, 57),
                          sized(KeyAlgorithm::Ecdsa, 64), sized(KeyAlgorithm::Ecdsa, 96), some_rsa);
}

rc::Gen<IpsecKey::Gateway> any_gateway()
{
    auto const some_address = rc::gen::suchThat(rc::gen::arbitrary<Address>(), can_be_a_peer);
    return rc::gen::oneOf(
        rc::gen::just(IpsecKey::Gateway(NoGateway{})),
        rc::gen::map(some_address, [](Address const& value) { return IpsecKey::Gateway(value); }),
        rc::gen::map(rc::gen::element<std::string>("gw.example", "A-b.c", "0/25.x", R"(\000\046\255)"),
                     [](std::string const& name) { return IpsecKey::Gateway(GatewayName{name}); }));
}

} // namespace

TEST_CASE("whatever is written reads back", "[dns][ipseckey]")
{
    rc::prop("records", [] {
        auto const where = *any_gateway();
        bool const keyless = !std::holds_alternative<NoGateway>(where) && *rc::gen::inRange(0, 4) == 0;
        IpsecKey const record{*rc::gen::arbitrary<uint8_t>(), where,
                              keyless ? std::nullopt : std::optional(*any_key())};
        auto const parsed = parse_ipseckey(rdata_of(record));
        RC_ASSERT(std::holds_alternative<IpsecKey>(parsed));
        RC_ASSERT(std::get<IpsecKey>(parsed) == record);
    });
}
