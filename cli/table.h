// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/style.h"

#include <string>
#include <vector>

namespace oekd::cli {

struct Cell {
    std::string text;
    Paint paint = Paint::Plain;
};

/// Aligned columns, two blanks apart, as wide as their content; the last one ends where its text ends. All
/// rows have the same number of cells. A character is one column wide.
[[nodiscard]] std::string format_table(std::vector<std::vector<Cell>> const& rows, Style const& style);

} // namespace oekd::cli
