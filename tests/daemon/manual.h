// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace oekd {

/// The source of a manual page; the test fails where it cannot be read.
[[nodiscard]] inline std::string manual_text(std::string const& page)
{
    char const* const source = std::getenv("OEKD_SOURCE");
    INFO("OEKD_SOURCE is not set; run this through 'meson test'");
    REQUIRE(source);
    std::ifstream stream(std::string(source) + "/man/" + page);
    REQUIRE(stream);
    return {std::istreambuf_iterator<char>(stream), {}};
}

} // namespace oekd
