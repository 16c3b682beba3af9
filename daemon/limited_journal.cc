// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/limited_journal.h"

#include <fmt/format.h>
#include <utility>

namespace oekd {

namespace {

using Kind = LimitedJournal::Kind;

constexpr std::array all_kinds{Kind::Decision, Kind::ExplicitPolicy, Kind::Trouble};

/// As in "17 lines about decisions".
std::string_view subject_of(Kind kind)
{
    switch (kind) {
    case Kind::Decision: return "decisions";
    case Kind::ExplicitPolicy: return "explicit policies";
    case Kind::Trouble: return "trouble with flows";
    }
    std::unreachable();
}

} // namespace

LimitedJournal::LimitedJournal(EventLoop& loop, Journal const& journal, Counters& counters,
                               JournalLimit limit, Mailbox<Kind> left_out)
    : m_loop(loop), m_journal(journal), m_counters(counters), m_limit(limit),
      m_limits{LineLimit{limit.burst, limit.interval}, LineLimit{limit.burst, limit.interval},
               LineLimit{limit.burst, limit.interval}},
      m_left_out(std::move(left_out))
{}

Result<std::unique_ptr<LimitedJournal>> LimitedJournal::create(EventLoop& loop, Journal const& journal,
                                                               Counters& counters, JournalLimit limit)
{
    auto left_out = Mailbox<Kind>::create();
    if (!left_out)
        return std::unexpected(left_out.error());
    // The constructor is private to this class, so make_unique cannot call it.
    std::unique_ptr<LimitedJournal> limited(
        new LimitedJournal(loop, journal, counters, limit, std::move(*left_out)));
    auto mail = loop.on_readable(limited->m_left_out.fd(), [self = limited.get()] { self->tell_later(); });
    if (!mail)
        return std::unexpected(mail.error());
    limited->m_mail = std::move(*mail);
    return limited;
}

LimitedJournal::~LimitedJournal() { tell(); }

void LimitedJournal::log(Kind kind, LogLevel level, std::string_view text,
                         std::initializer_list<LogField> fields)
{
    if (level == LogLevel::Debug || (m_journal.takes(level) && admit(kind)))
        m_journal.log(level, text, fields);
}

bool LimitedJournal::admit(Kind kind)
{
    std::scoped_lock const lock(m_mutex);
    auto& limit = m_limits.at(std::to_underlying(kind));
    if (limit.take(LineLimit::Clock::now()))
        return true;
    m_counters.log_lines_left_out.add({subject_of(kind)});
    if (limit.suppressed() == 1)
        m_left_out.post(kind);
    return false;
}

void LimitedJournal::tell_later()
{
    (void)m_left_out.take_all();
    if (m_telling)
        return;
    auto timer = m_loop.after(m_limit.tell_after, [this] { tell(); });
    if (timer)
        m_telling = std::move(*timer);
}

void LimitedJournal::tell()
{
    m_telling = {};
    std::scoped_lock const lock(m_mutex);
    for (auto const kind : all_kinds) {
        auto const count = m_limits.at(std::to_underlying(kind)).take_suppressed();
        if (count > 0)
            m_journal.log(
                LogLevel::Notice,
                fmt::format("{} more lines about {} are left out; 'oekctl monitor' shows every decision",
                            count, subject_of(kind)));
    }
}

} // namespace oekd
