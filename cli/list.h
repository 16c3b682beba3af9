// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/daemon_client.h"
#include "cli/format.h"
#include "cli/report.h"
#include "cli/style.h"
#include "policy/address.h"

#include <optional>
#include <string>
#include <vector>

/// oekctl list: one line for each flow.
namespace oekd::cli {

/// Which flows to list; what is empty lets all through.
struct FlowFilter {
    std::optional<Prefix> remote; ///< an address is its host prefix
    std::string state;
    std::string protection;
    std::string group;
};

/// Asks the daemon; the text to print.
[[nodiscard]] Outcome<std::string> list(DaemonClient& daemon, FlowFilter const& filter, Format format);

/// The flows that the filter lets through, by remote and then by local address, IPv4 first.
[[nodiscard]] std::vector<FlowReport> select_flows(std::vector<FlowReport> flows, FlowFilter const& filter);

/// A table with a heading, or one line that says there is nothing.
[[nodiscard]] std::string format_list(std::vector<FlowReport> const& flows, WallTime now, Style const& style);

} // namespace oekd::cli
