// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/flow.h"

namespace oekd::xfrm {

/// For SAs that live for one system call. Above 255: those below are reserved (RFC 4303 §2.1).
Spi random_spi();

} // namespace oekd::xfrm
