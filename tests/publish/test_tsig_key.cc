// SPDX-License-Identifier: GPL-2.0-or-later
#include "publish/tsig_key.h"

#include <catch2/catch.hpp>

using namespace oekd::publish;

TEST_CASE("a key is read as tsig-keygen prints it", "[tsig]")
{
    TsigKey const expected{"oekd.example", "hmac-sha256", "c2VjcmV0c2VjcmV0"};
    auto const text = GENERATE(R"(key "oekd.example" {
	algorithm hmac-sha256;
	secret "c2VjcmV0c2VjcmV0";
};
)",
                               R"(# made by hand
key oekd.example { // with comments
  /* everywhere */ secret c2VjcmV0c2VjcmV0; algorithm "hmac-sha256";};)");
    CHECK(parse_tsig_key(text).value() == expected);
}

TEST_CASE("anything else is refused, and not repeated", "[tsig]")
{
    auto const text = GENERATE(
        "", "key", "key \"a\" {", "key a { algorithm hmac-sha256; }; secret \"c2VjcmV0\";",
        "key a { algorithm hmac-sha256; secret \"c2VjcmV0\"; }",
        "key a { secret c2VjcmV0; secret c2VjcmV0; };",
        "key a { algorithm hmac-sha256; secret \"c2VjcmV\"; };",
        "key a { algorithm hmac-sha256; secret \"c2Vj cmV0\"; };",
        "key a { algorithm hmac-sha256; secret \"c2VjcmV0\"; }; key b { algorithm hmac-sha256; secret x; };",
        "/* key a { algorithm hmac-sha256; secret \"c2VjcmV0\"; };", "/*/ \"", "\"");
    INFO(text);
    auto const key = parse_tsig_key(text);
    REQUIRE_FALSE(key);
    CHECK(key.error().message == "not one key as tsig-keygen(8) prints it");
}

TEST_CASE("names and algorithms that make no sense are told", "[tsig]")
{
    CHECK(parse_tsig_key("key a { algorithm hmac-md5; secret \"c2VjcmV0\"; };").error().message ==
          "\"hmac-md5\": the algorithm must be hmac-sha256 or hmac-sha512");
    CHECK(parse_tsig_key("key a..b { algorithm hmac-sha256; secret \"c2VjcmV0\"; };").error().message ==
          "\"a..b\" is no name of a key");
}
