// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace oekd {

/// "200ms", "5s", "15min", "1h": a whole number and a unit, nothing between them. nullopt for anything else.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest text that parse_duration() takes back: "15min", not "900s".
[[nodiscard]] std::string duration_text(std::chrono::milliseconds duration);

} // namespace oekd
