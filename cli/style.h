// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace oekd::cli {

enum class Colour { Off, On };
enum class Glyphs { Ascii, Utf8 };
enum class Paint { Plain, Bold, Dim, Cyan, Yellow, Red };

/// How text looks where it goes.
struct Style {
    Colour colour = Colour::Off;
    Glyphs glyphs = Glyphs::Ascii;

    /// Colour on a terminal, unless NO_COLOR is set (no-color.org) or TERM is "dumb"; more than ASCII where
    /// the locale is UTF-8. Call setlocale() before.
    static Style of_stdout();

    [[nodiscard]] std::string paint(std::string_view text, Paint paint) const;

    [[nodiscard]] std::string_view bullet() const { return glyphs == Glyphs::Utf8 ? "●" : "*"; }
    [[nodiscard]] std::string_view separator() const { return glyphs == Glyphs::Utf8 ? " · " : ", "; }
    [[nodiscard]] std::string_view dash() const { return glyphs == Glyphs::Utf8 ? "–" : "-"; }
};

/// The paint of a protection. Nothing that is anonymous looks like success (RFC 7435).
[[nodiscard]] Paint paint_of(std::string_view protection);

} // namespace oekd::cli
