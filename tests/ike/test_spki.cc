// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/spki.h"

#include <catch2/catch.hpp>
#include <string>

using namespace oekd;
using namespace std::string_view_literals;

namespace {

// From `openssl genpkey … | openssl pkey -pubout -outform DER`.
constexpr std::string_view ed25519 =
    "302a300506032b6570032100c1dad403aa6c99fb10fc90a0851f630821aab609a4fe75d8b86dc8b7b79f667d";
constexpr std::string_view ed448 =
    "3043300506032b6571033a007895b9f8855144f7a2216797b750a3bfafa09a6cb7b90c677d43b9827871416a80aa"
    "a0054c6af5402624ed9799cf2b85eb3acc785eddb30e80";
constexpr std::string_view p256 =
    "3059301306072a8648ce3d020106082a8648ce3d0301070342000477f3ba5bf195cc0e85bad264965c049066ec2d"
    "6bc32ed581fdc42caf0213929a1b42bb9c54148fc51d333ff843534049da3daa8cdb30c60ea9e481f05079fb57";
constexpr std::string_view p384 =
    "3076301006072a8648ce3d020106052b81040022036200048356be58e7988fa141b56970f56d9fa6c5b48a9c1f2b"
    "05f0b2b675f269323d25baa2dd4dca4d5b2fb8e7106ec79f5467958d07d56d4e4e0cfc4c799f3840e1c8cbcaf900"
    "56a039e19b3db4b11a04affbbf1bba3945286a4f365be1455b437cef";
constexpr std::string_view rsa2048 =
    "30820122300d06092a864886f70d01010105000382010f003082010a0282010100ab39eb2b4d2a13598e979a7cee"
    "81dd7a086d985fa6cb5d4a5653ceb31f68e04a694219da8df907a73695888b21700a6c480dac09bccc0120c22921"
    "5e2fbf5bac9ad239e0ee38eab0102e00524986a30dfb844a6cd874f8f81c3a99c784797c7208a608851740f1c76a"
    "0a1226e1d3e019c4c306a16c1327230ec22d0d5f45885eb87a0a736a5a194b47b5ee712e9a045c903b518a4931b5"
    "eb5a7d7eaaa4b97ba2d2c167eb8466ec5d123ef3e509a93fc5751852ac5b81d521de5f18f78f37cd64ba270e9aca"
    "ff776c2c2a3fd189d20af622b94dc5d7ddb6b98a56517c02f487e5218ede2619ea0793252d2c29b46b625316d944"
    "182821a69027df0b1955de5e370203010001";
constexpr std::string_view p521 =
    "30819b301006072a8648ce3d020106052b81040023038186000400969219215001cfa736341a21671c836f6088c3"
    "eabb0dc68af30b68957386266e11b3ffa57f8839c303a26e1c11d3a689e2b99e88648026dff8cb6ea1b98d962071"
    "01092902b2c9ce8d828b23c10a83598ee930de501a3b6c101ddd841a745576978b19d03b5ea748936772a3db44d9"
    "51b2a707eec442e851b3c5483540aa1382342cee";
constexpr std::string_view rsa1024 =
    "30819f300d06092a864886f70d010101050003818d0030818902818100dd315ac39bdc4f6bb4f5a0a3aefeba04ce"
    "d61cfefef8f44cf15e7ff8123104b34394e8a2014bbb0e1da9dff2aa6a0ddb79651f1b7f584d280b6b861e44c9da"
    "fe2e4e456e4e04e147222f5d1a1dc8899e4c8d2c2c0ff92275dba04b5a3fc5d93adea9706044a858d1e567583ba3"
    "93d401006283f0c2f7726be94bf5fcb53baf770203010001";
constexpr std::string_view rsa2048_exponent_3 =
    "30820120300d06092a864886f70d01010105000382010d00308201080282010100a91b0c025326ae5253a27c9e4c"
    "ba685c33290f8097b7249e12c6f9317e1e8750e1cde59d946815b58c80aafbf21367fef26667c5f9e5b996641b9a"
    "59d03b0528d02514888bed6b325387713c3d3cda8475bad936450bed81b02657f4f35d8aa8eafa1c6f85e50eca8c"
    "6f951a7ff371f743ccfd24cc580b2baa19f30d966ef07daf2cc5a69824d05d6797a2e63ad747de725085e24973b9"
    "9e8b1617585b89ce124235ff63843e391c0128bb30cf7128a380ce1421706df469abf4118204bd8a8b54e382a30d"
    "87e3191c9494e8020dc747b1d7d11f84ffd664d8c06b6ec6c8ab9f624ae107ebb683a6c7a8a9638cdc8d5f8f518d"
    "60105b094c588bba43ce7978e3020103";

using Bytes = std::vector<std::byte>;

Bytes bytes(std::string_view hex)
{
    Bytes result;
    for (size_t i = 0; i < hex.size(); i += 2)
        result.push_back(std::byte(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    return result;
}

Bytes concat(Bytes one, Bytes const& other)
{
    one.insert(one.end(), other.begin(), other.end());
    return one;
}

/// RFC 3110, with an exponent and a modulus of so many bytes.
PublicKey rsa(Bytes const& exponent, size_t modulus_size, std::byte first = std::byte{0xc1},
              std::byte last = std::byte{1})
{
    Bytes modulus(modulus_size, std::byte{0x5a});
    modulus.front() = first;
    modulus.back() = last;
    auto start = concat({std::byte(exponent.size())}, exponent);
    return {.algorithm = KeyAlgorithm::Rsa, .bytes = concat(start, modulus)};
}

} // namespace

TEST_CASE("a key of each kind survives the way from its certificate payload and back", "[ike]")
{
    auto const [spki, algorithm, size, end] = GENERATE(table<std::string_view, KeyAlgorithm, size_t, size_t>({
        {ed25519, KeyAlgorithm::EdDsa, 32, 0},
        {ed448, KeyAlgorithm::EdDsa, 57, 0},
        {p256, KeyAlgorithm::Ecdsa, 64, 0},
        {p384, KeyAlgorithm::Ecdsa, 96, 0},
        {rsa2048, KeyAlgorithm::Rsa, 1 + 3 + 256, 5}, // the exponent stands behind the modulus
        {rsa2048_exponent_3, KeyAlgorithm::Rsa, 1 + 1 + 256, 3},
    }));
    auto const der = bytes(spki);
    auto const key = parse_spki(der);
    REQUIRE(key);
    CHECK(key->algorithm == algorithm);
    CHECK(key->bytes.size() == size);
    CHECK(make_spki(*key) == der);
    size_t const tail = 32;
    CHECK(std::equal(der.end() - std::ptrdiff_t(tail + end), der.end() - std::ptrdiff_t(end),
                     key->bytes.end() - std::ptrdiff_t(tail)));
}

TEST_CASE("the form of RSA keys is that of RFC 3110", "[ike]")
{
    auto const key = parse_spki(bytes(rsa2048)).value();
    CHECK(Bytes(key.bytes.begin(), key.bytes.begin() + 4) == bytes("03010001"));
    CHECK(key.bytes[4] == bytes(rsa2048)[33]); // the modulus, without the zero that DER puts in front
}

TEST_CASE("keys that nobody here uses", "[ike]")
{
    for (std::string_view none : {p521, rsa1024, ""sv, "30"sv, "3000"sv, "300d0609"sv})
        CHECK_FALSE(parse_spki(bytes(none)));
}

TEST_CASE("a key that is cut, too long or changed in its frame is none", "[ike]")
{
    auto const der = bytes(GENERATE(ed25519, p256, p384, rsa2048));
    for (size_t size = 0; size < der.size(); ++size)
        CHECK_FALSE(parse_spki(std::span(der).first(size)));
    CHECK_FALSE(parse_spki(concat(der, {std::byte{0}})));
    for (size_t i = 0; i < 12; ++i) {
        auto changed = der;
        changed[i] ^= std::byte{1};
        CHECK_FALSE(parse_spki(changed));
    }
}

TEST_CASE("sizes of RSA keys", "[ike]")
{
    Bytes const usual = bytes("010001");
    auto const [why, key, usable] = GENERATE_REF(table<char const*, PublicKey, bool>({
        {"2048 bits", rsa(usual, 256), true},
        {"2047 bits", rsa(usual, 256, std::byte{0x41}), false},
        {"less", rsa(usual, 255), false},
        {"2049 bits", rsa(usual, 257, std::byte{1}), true},
        {"8192 bits", rsa(usual, 1024), true},
        {"more", rsa(usual, 1025), false},
        {"a leading zero", rsa(usual, 300, std::byte{0}), false},
        {"an even modulus", rsa(usual, 256, std::byte{0xc1}, std::byte{2}), false},
        {"exponent 1", rsa(bytes("01"), 256), false},
        {"exponent 3", rsa(bytes("03"), 256), true},
        {"an even exponent", rsa(bytes("010002"), 256), false},
        {"an exponent with a leading zero", rsa(bytes("0003"), 256), false},
        {"an exponent of 64 bits", rsa(bytes("8000000000000001"), 256), true},
        {"a longer exponent", rsa(bytes("018000000000000001"), 256), false},
        {"no exponent", rsa({}, 256), false},
        {"nothing", PublicKey{.algorithm = KeyAlgorithm::Rsa}, false},
        {"an exponent and no modulus", PublicKey{.algorithm = KeyAlgorithm::Rsa, .bytes = bytes("03010001")},
         false},
    }));
    INFO(why);
    auto const der = make_spki(key);
    REQUIRE(der.has_value() == usable);
    if (usable)
        CHECK(parse_spki(*der) == key);
}

TEST_CASE("a key of a wrong length is none", "[ike]")
{
    for (auto algorithm : {KeyAlgorithm::EdDsa, KeyAlgorithm::Ecdsa})
        for (size_t size : {0, 1, 31, 33, 63, 65, 95, 97, 132})
            CHECK_FALSE(make_spki({.algorithm = algorithm, .bytes = Bytes(size)}));
}
