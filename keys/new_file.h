// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

#include <filesystem>
#include <string_view>

namespace oekd::keys {

/// Writes a file of mode 0600: after a crash all of it is there under its name, or nothing. On the disk when
/// this returns. Makes the directory (0700) where only that is missing. Fails with Exists where there is such
/// a file; errors name the path.
[[nodiscard]] Result<void> write_new_file(std::filesystem::path const& path, std::string_view content);
/// The same; a file that is there is replaced.
[[nodiscard]] Result<void> write_over_file(std::filesystem::path const& path, std::string_view content);

/// Renames and removals in this directory are on the disk when it returns.
[[nodiscard]] Result<void> sync_directory(std::filesystem::path const& directory);

} // namespace oekd::keys
