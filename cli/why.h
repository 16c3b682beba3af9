// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/daemon_client.h"
#include "cli/format.h"
#include "cli/json_output.h"
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

struct WhyReport {
    std::optional<LineReport> line;      ///< decides
    std::vector<LineReport> exceptions;  ///< decide about some service instead
    std::vector<LineReport> overruled;   ///< would decide if those before them were not there
    std::vector<std::string> exemptions; ///< pass whatever the line says
    std::vector<std::string> forecast;   ///< what happens to the next packet, one sentence each
    std::vector<FlowReport> flows;       ///< that exist, in detail
};

[[nodiscard]] Outcome<WhyReport> decode_why(nlohmann::json const& reply);
/// Which lines have to do with an address.
[[nodiscard]] OrderedJson json_of_explanation(WhyReport const& why);

/// Asks the daemon; the text to print.
[[nodiscard]] Outcome<std::string> why(DaemonClient& daemon, WhyQuestion const& question, Format format);

[[nodiscard]] std::string format_why(WhyQuestion const& question, WhyReport const& report, WallTime now,
                                     Style const& style);

} // namespace oekd::cli
