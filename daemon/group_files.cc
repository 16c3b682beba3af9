// SPDX-License-Identifier: GPL-2.0-or-later
#include "group-files/group_files.h"

#include "daemon/config.h"

#include <fmt/format.h>

namespace oekd {

Result<LoadedGroups> load_groups(std::filesystem::path const& directory, Conducts const& conducts)
{
    auto read = read_group_directory(directory);
    if (!read)
        return std::unexpected(read.error());
    auto& all = *read;
    for (auto const& named : all.names)
        all.errors.push_back(
            {named.file, named.line, fmt::format("{}: host names are not resolved", named.name)});
    for (auto& line : all.lines)
        line.conduct = conduct_of(conducts, line.group);
    auto table = GroupTable::build(std::move(all.lines), all.errors);
    return LoadedGroups{std::move(table), std::move(all.errors)};
}

} // namespace oekd
