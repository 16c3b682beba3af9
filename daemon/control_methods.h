// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-bus.h>

namespace oekd::control_methods {

constexpr char const* object_path = "/org/oekd";
constexpr char const* interface_name = "org.oekd.Daemon1";
constexpr char const* decided = "Decided"; ///< the signal
constexpr char const* no_such_flow = "org.oekd.Error.NoSuchFlow";
constexpr char const* reload_failed = "org.oekd.Error.ReloadFailed";

/// The methods of org.oekd.Daemon1, for sd_bus_add_object_vtable() with a ControlConnection as userdata.
[[nodiscard]] sd_bus_vtable const* vtable();

} // namespace oekd::control_methods
