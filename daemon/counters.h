// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "daemon/metric.h"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace oekd {

/// Something that only grows: one number, or one for each combination of its labels' values. Label values
/// must come from us, never from a stranger, as each new one is kept. Thread-safe.
class Counter {
public:
    /// Enters itself into `all`, by which it is shown; the name is without "oekd_" and "_total".
    Counter(std::vector<Counter const*>& all, std::string_view name, std::string_view help,
            std::initializer_list<std::string_view> labels = {});
    Counter(Counter const&) = delete;
    Counter& operator=(Counter const&) = delete;

    /// Label values in the order of the labels.
    void add(std::initializer_list<std::string_view> values = {}, uint64_t count = 1);
    [[nodiscard]] uint64_t value(std::initializer_list<std::string_view> values = {}) const;
    [[nodiscard]] Metric metric() const;

private:
    using Values = std::vector<std::string>;

    std::string const m_name;
    std::string const m_help;
    Values const m_labels;
    mutable std::mutex m_mutex;
    std::map<Values, uint64_t> m_counts;
};

/// Everything that oekd counts. What is new gets a line here, and oekctl(1), METRICS.
class Counters {
    std::vector<Counter const*> m_all; // before the counters, which enter themselves

public:
    Counter acquires{m_all, "acquires", "Packets for which the kernel asked for an SA"};
    Counter acquire_overruns{m_all, "acquire_overruns",
                             "Times that the kernel had more acquires than it could tell"};
    Counter acquires_found_again{m_all, "acquires_found_again", "Acquires that were lost so and found again"};
    Counter decisions{m_all, "decisions", "Changes of a flow's state", {"from", "to"}};
    Counter negotiations_started{m_all, "negotiations_started", "Key exchanges that we began"};
    Counter negotiations_failed{
        m_all, "negotiations_failed", "Of these, those that came to nothing", {"reason"}};
    Counter negotiations_withheld{
        m_all, "negotiations_withheld", "Those that were not begun, to spare strangers", {"reason"}};
    Counter holds_expired{m_all, "holds_expired", "Holds that ended since no answer came in time"};
    Counter limits_reached{m_all, "limits_reached", "Flows that found no place", {"limit"}};
    Counter explicit_policies_met{m_all, "explicit_policies_met",
                                  "Times that a flow was left to another program's policy"};
    Counter log_lines_left_out{m_all, "log_lines_left_out", "Log lines that were too many", {"about"}};
    Counter reloads{m_all, "reloads", "Reloads of the group files", {"result"}};

    [[nodiscard]] std::span<Counter const* const> all() const { return m_all; }
};

} // namespace oekd
