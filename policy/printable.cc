// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/printable.h"

#include "base/plain_text.h"

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

} // namespace oekd
