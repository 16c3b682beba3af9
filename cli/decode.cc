// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/decode.h"

#include "base/plain_text.h"

#include <algorithm>

namespace oekd::cli::decode {

std::string text(Json const& object, char const* key) { return plain_text(object.value(key, std::string())); }

uint64_t number(Json const& object, char const* key) { return object.value(key, uint64_t{0}); }

WallTime to_time(uint64_t microseconds_since_epoch)
{
    constexpr auto latest = std::chrono::floor<std::chrono::microseconds>(WallTime::max().time_since_epoch());
    return WallTime(std::chrono::microseconds(std::min(microseconds_since_epoch, uint64_t(latest.count()))));
}

WallTime time(Json const& object, char const* key) { return to_time(number(object, key)); }

std::vector<std::string> texts(Json const& object, char const* key)
{
    return list(object, key, [](Json const& item) {
        return item.is_string() ? plain_text(item.get<std::string>()) : std::string();
    });
}

} // namespace oekd::cli::decode
