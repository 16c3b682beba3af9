// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "keys/secret.h"

#include <filesystem>

namespace oekd::keys {

/// The content of a regular file that nobody but its owner may read. Errors name the path: Permission where
/// others may read it or we may not, Configuration for another kind of file or one that is far too large.
[[nodiscard]] Result<Secret> read_secret_file(std::filesystem::path const& path);

} // namespace oekd::keys
