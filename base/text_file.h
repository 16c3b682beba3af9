// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

#include <filesystem>
#include <string>

namespace oekd {

/// The whole content of a configuration file: a regular file, or a device like /dev/null. Errors name the
/// path: NotFound, Permission, System as the kernel says; Configuration for another kind of file, or more
/// than `limit` bytes.
[[nodiscard]] Result<std::string> read_text_file(std::filesystem::path const& path, size_t limit);

} // namespace oekd
