// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/trap_queues.h"

#include <algorithm>
#include <utility>

namespace oekd {

std::optional<TrapQueues::Rotation> TrapQueues::wait(TrapName const& trap, uint32_t alias, Flow const& flow)
{
    auto& ring = m_rings[trap];
    if (alias >= ring.aliases.size())
        return std::nullopt; // an acquire that was on its way when the trap was made anew
    if (m_waiting.try_emplace(flow, Queue{trap, alias}).second)
        ++ring.aliases[alias].waiting;
    ring.aliases[alias].last_used = ++m_uses;
    if (alias != ring.front)
        return std::nullopt;
    auto const front = next_front(ring);
    if (!front)
        return std::nullopt;
    ring.front = *front;
    return Rotation{*front, alias};
}

/// The one that has been empty for the longest; a new one where all are in use, or were a moment ago.
std::optional<uint32_t> TrapQueues::next_front(Ring& ring)
{
    auto const oldest = std::ranges::min_element(
        ring.aliases, {}, [](Alias const& alias) { return std::pair(alias.waiting != 0, alias.last_used); });
    if (oldest->waiting == 0 && ring.aliases.size() >= rotated_aliases)
        return static_cast<uint32_t>(oldest - ring.aliases.begin());
    if (ring.aliases.size() == max_aliases)
        return std::nullopt;
    ring.aliases.emplace_back();
    return static_cast<uint32_t>(ring.aliases.size() - 1);
}

std::optional<TrapQueues::Queue> TrapQueues::decided(Flow const& flow)
{
    auto const waiting = m_waiting.find(flow);
    if (waiting == m_waiting.end())
        return std::nullopt;
    auto const queue = waiting->second;
    m_waiting.erase(waiting);
    auto const ring = m_rings.find(queue.trap);
    if (ring == m_rings.end())
        return std::nullopt;
    auto& alias = ring->second.aliases.at(queue.alias);
    alias.last_used = ++m_uses;
    return --alias.waiting == 0 ? std::optional(queue) : std::nullopt;
}

std::vector<uint32_t> TrapQueues::further_aliases(TrapName const& trap) const
{
    auto const ring = m_rings.find(trap);
    std::vector<uint32_t> aliases;
    if (ring != m_rings.end())
        for (uint32_t i = 1; i < ring->second.aliases.size(); ++i)
            aliases.push_back(i);
    return aliases;
}

uint32_t TrapQueues::front(TrapName const& trap) const
{
    auto const ring = m_rings.find(trap);
    return ring == m_rings.end() ? 0 : ring->second.front;
}

void TrapQueues::forget_where(std::function<bool(TrapName const&)> const& condition)
{
    std::erase_if(m_rings, [&](auto const& ring) { return condition(ring.first); });
    std::erase_if(m_waiting, [&](auto const& waiting) { return condition(waiting.second.trap); });
}

void TrapQueues::clear()
{
    m_rings.clear();
    m_waiting.clear();
}

} // namespace oekd
