// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/line_limit.h"

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace oekd {

/// libcharon's log lines on their way out: fit for a terminal, and never more than a stranger should be able
/// to cause. While libcharon starts they are kept instead, since that is where it says why it does not.
/// Thread-safe.
class IkeLog {
public:
    using Sink = std::function<void(int level, std::string_view line)>;

    IkeLog(Sink sink, int level);

    void line(int level, char const* text);
    /// The last lines of a start, oldest first, for an error message.
    [[nodiscard]] std::string reasons() const;
    void started();

private:
    Sink const m_sink;
    int const m_level;
    mutable std::mutex m_mutex;
    bool m_starting = true;
    std::deque<std::string> m_last;
    LineLimit m_limit;
};

} // namespace oekd
