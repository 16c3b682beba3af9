// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>

namespace oekd {

/// Calls a C library's release function; for Handle.
template <auto Release> struct Releaser {
    template <typename T> void operator()(T* object) const noexcept { Release(object); }
};

/// Owns one object of a C library from the line that makes it: Handle<sd_bus, sd_bus_unref> bus(raw).
template <typename T, auto Release> using Handle = std::unique_ptr<T, Releaser<Release>>;

} // namespace oekd
