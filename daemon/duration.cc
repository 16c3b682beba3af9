// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/duration.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <fmt/format.h>

namespace oekd {

namespace {

struct Unit {
    std::string_view name;
    std::chrono::milliseconds length;
};

constexpr std::array units{
    // longest first
    Unit{"h", std::chrono::hours{1}},
    Unit{"min", std::chrono::minutes{1}},
    Unit{"s", std::chrono::seconds{1}},
    Unit{"ms", std::chrono::milliseconds{1}},
};

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text)
{
    uint32_t number = 0; // times the longest unit it still fits into 64 bits
    auto const [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{})
        return std::nullopt;
    auto const name = text.substr(static_cast<size_t>(rest - text.data()));
    auto const* const unit = std::ranges::find(units, name, &Unit::name);
    if (unit == units.end())
        return std::nullopt;
    return number * unit->length;
}

std::string duration_text(std::chrono::milliseconds duration)
{
    auto const* const unit = std::ranges::find_if(units, [&](Unit const& candidate) {
        return duration >= candidate.length && duration % candidate.length == std::chrono::milliseconds{0};
    });
    if (unit == units.end())
        return "0ms";
    return fmt::format("{}{}", duration / unit->length, unit->name);
}

} // namespace oekd
