// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/group_table.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <set>
#include <utility>

namespace oekd {

namespace {

size_t index_of(Family family) { return static_cast<size_t>(family); }

LineError clash(GroupLine const& loser, GroupLine const& winner)
{
    auto const subject = loser.subject();
    auto message = loser.group == winner.group
                       ? fmt::format("{} is listed already in {}:{}", subject, winner.file, winner.line)
                       : fmt::format("{} is also in group {} ({}:{}), which is stricter and holds", subject,
                                     to_string(winner.group), winner.file, winner.line);
    return {loser.file, loser.line, std::move(message)};
}

} // namespace

GroupTable GroupTable::build(std::vector<GroupLine> lines, std::vector<LineError>& errors)
{
    GroupTable table;
    table.m_lines.reserve(lines.size());
    table.m_by_key.reserve(lines.size());
    for (auto& line : lines) {
        auto const [place, is_new] =
            table.m_by_key.try_emplace({line.network, line.service}, table.m_lines.size());
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
    table.index();
    return table;
}

void GroupTable::index()
{
    std::array<std::set<int, std::greater<>>, 2> lengths;
    for (size_t i = 0; i < m_lines.size(); ++i) {
        auto const& line = m_lines[i];
        lengths.at(index_of(line.network.family())).insert(line.network.length());
        if (!line.service.is_everything())
            m_services[line.network].push_back(i);
    }
    for (size_t family = 0; family < lengths.size(); ++family)
        m_lengths.at(family).assign(lengths.at(family).begin(), lengths.at(family).end());
    for (auto& [network, services] : m_services)
        std::ranges::sort(services, {}, [this](size_t i) {
            auto const& service = m_lines[i].service;
            return std::pair(rank_of(service), service);
        });
}

GroupLine const* GroupTable::find(Address const& address, Service const& service) const
{
    for (int const length : m_lengths.at(index_of(address.family())))
        if (auto const* line = find_in(Prefix(address, length), service))
            return line;
    return nullptr;
}

GroupLine const* GroupTable::find_in(Prefix const& network, Service const& service) const
{
    auto const services = service.is_everything() ? m_services.end() : m_services.find(network);
    if (services != m_services.end())
        for (size_t const i : services->second)
            if (m_lines[i].service.contains(service))
                return &m_lines[i];
    return line_of(network, {});
}

GroupLine const* GroupTable::line_of(Prefix const& network, Service const& service) const
{
    auto const found = m_by_key.find({network, service});
    return found == m_by_key.end() ? nullptr : &m_lines[found->second];
}

std::vector<GroupLine const*> GroupTable::lines_for(Address const& address) const
{
    std::vector<GroupLine const*> result;
    for (int const length : m_lengths.at(index_of(address.family()))) {
        Prefix const network(address, length);
        if (auto const services = m_services.find(network); services != m_services.end())
            for (size_t const i : services->second)
                result.push_back(&m_lines[i]);
        // A line without a service decides about all that is left.
        if (auto const* plain = line_of(network, {})) {
            result.push_back(plain);
            break;
        }
    }
    return result;
}

bool GroupTable::knows(Address const& address) const { return !lines_for(address).empty(); }

} // namespace oekd
