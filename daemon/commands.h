// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

#include <cstddef>
#include <string>
#include <vector>

namespace oekd {

/// What a reload came to.
struct ReloadView {
    size_t lines = 0;                  ///< in force now
    std::vector<std::string> warnings; ///< lines that are not: bad ones, contradictions, explicit policies
};

/// What the control socket may make the daemon do. Main thread.
class Commands {
public:
    virtual ~Commands() = default;
    /// Reads the group files again, as SIGHUP does. After an Error the old policy is still in force, and the
    /// message says so.
    virtual Result<ReloadView> reload() = 0;
};

} // namespace oekd
