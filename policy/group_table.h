// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/group.h"

#include <array>
#include <span>
#include <unordered_map>
#include <vector>

namespace oekd {

/// All lines of all groups: the longest prefix wins, whatever its group; of one prefix the line that names a
/// service (protocol and ports) before the one without, and of several services the one of lower rank.
/// Immutable once built, so threads may share one.
class GroupTable {
public:
    /// The same network and service twice: the same group is reported as a duplicate; two groups contradict
    /// each other, and the stricter holds, so that neither the order of the lines nor that of the files
    /// decides about cleartext. Both are reported with both places.
    static GroupTable build(std::vector<GroupLine> lines, std::vector<LineError>& errors);

    /// The line that decides for this service of this address (without one: for what no line with a service
    /// covers), or nullptr where nobody asked for anything. Valid as long as the table.
    [[nodiscard]] GroupLine const* find(Address const& address, Service const& service = {}) const;
    /// The line with just this network and service, or nullptr.
    [[nodiscard]] GroupLine const* line_of(Prefix const& network, Service const& service) const;
    /// Every line that decides about some of this address's traffic, the one that decides first in front.
    [[nodiscard]] std::vector<GroupLine const*> lines_for(Address const& address) const;
    /// False where the address's group is decided by no line, whatever the service.
    [[nodiscard]] bool knows(Address const& address) const;

    /// All lines in force, in the order in which their networks were first named.
    [[nodiscard]] std::span<GroupLine const> lines() const { return m_lines; }

private:
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
    void index();
    [[nodiscard]] GroupLine const* find_in(Prefix const& network, Service const& service) const;

    std::vector<GroupLine> m_lines;
    /// Per family, the prefix lengths in use, longest first.
    std::array<std::vector<int>, 2> m_lengths;
    std::unordered_map<Key, size_t, KeyHash> m_by_key; ///< index into m_lines
    std::unordered_map<Prefix, std::vector<size_t>>
        m_services; ///< lines that name a service, the one of lowest rank first
};

} // namespace oekd
