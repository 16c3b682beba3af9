// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/group_table.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <functional>
#include <set>
#include <unordered_map>
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

struct Key {
    Prefix network;
    Service service;
    friend bool operator==(Key const&, Key const&) = default;
};

struct KeyHash {
    size_t operator()(Key const& key) const noexcept
    {
        return std::hash<Prefix>{}(key.network) * 31 + std::hash<Service>{}(key.service);
    }
};

} // namespace

struct GroupTable::Contents {
    std::vector<GroupLine> lines;
    /// Per family, the prefix lengths in use, longest first.
    std::array<std::vector<int>, 2> lengths;
    std::unordered_map<Key, size_t, KeyHash> by_key; ///< index into lines
    /// Lines that name a service, the one of lowest rank first.
    std::unordered_map<Prefix, std::vector<size_t>> services;

    void add(GroupLine line, std::vector<LineError>& errors);
    void index();
    [[nodiscard]] GroupLine const* find_in(Prefix const& network, Service const& service) const;
    [[nodiscard]] GroupLine const* line_of(Prefix const& network, Service const& service) const;
};

void GroupTable::Contents::add(GroupLine line, std::vector<LineError>& errors)
{
    auto const [place, is_new] = by_key.try_emplace({line.network, line.service}, lines.size());
    if (is_new) {
        lines.push_back(std::move(line));
        return;
    }
    // The groups are declared from the most open to the strictest.
    auto& holding = lines[place->second];
    if (line.group > holding.group)
        std::swap(line, holding);
    errors.push_back(clash(line, holding));
}

void GroupTable::Contents::index()
{
    std::array<std::set<int, std::greater<>>, 2> in_use;
    for (size_t i = 0; i < lines.size(); ++i) {
        auto const& line = lines[i];
        in_use.at(index_of(line.network.family())).insert(line.network.length());
        if (!line.service.is_everything())
            services[line.network].push_back(i);
    }
    for (size_t family = 0; family < lengths.size(); ++family)
        lengths.at(family).assign(in_use.at(family).begin(), in_use.at(family).end());
    for (auto& [network, indices] : services)
        std::ranges::sort(indices, {}, [this](size_t i) {
            auto const& service = lines[i].service;
            return std::pair(rank_of(service), service);
        });
}

GroupLine const* GroupTable::Contents::find_in(Prefix const& network, Service const& service) const
{
    auto const named = service.is_everything() ? services.end() : services.find(network);
    if (named != services.end())
        for (size_t const i : named->second)
            if (lines[i].service.contains(service))
                return &lines[i];
    return line_of(network, {});
}

GroupLine const* GroupTable::Contents::line_of(Prefix const& network, Service const& service) const
{
    auto const found = by_key.find({network, service});
    return found == by_key.end() ? nullptr : &lines[found->second];
}

GroupTable::GroupTable() : m_contents(std::make_shared<Contents const>()) {}

GroupTable GroupTable::build(std::vector<GroupLine> lines, std::vector<LineError>& errors)
{
    auto contents = std::make_shared<Contents>();
    contents->lines.reserve(lines.size());
    contents->by_key.reserve(lines.size());
    for (auto& line : lines)
        contents->add(std::move(line), errors);
    contents->index();
    return GroupTable(std::move(contents));
}

GroupLine const* GroupTable::find(Address const& address, Service const& service) const
{
    for (int const length : m_contents->lengths.at(index_of(address.family())))
        if (auto const* line = m_contents->find_in(Prefix(address, length), service))
            return line;
    return nullptr;
}

GroupLine const* GroupTable::line_of(Prefix const& network, Service const& service) const
{
    return m_contents->line_of(network, service);
}

std::span<GroupLine const> GroupTable::lines() const { return m_contents->lines; }

std::vector<GroupLine const*> GroupTable::lines_for(Address const& address) const
{
    std::vector<GroupLine const*> result;
    for (int const length : m_contents->lengths.at(index_of(address.family()))) {
        Prefix const network(address, length);
        if (auto const named = m_contents->services.find(network); named != m_contents->services.end())
            for (size_t const i : named->second)
                result.push_back(&m_contents->lines[i]);
        // A line without a service decides about all that is left.
        if (auto const* plain = line_of(network, {})) {
            result.push_back(plain);
            break;
        }
    }
    return result;
}

} // namespace oekd
