// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/group_table.h"

#include <vector>

namespace oekd {

/// Which lines have to do with an address, and which of them decides. Valid as long as the table.
struct Explanation {
    GroupLine const* decides = nullptr;
    std::vector<GroupLine const*> exceptions; ///< decide about some service of it instead
    std::vector<GroupLine const*> overruled;  ///< would decide if those before them were not there
};

/// Both lists begin with the line that comes first. Looks at each line of the table.
[[nodiscard]] Explanation explain(GroupTable const& table, Address const& remote, Service const& service);

} // namespace oekd
