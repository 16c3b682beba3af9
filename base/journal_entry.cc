// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/journal_entry.h"

#include "base/plain_text.h"

#include <fmt/format.h>
#include <utility>

namespace oekd::journal_entry {

namespace {

std::string_view name_of(LogLevel level)
{
    switch (level) {
    case LogLevel::Error: return "error";
    case LogLevel::Warning: return "warning";
    case LogLevel::Notice: return "notice";
    case LogLevel::Info: return "info";
    case LogLevel::Debug: return "debug";
    }
    std::unreachable();
}

} // namespace

std::vector<std::string> fields(LogLevel level, std::string_view text, std::initializer_list<LogField> extra)
{
    std::vector<std::string> result{fmt::format("PRIORITY={}", std::to_underlying(level)),
                                    fmt::format("MESSAGE={}", plain_text(text))};
    for (auto const& field : extra)
        result.push_back(fmt::format("{}={}", field.name, field.value));
    return result;
}

std::string line(LogLevel level, std::string_view text)
{
    return fmt::format("{}: {}\n", name_of(level), plain_text(text));
}

bool names(std::string_view journal_stream, dev_t device, ino_t inode)
{
    return journal_stream == fmt::format("{}:{}", device, inode);
}

} // namespace oekd::journal_entry
