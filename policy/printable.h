// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oekd {

/// How many bytes of somebody's text a message repeats at most.
constexpr size_t quoted_text_limit = 64;

/// Text that came from a file or a peer, safe for a terminal and the journal: in double quotes, everything
/// but printable ASCII as \xNN, quotes and backslashes escaped, cut after `limit` bytes with "..." behind the
/// closing quote.
[[nodiscard]] std::string quoted(std::string_view text, size_t limit = quoted_text_limit);

/// Of the letters A to Z only.
[[nodiscard]] std::string lower_case(std::string_view text);

} // namespace oekd
