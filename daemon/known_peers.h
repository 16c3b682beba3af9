// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/address.h"

#include <cstddef>
#include <deque>
#include <unordered_set>

namespace oekd {

/// Addresses that have encrypted with us before, the newest `limit` of them: likely to do so again.
class KnownPeers {
public:
    static constexpr size_t limit = 65'536;

    void add(Address const& peer)
    {
        if (!m_peers.insert(peer).second)
            return;
        m_in_order.push_back(peer);
        if (m_in_order.size() > limit) {
            m_peers.erase(m_in_order.front());
            m_in_order.pop_front();
        }
    }
    [[nodiscard]] bool contains(Address const& peer) const { return m_peers.contains(peer); }
    [[nodiscard]] size_t size() const { return m_peers.size(); }

private:
    std::unordered_set<Address> m_peers;
    std::deque<Address> m_in_order; ///< oldest first
};

} // namespace oekd
