// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>

namespace oekd {

/// A token bucket for log lines: strangers can repeat what makes us log. Not thread-safe.
class LineLimit {
public:
    using Clock = std::chrono::steady_clock;

    LineLimit(size_t burst, std::chrono::milliseconds interval)
        : m_burst(burst), m_interval(interval), m_left(burst)
    {}

    /// True where this line may be logged; one more may be after each interval.
    [[nodiscard]] bool take(Clock::time_point now);
    /// How many lines were refused since the last take_suppressed().
    [[nodiscard]] size_t suppressed() const { return m_suppressed; }
    /// The same, and begins to count again.
    [[nodiscard]] size_t take_suppressed();

private:
    size_t m_burst;
    std::chrono::milliseconds m_interval;
    size_t m_left;
    size_t m_suppressed = 0;
    Clock::time_point m_refilled{};
};

} // namespace oekd
