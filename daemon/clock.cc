// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/clock.h"

#include <cerrno>
#include <sys/timex.h>

namespace oekd {

Result<Clock> clock_state()
{
    timex state{}; // modes 0: nothing is changed, and no right is needed
    if (::adjtimex(&state) < 0)
        return std::unexpected(system_error(errno, "asking whether the clock is set"));
    return (state.status & STA_UNSYNC) != 0 ? Clock::Unsynchronised : Clock::Synchronised;
}

} // namespace oekd
