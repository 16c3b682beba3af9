// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/group.h"

#include <array>
#include <span>
#include <unordered_map>
#include <vector>

namespace oekd {

/// All lines of all groups: the longest prefix wins, whatever its group. Immutable once built, so threads may
/// share one.
class GroupTable {
public:
    /// The same network twice: the same group is reported as a duplicate; two groups contradict each other,
    /// and the stricter holds, so that neither the order of the lines nor that of the files decides about
    /// cleartext. Both are reported with both places.
    static GroupTable build(std::vector<GroupLine> lines, std::vector<LineError>& errors);

    /// The line that decides for this address, or nullptr where nobody asked for anything. Valid as long as
    /// the table.
    [[nodiscard]] GroupLine const* find(Address const& address) const;

    /// All lines in force, in the order in which their networks were first named.
    [[nodiscard]] std::span<GroupLine const> lines() const { return m_lines; }

private:
    std::vector<GroupLine> m_lines;
    /// Per family, the prefix lengths in use, longest first.
    std::array<std::vector<int>, 2> m_lengths;
    std::unordered_map<Prefix, size_t> m_by_network; ///< index into m_lines
};

} // namespace oekd
