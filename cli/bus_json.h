// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <expected>
#include <nlohmann/json.hpp>
#include <systemd/sd-bus.h>

namespace oekd::cli {

/// All values of a message as a JSON array: a{s*} becomes an object, a variant what is inside, a struct an
/// array. The error is a negative errno: EBADMSG for a message that is damaged, or of types that oekd does
/// not use.
[[nodiscard]] std::expected<nlohmann::json, int> to_json(sd_bus_message* message);

} // namespace oekd::cli
