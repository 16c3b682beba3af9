// SPDX-License-Identifier: GPL-2.0-or-later
#include "group-files/group_files.h"

#include "base/nearest_name.h"
#include "base/plain_text.h"
#include "base/text_file.h"
#include "policy/printable.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace oekd {

namespace {

constexpr size_t group_file_limit = size_t{64} * 1024 * 1024;

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

} // namespace

LineError not_a_group(std::filesystem::path const& path)
{
    auto const file = path.filename().native();
    std::string_view const name = file; // as a std::string it would be std::quoted()
    std::vector<std::string_view> groups;
    std::ranges::transform(all_groups, std::back_inserter(groups),
                           [](PolicyGroup group) { return to_string(group); });
    return {plain_text(path.native()), 0,
            fmt::format("{} is not a policy group, the file is not used{}", quoted(name),
                        did_you_mean(name, groups))};
}

void append(GroupFile& all, GroupFile more)
{
    std::ranges::move(more.lines, std::back_inserter(all.lines));
    std::ranges::move(more.names, std::back_inserter(all.names));
    std::ranges::move(more.errors, std::back_inserter(all.errors));
}

Result<GroupFile> read_group_file(std::filesystem::path const& path, PolicyGroup group)
{
    auto const text = read_text_file(path, group_file_limit);
    if (!text)
        return std::unexpected(text.error());
    return parse_group_file(*text, group, plain_text(path.native()));
}

Result<GroupFile> read_group_directory(std::filesystem::path const& directory)
{
    auto const names = names_in(directory);
    if (!names)
        return std::unexpected(names.error());
    GroupFile all;
    for (auto const& name : *names) {
        if (!parse_policy_group(name) && !is_left_over(name))
            all.errors.push_back(not_a_group(directory / name));
    }
    for (auto const group : all_groups) {
        auto file = read_group_file(directory / to_string(group), group);
        if (file)
            append(all, std::move(*file));
        else if (file.error().code != ErrorCode::NotFound)
            return std::unexpected(file.error());
    }
    return all;
}

} // namespace oekd
