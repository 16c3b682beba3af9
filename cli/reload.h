// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/daemon_client.h"
#include "cli/format.h"
#include "cli/style.h"

#include <cstdint>
#include <string>
#include <vector>

/// oekctl reload: the group files are read again.
namespace oekd::cli {

struct ReloadReport {
    uint64_t lines = 0; ///< in force
    std::vector<std::string> warnings;
};

[[nodiscard]] Outcome<ReloadReport> decode_reload(nlohmann::json const& reply);

/// Waits until it is done; the text to print. Where the daemon could not, the Failure says so, and that the
/// old policy is still in force.
[[nodiscard]] Outcome<std::string> reload(DaemonClient& daemon, Format format);

[[nodiscard]] std::string format_reload(ReloadReport const& report, Style const& style);

} // namespace oekd::cli
