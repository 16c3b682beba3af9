// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/style.h"

#include <cstdlib>
#include <fmt/format.h>
#include <langinfo.h>
#include <unistd.h>
#include <utility>

namespace oekd::cli {

namespace {

std::string_view environment(char const* name)
{
    char const* const value = std::getenv(name);
    return value ? value : "";
}

/// The parameter of ECMA-48's SGR sequence.
int code_of(Paint paint)
{
    switch (paint) {
    case Paint::Plain: return 0;
    case Paint::Bold: return 1;
    case Paint::Dim: return 2;
    case Paint::Red: return 31;
    case Paint::Yellow: return 33;
    case Paint::Cyan: return 36;
    }
    std::unreachable();
}

} // namespace

Style Style::of_stdout()
{
    bool const coloured =
        ::isatty(STDOUT_FILENO) && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
    bool const utf8 = std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
    return {coloured ? Colour::On : Colour::Off, utf8 ? Glyphs::Utf8 : Glyphs::Ascii};
}

std::string Style::paint(std::string_view text, Paint paint) const
{
    if (colour == Colour::Off || paint == Paint::Plain || text.empty())
        return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", code_of(paint), text);
}

Paint paint_of(std::string_view protection)
{
    if (protection == "clear")
        return Paint::Yellow;
    if (protection == "blocked")
        return Paint::Red;
    return Paint::Cyan;
}

} // namespace oekd::cli
