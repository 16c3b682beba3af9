// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel-glue/priorities.h"
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
/// comes in front of it, and when all its flows are decided the queue is looked at and the alias goes to the
/// back.
///
/// Not earlier: the kernel asks us before it queues the packet, and by the time we answer it may not have
/// done so. A policy that is written anew in between is another one, and the packet waits in a queue that
/// nobody looks at. Pure bookkeeping; the policies are ForwardingPlane's.
class TrapQueues {
public:
    /// More flows than this, undecided at the same time, share queues.
    static constexpr uint32_t max_aliases = 64;
    /// So many take turns before one comes again: the kernel empties a queue with its next tick, which takes
    /// 10 ms, and what comes into the queue meanwhile is looked at with the rest.
    static constexpr uint32_t rotated_aliases = 12;

    /// Where an alias stands.
    struct Placement {
        uint32_t alias = 0;
        Turn turn = Turn::First;
        friend bool operator==(Placement const&, Placement const&) = default;
    };
    struct Rotation {
        Placement front{};               ///< comes in front
        std::optional<Placement> back{}; ///< goes to the back at once, as no greater turn is left
        friend bool operator==(Rotation const&, Rotation const&) = default;
    };
    /// A packet of this flow waits in the queue of this alias. What must change in the kernel, if anything.
    std::optional<Rotation> wait(TrapName const& trap, uint32_t alias, Flow const& flow);

    struct Decided {
        TrapName trap;
        Placement emptied{};              ///< to be looked at
        std::optional<Placement> front{}; ///< gives up a turn that it does not need any more
        friend bool operator==(Decided const&, Decided const&) = default;
    };
    /// The flow is decided, or gone. What must change where it was the last one that waited in its queue.
    std::optional<Decided> decided(Flow const& flow);

    /// Aliases that the trap has in the kernel besides 0.
    [[nodiscard]] std::vector<uint32_t> further_aliases(TrapName const& trap) const;
    /// Of traps that are gone, or new.
    void forget_where(std::function<bool(TrapName const&)> const& condition);
    void clear();

private:
    struct Alias {
        size_t waiting = 0;
        uint64_t last_used = 0; ///< a queue that was just looked at is best left alone for a moment
        Turn turn = Turn::Back;
    };
    struct Ring {
        std::vector<Alias> aliases{Alias{.turn = Turn::First}};
        uint32_t front = 0;
    };
    struct Queue {
        TrapName trap;
        uint32_t alias = 0;
    };
    [[nodiscard]] static std::optional<uint32_t> next_front(Ring& ring);
    [[nodiscard]] static Turn after_all_but(Ring const& ring, uint32_t alias);
    [[nodiscard]] static std::optional<Placement> lower_front(Ring& ring);

    std::unordered_map<TrapName, Ring> m_rings; ///< of traps that have caught something
    std::unordered_map<Flow, Queue> m_waiting;
    uint64_t m_uses = 0;
};

} // namespace oekd
