// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/table.h"

#include <algorithm>

namespace oekd::cli {

namespace {

/// Characters of UTF-8 text: all bytes but those that continue one.
size_t width_of(std::string_view text)
{
    return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::vector<size_t> column_widths(std::vector<std::vector<Cell>> const& rows)
{
    std::vector<size_t> widths;
    for (auto const& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (size_t column = 0; column < row.size(); ++column)
            widths[column] = std::max(widths[column], width_of(row[column].text));
    }
    return widths;
}

} // namespace

std::string format_table(std::vector<std::vector<Cell>> const& rows, Style const& style)
{
    constexpr size_t gap = 2;
    auto const widths = column_widths(rows);
    std::string result;
    for (auto const& row : rows) {
        for (size_t column = 0; column < row.size(); ++column) {
            auto const& cell = row[column];
            result += style.paint(cell.text, cell.paint);
            if (column + 1 < row.size())
                result.append(widths[column] - width_of(cell.text) + gap, ' ');
        }
        result += '\n';
    }
    return result;
}

} // namespace oekd::cli
