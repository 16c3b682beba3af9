// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/plain_text.h"

#include <fmt/format.h>
#include <iterator>

namespace oekd {

std::string plain_text(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    for (char const c : text) {
        if (c >= ' ' && c <= '~')
            result += c;
        else
            fmt::format_to(std::back_inserter(result), "\\x{:02x}", static_cast<unsigned char>(c));
    }
    return result;
}

} // namespace oekd
