// SPDX-License-Identifier: GPL-2.0-or-later
#include "group-files/group_files.h"

#include "daemon/config.h"

#include <algorithm>
#include <fmt/format.h>

namespace oekd {

namespace {

constexpr size_t max_names = 4096;

} // namespace

Result<LoadedGroups> load_groups(std::filesystem::path const& directory, GroupsSettings const& groups)
{
    auto read = read_group_directory(directory);
    if (!read)
        return std::unexpected(read.error());
    auto& all = *read;
    for (size_t i = max_names; i < all.names.size(); ++i)
        all.errors.push_back({all.names[i].file, all.names[i].line,
                              fmt::format("{}: more than {} host names", all.names[i].name, max_names)});
    all.names.resize(std::min(all.names.size(), max_names));
    for (auto& line : all.lines) {
        line.conduct = groups.of(line.group).conduct;
        line.judgement = groups.of(line.group).judgement;
    }
    auto table = GroupTable::build(std::move(all.lines), all.errors);
    return LoadedGroups{std::move(table), std::move(all.names), std::move(all.errors)};
}

} // namespace oekd
