// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "ike/charon.h"
#include "ike/expectation.h"
#include "policy/connection.h"
#include "policy/flow.h"

#include <cstddef>
#include <optional>
#include <span>

/// The C layer's structs to and from the project's values.
namespace oekd {

[[nodiscard]] std::optional<Flow> to_flow(charon_flow const& flow);
[[nodiscard]] charon_flow to_charon(Flow const& flow);
[[nodiscard]] Failure to_failure(charon_failure failure);
[[nodiscard]] charon_identity to_charon(OwnIdentity identity);
[[nodiscard]] charon_key to_charon(std::span<std::byte const> spki); ///< of the same bytes
[[nodiscard]] Claim to_claim(charon_claim const& claim);

} // namespace oekd
