// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/flow.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

namespace oekd {

/// One wide trap: a line for one of our addresses.
struct TrapName {
    Address own;
    Prefix network;
    Service service;
    friend bool operator==(TrapName const&, TrapName const&) = default;
};

} // namespace oekd

template <> struct std::hash<oekd::TrapName> {
    size_t operator()(oekd::TrapName const& name) const noexcept
    {
        return (std::hash<oekd::Address>{}(name.own) * 31 + std::hash<oekd::Prefix>{}(name.network)) * 31 +
               std::hash<oekd::Service>{}(name.service);
    }
};

namespace oekd {

/// Which packets wait in the queue of which wide trap.
///
/// A flow's first packet waits in the queue of the wide trap that it met, and the kernel looks at such a
/// queue from its head: behind the packet of a peer that does not answer nobody leaves, and when the head may
/// go, everybody behind it who may not is thrown away. So each wide trap exists several times, as aliases
/// that catch the same packets, one of them in front. As soon as a packet waits in its queue another one
/// takes the front, and the queue is looked at when all its flows are decided. Pure bookkeeping; the policies
/// are ForwardingPlane's.
class TrapQueues {
public:
    /// More flows than this, undecided at the same time, share queues.
    static constexpr uint32_t max_aliases = 16;
    /// So many take turns before one comes again: the kernel needs a moment to empty a queue.
    static constexpr uint32_t rotated_aliases = 4;

    struct Rotation {
        uint32_t front = 0; ///< comes in front
        uint32_t back = 0;  ///< goes to the back
        friend bool operator==(Rotation const&, Rotation const&) = default;
    };
    /// A packet of this flow waits in the queue of this alias. What must change in the kernel, if anything.
    std::optional<Rotation> wait(TrapName const& trap, uint32_t alias, Flow const& flow);

    struct Queue {
        TrapName trap;
        uint32_t alias = 0;
        friend bool operator==(Queue const&, Queue const&) = default;
    };
    /// The flow is decided, or gone. The queue to be looked at, where it was the last one that waited there.
    std::optional<Queue> decided(Flow const& flow);

    /// Aliases that the trap has in the kernel besides 0.
    [[nodiscard]] std::vector<uint32_t> further_aliases(TrapName const& trap) const;
    [[nodiscard]] uint32_t front(TrapName const& trap) const; ///< 0 for a trap never heard of
    /// Of traps that are gone, or new.
    void forget_where(std::function<bool(TrapName const&)> const& condition);
    void clear();

private:
    struct Alias {
        size_t waiting = 0;
        uint64_t last_used = 0; ///< a queue that was just looked at is best left alone for a moment
    };
    struct Ring {
        std::vector<Alias> aliases{1};
        uint32_t front = 0;
    };
    [[nodiscard]] static std::optional<uint32_t> next_front(Ring& ring);

    std::unordered_map<TrapName, Ring> m_rings; ///< of traps that have caught something
    std::unordered_map<Flow, Queue> m_waiting;
    uint64_t m_uses = 0;
};

} // namespace oekd
