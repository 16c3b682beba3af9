// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace oekd {

/// The name that was probably meant, for "did you mean": the one with the fewest single-letter changes, at
/// most a third of its letters. Empty where nothing is near.
[[nodiscard]] std::string_view nearest_name(std::string_view text, std::span<std::string_view const> names);

/// "; did you mean NAME?", or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view text, std::span<std::string_view const> names);

} // namespace oekd
