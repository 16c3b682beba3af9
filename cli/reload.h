// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/daemon_client.h"
#include "cli/format.h"
#include "cli/report.h"
#include "cli/style.h"

#include <string>

/// oekctl reload: the group files are read again.
namespace oekd::cli {

/// Waits until it is done; the text to print. Where the daemon could not, the Failure says so, and that the
/// old policy is still in force.
[[nodiscard]] Outcome<std::string> reload(DaemonClient& daemon, Format format);

[[nodiscard]] std::string format_reload(ReloadReport const& report, Style const& style);

} // namespace oekd::cli
