// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

#include <sysexits.h>

namespace oekd {

/// The daemon's exit status for an error at start: oekd(8), EXIT STATUS.
[[nodiscard]] constexpr int exit_status(ErrorCode code)
{
    switch (code) {
    case ErrorCode::Usage: return EX_USAGE;
    case ErrorCode::Configuration: return EX_CONFIG;
    case ErrorCode::Permission: return EX_NOPERM;
    case ErrorCode::PortInUse: return EX_TEMPFAIL;
    case ErrorCode::KernelWithoutEsp: return EX_UNAVAILABLE;
    case ErrorCode::System:
    case ErrorCode::NotFound:
    case ErrorCode::Exists:
    case ErrorCode::Limit:
    case ErrorCode::Malformed: return EX_OSERR;
    }
    return 1; // not reached: all values are above
}

} // namespace oekd
