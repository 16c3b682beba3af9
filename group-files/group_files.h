// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "policy/group.h"

#include <filesystem>

/// The group files on disk; what their lines mean is policy's.
namespace oekd {

/// All files of DIRECTORY/<group>: a missing one is an empty group, an unreadable one an Error. A file of
/// another name is among the errors of the result, with the group that it may mean.
[[nodiscard]] Result<GroupFile> read_group_directory(std::filesystem::path const& directory);

/// One file, whatever its name.
[[nodiscard]] Result<GroupFile> read_group_file(std::filesystem::path const& path, PolicyGroup group);

/// That no group has this name, and which may be meant.
[[nodiscard]] LineError not_a_group(std::filesystem::path const& path);

/// Adds what `more` has.
void append(GroupFile& all, GroupFile more);

} // namespace oekd
