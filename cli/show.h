// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/daemon_client.h"
#include "cli/format.h"
#include "cli/report.h"
#include "cli/style.h"

#include <string>

/// oekctl show ADDRESS: everything about the flows with one peer.
namespace oekd::cli {

/// Asks the daemon; the text to print. Where there is no such flow, the Failure tells which line decides.
[[nodiscard]] Outcome<std::string> show(DaemonClient& daemon, std::string const& remote, Format format);

/// One flow of it; `line` is the one that decides now.
[[nodiscard]] std::string format_flow(FlowReport const& flow, std::optional<LineReport> const& line,
                                      WallTime now, Style const& style);
/// "private: 192.0.2.0/24 in /etc/oekd/policies/private:1".
[[nodiscard]] std::string line_text(LineReport const& line);

[[nodiscard]] std::string format_show(ShowReport const& show, WallTime now, Style const& style);

} // namespace oekd::cli
