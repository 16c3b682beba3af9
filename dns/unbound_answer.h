// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/answer.h"

struct ub_result;

namespace oekd::dns {

/// What libunbound found. A bogus answer has its records and says so.
[[nodiscard]] Answer answer_of(ub_result const& result);

} // namespace oekd::dns
