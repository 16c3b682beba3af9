// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/daemon_client.h"
#include "cli/format.h"
#include "cli/report.h"
#include "cli/style.h"

#include <string>

/// oekctl status: the daemon on one page.
namespace oekd::cli {

/// Asks the daemon; the text to print.
[[nodiscard]] Outcome<std::string> status(DaemonClient& daemon, Format format);

[[nodiscard]] std::string format_status(StatusReport const& status, WallTime now, Style const& style);

} // namespace oekd::cli
