// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/base64.h"

#include <catch2/catch.hpp>
#include <string_view>

TEST_CASE("base64 as RFC 4648 §10 has it", "[base64]")
{
    auto const [text, expected] = GENERATE(table<std::string_view, std::string>({
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "+//+"},
    }));
    CHECK(oekd::base64(std::as_bytes(std::span(text))) == expected);
}
