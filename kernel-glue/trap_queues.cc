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
    if (!front || *front == alias)
        return std::nullopt;
    ring.front = *front;
    auto& asked = ring.aliases[alias];
    auto& next = ring.aliases[*front];
    bool const turns_left = asked.turn != Turn::Last;
    if (!turns_left)
        asked.turn = Turn::Back;
    next.turn = after_all_but(ring, *front);
    return Rotation{{*front, next.turn},
                    turns_left ? std::nullopt : std::optional(Placement{alias, Turn::Back})};
}

/// The smallest turn with which this one comes first.
Turn TrapQueues::after_all_but(Ring const& ring, uint32_t alias)
{
    auto highest = Turn::Back;
    for (uint32_t i = 0; i < ring.aliases.size(); ++i)
        if (i != alias)
            highest = std::max(highest, ring.aliases[i].turn);
    return Turn{std::to_underlying(highest) + 1};
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

std::optional<TrapQueues::Decided> TrapQueues::decided(Flow const& flow)
{
    auto const waiting = m_waiting.find(flow);
    if (waiting == m_waiting.end())
        return std::nullopt;
    auto const [trap, number] = waiting->second;
    m_waiting.erase(waiting);
    auto const found = m_rings.find(trap);
    if (found == m_rings.end())
        return std::nullopt;
    auto& ring = found->second;
    auto& alias = ring.aliases.at(number);
    alias.last_used = ++m_uses;
    if (--alias.waiting != 0)
        return std::nullopt;
    if (number != ring.front)
        alias.turn = Turn::Back;
    auto lowered = lower_front(ring);
    if (number == ring.front)
        lowered.reset(); // it is looked at anyway
    return Decided{trap, {number, alias.turn}, lowered};
}

/// Turns grow as long as some alias is not at the back. While nothing waits in front there is time to begin
/// anew.
std::optional<TrapQueues::Placement> TrapQueues::lower_front(Ring& ring)
{
    constexpr Turn high{std::to_underlying(Turn::Last) / 2};
    auto& front = ring.aliases[ring.front];
    auto const enough = after_all_but(ring, ring.front);
    if (front.waiting != 0 || front.turn <= high || enough >= front.turn)
        return std::nullopt;
    front.turn = enough;
    return Placement{ring.front, enough};
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
