// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/printable.h"

#include "base/plain_text.h"

#include <algorithm>

namespace oekd {

std::string quoted(std::string_view text, size_t limit)
{
    std::string escaped;
    for (char const c : text.substr(0, limit)) {
        if (c == '"' || c == '\\')
            escaped += '\\';
        escaped += c;
    }
    return '"' + plain_text(escaped) + (text.size() > limit ? "\"..." : "\"");
}

std::string lower_case(std::string_view text)
{
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return lower;
}

} // namespace oekd
