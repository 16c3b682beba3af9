// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace oekd {

/// syslog(3) priorities.
enum class LogLevel { Error = 3, Warning = 4, Notice = 5, Info = 6, Debug = 7 };

/// One structured field of a journal entry: name in capitals ("OEKD_REMOTE"), value any text.
struct LogField {
    std::string_view name;
    std::string value;
};

/// Log lines to the journal with their fields when stderr is connected to it (JOURNAL_STREAM), else as text
/// on stderr, "level: text". Library code never logs; who handles an error logs it, once. Thread-safe.
class Journal {
public:
    static Journal open(LogLevel most_detailed);

    void log(LogLevel level, std::string_view text, std::initializer_list<LogField> fields = {}) const;
    /// Whether a line of this level is written at all.
    [[nodiscard]] bool takes(LogLevel level) const { return level <= m_level; }
    void set_level(LogLevel most_detailed) { m_level = most_detailed; }

private:
    enum class Sink { Journal, Text };
    Journal(Sink sink, LogLevel level) : m_sink(sink), m_level(level) {}

    Sink m_sink;
    LogLevel m_level;
};

} // namespace oekd
