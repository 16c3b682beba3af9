// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/base64.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace oekd {

std::string base64(std::span<std::byte const> bytes)
{
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    constexpr size_t group = 3; // bytes, which are four digits
    std::string text;
    text.reserve((bytes.size() + group - 1) / group * (group + 1));
    for (size_t start = 0; start < bytes.size(); start += group) {
        size_t const count = std::min(group, bytes.size() - start);
        uint32_t bits = 0;
        for (size_t i = 0; i < group; ++i)
            bits = bits << 8U | (i < count ? std::to_integer<uint32_t>(bytes[start + i]) : 0);
        for (size_t i = 0; i <= group; ++i)
            text += i <= count ? digits[bits >> (18 - 6 * i) & 63U] : '=';
    }
    return text;
}

} // namespace oekd
