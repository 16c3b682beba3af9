// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "ike/charon.h"
#include "policy/connection.h"
#include "policy/flow.h"

#include <optional>

/// The C layer's structs to and from the project's values.
namespace oekd {

[[nodiscard]] std::optional<Flow> to_flow(charon_flow const& flow);
[[nodiscard]] charon_flow to_charon(Flow const& flow);
[[nodiscard]] Failure to_failure(charon_failure failure);

} // namespace oekd
