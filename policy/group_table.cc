// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/group_table.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <utility>

namespace oekd {

namespace {

size_t index_of(Family family) { return static_cast<size_t>(family); }

LineError clash(GroupLine const& loser, GroupLine const& winner)
{
    auto const network = loser.network.to_string();
    auto message = loser.group == winner.group
                       ? fmt::format("{} is listed already in {}:{}", network, winner.file, winner.line)
                       : fmt::format("{} is also in group {} ({}:{}), which is stricter and holds", network,
                                     to_string(winner.group), winner.file, winner.line);
    return {loser.file, loser.line, std::move(message)};
}

} // namespace

GroupTable GroupTable::build(std::vector<GroupLine> lines, std::vector<LineError>& errors)
{
    GroupTable table;
    for (auto& line : lines) {
        auto const [place, is_new] = table.m_by_network.try_emplace(line.network, table.m_lines.size());
        if (is_new) {
            table.m_lines.push_back(std::move(line));
            continue;
        }
        // The groups are declared from the most open to the strictest.
        auto& holding = table.m_lines[place->second];
        if (line.group > holding.group)
            std::swap(line, holding);
        errors.push_back(clash(line, holding));
    }
    for (auto const& line : table.m_lines)
        table.m_lengths.at(index_of(line.network.family())).push_back(line.network.length());
    for (auto& lengths : table.m_lengths) {
        std::ranges::sort(lengths, std::greater{});
        auto const repeated = std::ranges::unique(lengths);
        lengths.erase(repeated.begin(), repeated.end());
    }
    return table;
}

GroupLine const* GroupTable::find(Address const& address) const
{
    for (int const length : m_lengths.at(index_of(address.family()))) {
        auto const found = m_by_network.find(Prefix(address, length));
        if (found != m_by_network.end())
            return &m_lines[found->second];
    }
    return nullptr;
}

} // namespace oekd
