// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/event_loop.h"
#include "policy/key_answer.h"

#include <set>
#include <unordered_map>
#include <utility>

namespace oekd::dns {

/// Answers by address until their time is over. Bounded: what would end soonest makes room. Time comes in.
class KeyCache {
public:
    using Time = EventLoop::Clock::time_point;

    struct Entry {
        KeyAnswer answer;
        Time end;
    };

    explicit KeyCache(size_t max_size) : m_max_size(max_size) {}

    /// nullptr where nothing is known at that time. Valid until the next call that is not const.
    [[nodiscard]] Entry const* find(Address const& address, Time now) const;
    void put(Address const& address, KeyAnswer answer, Time end);
    void erase(Address const& address);
    void clear();
    [[nodiscard]] size_t size() const { return m_entries.size(); }

private:
    size_t m_max_size;
    std::unordered_map<Address, Entry> m_entries;
    std::set<std::pair<Time, Address>> m_ends;
};

} // namespace oekd::dns
