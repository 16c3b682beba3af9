// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/failure.h"
#include "cli/format.h"
#include "cli/key.h"
#include "cli/list.h"
#include "cli/policy_test.h"
#include "cli/publish.h"
#include "cli/why.h"

#include <expected>
#include <string>

namespace oekd::cli {

/// What the user asked for. Each verb has its own part of it.
struct CommandLine {
    std::string verb; ///< "status", "policy test"
    std::string socket = "/run/oekd/control";
    bool json = false;
    std::string address; ///< of show; for list it is in the filter
    FlowFilter filter;
    WhyQuestion why;
    PolicyTest test;
    KeyWords key;
    PublishWords publish;

    [[nodiscard]] Format format() const { return json ? Format::Json : Format::People; }
};

/// Where there is nothing to run (--help, or a command line that makes no sense) it has been told already,
/// and this is how to exit.
[[nodiscard]] std::expected<CommandLine, ExitStatus> parse_command_line(int argc, char** argv);

} // namespace oekd::cli
