// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/failure.h"
#include "cli/style.h"

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

/// One decision of the daemon, as monitor shows it.
namespace oekd::cli {

/// One change of a flow's state.
struct DecisionReport {
    std::chrono::system_clock::time_point when;
    std::string local;
    std::string remote;
    std::string service;
    std::string group;
    std::string file;
    uint64_t line = 0;
    std::string before;
    std::string after;
    std::string protection; ///< from now on
    std::string why;
};

/// The values that a signal brought.
[[nodiscard]] Outcome<DecisionReport> decode_decision(nlohmann::json const& values);

/// One line each.
[[nodiscard]] std::string format_decision(DecisionReport const& decision, Style const& style);
[[nodiscard]] std::string json_line(DecisionReport const& decision);

} // namespace oekd::cli
