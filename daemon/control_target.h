// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "daemon/commands.h"
#include "daemon/view.h"

namespace oekd {

/// What stands behind the control socket; must outlive it.
struct ControlTarget {
    ViewSource& views;
    Commands& commands;
};

} // namespace oekd
