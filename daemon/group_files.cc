// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/plain_text.h"
#include "base/text_file.h"
#include "daemon/config.h"
#include "daemon/nearest_name.h"
#include "policy/printable.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace oekd {

namespace {

constexpr size_t group_file_limit = 64 * 1024 * 1024;

/// What editors and package managers leave behind.
bool is_left_over(std::string_view name)
{
    return name.starts_with('.') || name.ends_with('~') || name.ends_with(".rpmsave") ||
           name.ends_with(".rpmnew") || name.contains(".dpkg-");
}

Result<std::vector<std::string>> names_in(std::filesystem::path const& directory)
{
    std::error_code error;
    std::filesystem::directory_iterator entry(directory, error);
    std::vector<std::string> names;
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
        names.push_back(entry->path().filename().native());
    if (error) {
        auto failure = system_error(error.value(), plain_text(directory.native()));
        if (failure.code != ErrorCode::Permission)
            failure.code = ErrorCode::Configuration; // no such directory, or not one
        return std::unexpected(failure);
    }
    std::ranges::sort(names);
    return names;
}

LineError unknown_name(std::filesystem::path const& directory, std::string_view name)
{
    std::vector<std::string_view> groups;
    std::ranges::transform(all_groups, std::back_inserter(groups),
                           [](PolicyGroup group) { return to_string(group); });
    return {plain_text((directory / name).native()), 0,
            fmt::format("{} is not a policy group, the file is not used{}", quoted(name),
                        did_you_mean(name, groups))};
}

/// Appends what the group's file says; a missing one says nothing.
Result<void> read_group(std::filesystem::path const& directory, PolicyGroup group, GroupFile& all)
{
    auto const path = directory / to_string(group);
    auto const text = read_text_file(path, group_file_limit);
    if (!text && text.error().code == ErrorCode::NotFound)
        return {};
    if (!text)
        return std::unexpected(text.error());
    auto file = parse_group_file(*text, group, plain_text(path.native()));
    std::ranges::move(file.lines, std::back_inserter(all.lines));
    std::ranges::move(file.names, std::back_inserter(all.names));
    std::ranges::move(file.errors, std::back_inserter(all.errors));
    return {};
}

} // namespace

Result<LoadedGroups> load_groups(std::filesystem::path const& directory, Conducts const& conducts)
{
    auto const names = names_in(directory);
    if (!names)
        return std::unexpected(names.error());
    GroupFile all;
    for (auto const& name : *names) {
        if (!parse_policy_group(name) && !is_left_over(name))
            all.errors.push_back(unknown_name(directory, name));
    }
    for (auto const group : all_groups) {
        if (auto read = read_group(directory, group, all); !read)
            return std::unexpected(read.error());
    }
    for (auto const& named : all.names)
        all.errors.push_back(
            {named.file, named.line, fmt::format("{}: host names are not resolved", named.name)});
    for (auto& line : all.lines)
        line.conduct = conduct_of(conducts, line.group);
    auto table = GroupTable::build(std::move(all.lines), all.errors);
    return LoadedGroups{std::move(table), std::move(all.errors)};
}

} // namespace oekd
