// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/line_limit.h"

#include <algorithm>
#include <utility>

namespace oekd {

bool LineLimit::take(Clock::time_point now)
{
    auto const intervals = (now - m_refilled) / m_interval;
    if (intervals > 0) {
        m_left = std::min(m_burst, m_left + static_cast<size_t>(intervals));
        m_refilled += intervals * m_interval;
    }
    if (m_left == 0) {
        ++m_suppressed;
        return false;
    }
    --m_left;
    return true;
}

size_t LineLimit::take_suppressed() { return std::exchange(m_suppressed, 0); }

} // namespace oekd
