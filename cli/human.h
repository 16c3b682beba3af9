// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

/// Numbers and times as people read them.
namespace oekd::cli {

using WallTime = std::chrono::system_clock::time_point;

/// "812", "4k", "1.2M": powers of 1000, two digits where the first alone would say little, never rounded up.
[[nodiscard]] std::string short_count(uint64_t count);
/// "1 284": all digits, in groups of three.
[[nodiscard]] std::string grouped(uint64_t count);
/// "12s", "4m", "3h", "2d": the largest unit that fits. A negative duration, as a clock that was set gives,
/// is "0s".
[[nodiscard]] std::string age(std::chrono::system_clock::duration duration);
/// "2026-11-21 18:30:05" in the user's time zone.
[[nodiscard]] std::string local_time(WallTime time);
/// "2026-11-21T18:30:05Z" (RFC 3339), whole seconds.
[[nodiscard]] std::string rfc3339(WallTime time);
/// "2026-11-21T18:30:05.042Z".
[[nodiscard]] std::string rfc3339_milliseconds(WallTime time);

} // namespace oekd::cli
