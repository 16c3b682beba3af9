// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/group.h"

#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace oekd {

/// All lines of all groups: the longest prefix wins, whatever its group; of one prefix the line that names a
/// service (protocol and ports) before the one without, and of several services the one of lower rank.
/// Immutable once built: copies share the lines, and so may threads.
class GroupTable {
public:
    GroupTable(); ///< without lines
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

    /// All lines in force, in the order in which their networks were first named.
    [[nodiscard]] std::span<GroupLine const> lines() const;

private:
    struct Contents;
    explicit GroupTable(std::shared_ptr<Contents const> contents) : m_contents(std::move(contents)) {}

    std::shared_ptr<Contents const> m_contents; ///< shared, as a table may have 100 000 lines
};

} // namespace oekd
