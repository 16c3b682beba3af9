// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/report.h"

#include <span>
#include <string>

namespace oekd::cli {

// What --json prints, with a newline at the end. The keys are documented in oekctl(1), JSON, and do not
// change.

[[nodiscard]] std::string json_text(StatusReport const& status);
[[nodiscard]] std::string json_text(std::span<FlowReport const> flows);
[[nodiscard]] std::string json_text(ShowReport const& show);
[[nodiscard]] std::string json_text(WhyReport const& why);
[[nodiscard]] std::string json_text(PolicyTestReport const& test);
[[nodiscard]] std::string json_text(std::span<MetricReport const> metrics);
/// One line.
[[nodiscard]] std::string json_line(DecisionReport const& decision);
[[nodiscard]] std::string json_text(ReloadReport const& reload);

} // namespace oekd::cli
