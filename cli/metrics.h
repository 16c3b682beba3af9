// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/daemon_client.h"
#include "cli/format.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

/// oekctl metrics: what monitoring systems read.
namespace oekd::cli {

struct SampleReport {
    std::map<std::string, std::string> labels;
    uint64_t value = 0;
};

struct MetricReport {
    std::string name; ///< "oekd_decisions", without the "_total" of a counter
    std::string type; ///< "counter", "gauge"
    std::string help;
    std::vector<SampleReport> samples;
};

[[nodiscard]] Outcome<std::vector<MetricReport>> decode_metrics(nlohmann::json const& reply);

/// Asks the daemon; the text to print.
[[nodiscard]] Outcome<std::string> metrics(DaemonClient& daemon, Format format);

/// OpenMetrics 1.0 text, with its "# EOF".
[[nodiscard]] std::string format_metrics(std::span<MetricReport const> metrics);

} // namespace oekd::cli
