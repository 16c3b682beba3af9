// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

namespace oekd {

/// Does the kernel's clock follow a time source? (adjtimex(2), STA_UNSYNC)
enum class Clock { Synchronised, Unsynchronised };

[[nodiscard]] Result<Clock> clock_state();

} // namespace oekd
