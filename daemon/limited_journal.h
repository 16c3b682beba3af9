// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/event_loop.h"
#include "base/journal.h"
#include "base/line_limit.h"
#include "base/mailbox.h"
#include "daemon/counters.h"

#include <array>
#include <memory>
#include <mutex>

namespace oekd {

/// How many lines of a kind are too many.
struct JournalLimit {
    size_t burst = 100;                      ///< at once
    std::chrono::milliseconds interval{100}; ///< one more after each
    std::chrono::milliseconds tell_after{10'000};
};

/// Journal lines that a stranger can cause. So many of each kind are logged at once and so many in a second;
/// what is beyond that is counted, and one line tells how many were left out. log() is for any thread.
class LimitedJournal {
public:
    enum class Kind {
        Decision,       ///< what becomes of a flow
        ExplicitPolicy, ///< a flow that belongs to another program
        Trouble,        ///< the kernel or a limit said no to a flow
    };

    static Result<std::unique_ptr<LimitedJournal>> create(EventLoop& loop, Journal const& journal,
                                                          Counters& counters, JournalLimit limit = {});
    ~LimitedJournal(); ///< tells what has not been told yet
    LimitedJournal(LimitedJournal const&) = delete;
    LimitedJournal& operator=(LimitedJournal const&) = delete;

    /// Debug lines are not limited: who asks for them wants them all.
    void log(Kind kind, LogLevel level, std::string_view text, std::initializer_list<LogField> fields = {});

private:
    LimitedJournal(EventLoop& loop, Journal const& journal, Counters& counters, JournalLimit limit,
                   Mailbox<Kind> left_out);
    [[nodiscard]] bool admit(Kind kind);
    void tell_later();
    void tell();

    EventLoop& m_loop;
    Journal const& m_journal;
    Counters& m_counters;
    JournalLimit const m_limit;
    std::mutex m_mutex; ///< guards m_limits
    std::array<LineLimit, 3> m_limits;
    Mailbox<Kind> m_left_out; ///< the first of each kind since tell(), from whatever thread
    EventSource m_mail;
    EventSource m_telling;
};

} // namespace oekd
