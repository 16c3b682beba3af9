// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/failure.h"
#include "cli/format.h"

#include <string>
#include <vector>

/// oekctl policy test: group files are checked before the daemon reads them.
namespace oekd::cli {

struct PolicyTest {
    std::vector<std::string> files;
    std::string directory; ///< or all files of this directory, as the daemon reads them
    std::string group;     ///< of files whose name is no group's
    std::string address;   ///< also tell what would decide about it
};

/// Needs no daemon. The status is Failure where there is a problem.
[[nodiscard]] TextAndStatus test_policy(PolicyTest const& test, Format format);

} // namespace oekd::cli
