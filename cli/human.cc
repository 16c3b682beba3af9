// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/human.h"

#include <array>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <string_view>

namespace oekd::cli {

std::string short_count(uint64_t count)
{
    constexpr std::string_view prefixes = "kMGTPE";
    if (count < 1000)
        return fmt::format("{}", count);
    size_t prefix = 0;
    while (count >= 1'000'000) {
        count /= 1000;
        ++prefix;
    }
    auto const whole = count / 1000;
    auto const tenth = count % 1000 / 100;
    if (whole < 10 && tenth > 0)
        return fmt::format("{}.{}{}", whole, tenth, prefixes[prefix]);
    return fmt::format("{}{}", whole, prefixes[prefix]);
}

std::string grouped(uint64_t count)
{
    auto const digits = fmt::format("{}", count);
    std::string result;
    for (size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0)
            result += ' ';
        result += digits[i];
    }
    return result;
}

std::string age(std::chrono::system_clock::duration duration)
{
    using namespace std::chrono;
    struct Unit {
        seconds length;
        char name;
    };
    constexpr std::array units{Unit{days{1}, 'd'}, Unit{hours{1}, 'h'}, Unit{minutes{1}, 'm'}};
    for (auto const& unit : units) {
        if (duration >= unit.length)
            return fmt::format("{}{}", duration / unit.length, unit.name);
    }
    return fmt::format("{}s", std::max(duration_cast<seconds>(duration), seconds{0}).count());
}

std::string local_time(WallTime time)
{
    return fmt::format("{:%F %T}", fmt::localtime(std::chrono::system_clock::to_time_t(time)));
}

std::string rfc3339(WallTime time)
{
    return fmt::format("{:%FT%TZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string rfc3339_milliseconds(WallTime time)
{
    auto const whole = std::chrono::floor<std::chrono::seconds>(time);
    auto const rest = std::chrono::floor<std::chrono::milliseconds>(time - whole);
    return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                       rest.count());
}

} // namespace oekd::cli
