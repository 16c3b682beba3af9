// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace oekd::dns {

/// How many answers took how long. The last count is of those that took longer than every limit.
struct Latencies {
    static constexpr std::array<std::chrono::milliseconds, 9> limits{
        std::chrono::milliseconds{1},   std::chrono::milliseconds{5},    std::chrono::milliseconds{10},
        std::chrono::milliseconds{50},  std::chrono::milliseconds{100},  std::chrono::milliseconds{250},
        std::chrono::milliseconds{500}, std::chrono::milliseconds{1000}, std::chrono::milliseconds{5000}};

    std::array<uint64_t, limits.size() + 1> counts{};
    std::chrono::microseconds sum{};

    void add(std::chrono::microseconds latency)
    {
        size_t bucket = 0;
        while (bucket < limits.size() && latency > limits[bucket])
            ++bucket;
        ++counts[bucket];
        sum += latency;
    }
};

} // namespace oekd::dns
