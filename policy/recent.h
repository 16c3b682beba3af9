// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace oekd {

/// The values of those keys that were used last, at most `limit` of them: what strangers can make us
/// remember.
template <typename Key, typename Value> class Recent {
public:
    explicit Recent(size_t limit) : m_limit(limit) {}
    Recent(Recent const&) = delete;
    Recent& operator=(Recent const&) = delete;

    /// The key's value, a new one if it has none. The reference holds until the next call.
    Value& use(Key const& key)
    {
        if (auto const found = m_places.find(key); found != m_places.end()) {
            m_in_order.splice(m_in_order.begin(), m_in_order, found->second);
            return found->second->second;
        }
        if (m_in_order.size() >= m_limit && !m_in_order.empty()) {
            m_places.erase(m_in_order.back().first);
            m_in_order.pop_back();
        }
        m_in_order.emplace_front(key, Value{});
        m_places.emplace(key, m_in_order.begin());
        return m_in_order.front().second;
    }
    /// Null where the key has no value; its age is not touched.
    Value* find(Key const& key)
    {
        auto const found = m_places.find(key);
        return found == m_places.end() ? nullptr : &found->second->second;
    }
    [[nodiscard]] size_t size() const { return m_in_order.size(); }

private:
    using Entries = std::list<std::pair<Key, Value>>;

    size_t const m_limit;
    Entries m_in_order; ///< the latest first
    std::unordered_map<Key, typename Entries::iterator> m_places;
};

} // namespace oekd
