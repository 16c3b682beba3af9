// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/failure.h"
#include "cli/format.h"
#include "policy/address.h"

#include <optional>
#include <string>

/// oekctl monitor: every decision as it happens.
namespace oekd::cli {

/// Prints a line for each decision about these peers (nullopt: all), until SIGINT, SIGTERM or the end of
/// whoever reads our output. The end of the daemon is a Failure.
[[nodiscard]] Outcome<void> monitor(std::string const& socket, std::optional<Prefix> const& peers,
                                    Format format);

} // namespace oekd::cli
