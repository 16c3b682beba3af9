// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/daemon_client.h"
#include "cli/format.h"
#include "cli/report.h"
#include "cli/style.h"
#include "policy/service.h"

#include <string>

/// oekctl why ADDRESS: which line decides, and what happens to the next packet.
namespace oekd::cli {

struct WhyQuestion {
    std::string remote;
    std::string local; ///< empty: whichever
    Service service{}; ///< everything unless told otherwise
};

/// Asks the daemon; the text to print.
[[nodiscard]] Outcome<std::string> why(DaemonClient& daemon, WhyQuestion const& question, Format format);

[[nodiscard]] std::string format_why(WhyQuestion const& question, WhyReport const& report, WallTime now,
                                     Style const& style);

} // namespace oekd::cli
