// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace oekd {

/// One metric family of OpenMetrics: what `oekctl metrics` prints.
struct Metric {
    enum class Type { Counter, Gauge };
    struct Sample {
        std::vector<std::pair<std::string, std::string>> labels; ///< name and value
        uint64_t value = 0;
    };

    std::string name; ///< "oekd_decisions": the "_total" of a counter's samples is added where it is printed
    Type type = Type::Gauge;
    std::string help; ///< one sentence
    std::vector<Sample> samples;
};

[[nodiscard]] constexpr char const* to_string(Metric::Type type)
{
    switch (type) {
    case Metric::Type::Counter: return "counter";
    case Metric::Type::Gauge: return "gauge";
    }
    return ""; // not reached: all values are above
}

} // namespace oekd
