// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/nearest_name.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <utility>
#include <vector>

namespace oekd {

namespace {

/// Letters to insert, remove or replace to make one of the other (Levenshtein), row by row.
size_t changes_between(std::string_view one, std::string_view other)
{
    std::vector<size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 0; i < one.size(); ++i) {
        size_t diagonal = std::exchange(row[0], i + 1);
        for (size_t j = 0; j < other.size(); ++j) {
            size_t const replaced = diagonal + (one[i] == other[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

} // namespace

std::string_view nearest_name(std::string_view text, std::span<std::string_view const> names)
{
    constexpr size_t longest_worth_comparing = 64;
    if (text.size() > longest_worth_comparing)
        return {};
    std::string_view nearest;
    size_t fewest = longest_worth_comparing;
    for (auto const name : names) {
        auto const changes = changes_between(text, name);
        if (changes < fewest && changes * 3 <= name.size()) {
            nearest = name;
            fewest = changes;
        }
    }
    return nearest;
}

std::string did_you_mean(std::string_view text, std::span<std::string_view const> names)
{
    auto const nearest = nearest_name(text, names);
    return nearest.empty() ? std::string() : fmt::format("; did you mean {}?", nearest);
}

} // namespace oekd
