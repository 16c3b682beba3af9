// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/counters.h"

#include <cassert>
#include <fmt/format.h>

namespace oekd {

Counter::Counter(std::vector<Counter const*>& all, std::string_view name, std::string_view help,
                 std::initializer_list<std::string_view> labels)
    : m_name(fmt::format("oekd_{}", name)), m_help(help), m_labels(labels.begin(), labels.end())
{
    if (m_labels.empty())
        m_counts[{}] = 0; // shown from the beginning
    all.push_back(this);
}

void Counter::add(std::initializer_list<std::string_view> values, uint64_t count)
{
    assert(values.size() == m_labels.size());
    std::scoped_lock const lock(m_mutex);
    m_counts[Values(values.begin(), values.end())] += count;
}

uint64_t Counter::value(std::initializer_list<std::string_view> values) const
{
    std::scoped_lock const lock(m_mutex);
    auto const found = m_counts.find(Values(values.begin(), values.end()));
    return found == m_counts.end() ? 0 : found->second;
}

Metric Counter::metric() const
{
    Metric metric{m_name, Metric::Type::Counter, m_help, {}};
    std::scoped_lock const lock(m_mutex);
    for (auto const& [values, count] : m_counts) {
        auto& sample = metric.samples.emplace_back();
        sample.value = count;
        for (size_t i = 0; i < m_labels.size(); ++i)
            sample.labels.emplace_back(m_labels[i], values[i]);
    }
    return metric;
}

} // namespace oekd
