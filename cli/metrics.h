// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/daemon_client.h"
#include "cli/format.h"
#include "cli/report.h"

#include <span>
#include <string>

/// oekctl metrics: what monitoring systems read.
namespace oekd::cli {

/// Asks the daemon; the text to print.
[[nodiscard]] Outcome<std::string> metrics(DaemonClient& daemon, Format format);

/// OpenMetrics 1.0 text, with its "# EOF".
[[nodiscard]] std::string format_metrics(std::span<MetricReport const> metrics);

} // namespace oekd::cli
