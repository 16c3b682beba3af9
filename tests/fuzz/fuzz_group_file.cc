// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/group_table.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>

/// The input is the text of a group file.
using namespace oekd;

namespace {

void require(bool holds, std::string_view promise)
{
    if (holds)
        return;
    fmt::print(stderr, "{}\n", promise);
    std::abort();
}

bool printable(std::string_view text)
{
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void check_errors(GroupFile const& file)
{
    for (auto const& error : file.errors) {
        constexpr size_t longest = 400; // 64 bytes of the line at four characters each, and the reason
        require(printable(error.message), "a message is not printable");
        require(error.message.size() < longest, "a message is too long");
    }
}

void check_table(GroupFile const& file)
{
    std::vector<LineError> errors;
    auto const table = GroupTable::build(file.lines, errors);
    require(table.lines().size() + errors.size() == file.lines.size(), "a line got lost");
    for (auto const& line : file.lines) {
        require(Prefix::parse(line.network.to_string()) == line.network, "a network does not read back");
        auto const* found = table.find(line.network.address(), line.service);
        require(found != nullptr, "a line is not found");
        require(found->network.length() >= line.network.length(), "a shorter prefix won");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) noexcept
{
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    auto const file = parse_group_file(text, PolicyGroup::Private, "private");
    auto const lines = static_cast<size_t>(std::ranges::count(text, '\n')) + 1;
    require(file.lines.size() + file.names.size() + file.errors.size() <= lines, "more results than lines");
    check_errors(file);
    check_table(file);
    return 0;
}
