// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/journal.h"

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

/// The pure half of Journal: what an entry looks like, and where it goes.
namespace oekd::journal_entry {

/// PRIORITY=, MESSAGE= and the fields, as sd_journal_sendv() wants them. The message is made plain, as
/// journalctl shows one with control characters as "blob data"; a field's value stays as it is.
[[nodiscard]] std::vector<std::string> fields(LogLevel level, std::string_view text,
                                              std::initializer_list<LogField> extra);

/// "warning: text\n", made plain.
[[nodiscard]] std::string line(LogLevel level, std::string_view text);

/// True where JOURNAL_STREAM's value, "device:inode" (systemd.exec(5)), names this file.
[[nodiscard]] bool names(std::string_view journal_stream, dev_t device, ino_t inode);

} // namespace oekd::journal_entry
