// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/publish.h"

#include <CLI/CLI.hpp>

namespace oekd::cli {

/// `words` must outlive the parser.
void add_publish_options(CLI::App& verb, PublishWords& words);

} // namespace oekd::cli
