// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/ike_log.h"

#include "base/plain_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace oekd {

namespace {

constexpr size_t kept_lines = 12;
constexpr size_t burst = 500;
constexpr std::chrono::milliseconds interval{20};

} // namespace

IkeLog::IkeLog(Sink sink, int level) : m_sink(std::move(sink)), m_level(level), m_limit(burst, interval) {}

void IkeLog::line(int level, char const* text)
{
    auto plain = plain_text(text);
    std::scoped_lock lock(m_mutex);
    if (m_starting) {
        m_last.push_back(plain);
        if (m_last.size() > kept_lines)
            m_last.pop_front();
    }
    if (!m_sink || level > m_level || !m_limit.take(LineLimit::Clock::now()))
        return;
    if (auto suppressed = m_limit.take_suppressed(); suppressed > 0)
        m_sink(level, fmt::format("{} lines were too many and are left out", suppressed));
    m_sink(level, plain);
}

std::string IkeLog::reasons() const
{
    std::scoped_lock lock(m_mutex);
    return fmt::format("{}", fmt::join(m_last, "; "));
}

void IkeLog::started()
{
    std::scoped_lock lock(m_mutex);
    m_starting = false;
    m_last.clear();
}

} // namespace oekd
