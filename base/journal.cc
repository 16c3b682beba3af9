// SPDX-License-Identifier: GPL-2.0-or-later
#define SD_JOURNAL_SUPPRESS_LOCATION // the place would be this file, always

#include "base/journal.h"

#include "base/journal_entry.h"

#include <cstdlib>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

namespace oekd {

namespace {

/// systemd sets JOURNAL_STREAM for a service, and children inherit it: only if stderr still is that very
/// stream does somebody read the journal for us.
bool stderr_is_journal()
{
    char const* const stream = std::getenv("JOURNAL_STREAM");
    struct stat status{};
    return stream && ::fstat(STDERR_FILENO, &status) == 0 &&
           journal_entry::names(stream, status.st_dev, status.st_ino);
}

bool send_to_journal(std::vector<std::string> fields)
{
    std::vector<iovec> parts;
    parts.reserve(fields.size());
    for (auto& field : fields)
        parts.push_back({field.data(), field.size()});
    return ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) >= 0;
}

} // namespace

Journal Journal::open(LogLevel most_detailed)
{
    return {stderr_is_journal() ? Sink::Journal : Sink::Text, most_detailed};
}

void Journal::log(LogLevel level, std::string_view text, std::initializer_list<LogField> fields) const
{
    if (!takes(level))
        return;
    if (m_sink == Sink::Journal && send_to_journal(journal_entry::fields(level, text, fields)))
        return;
    // One write for one line, so that threads do not mix theirs. Nobody is left to tell where it fails.
    auto const line = journal_entry::line(level, text);
    [[maybe_unused]] auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace oekd
