// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/flow.h"

#include <cstdint>
#include <optional>
#include <tuple>

/// XFRM's objects as values (include/uapi/linux/xfrm.h), so that nobody above has to know the kernel's
/// structs.
namespace oekd::xfrm {

enum class Direction : uint8_t { In, Out, Forward };
enum class Verdict : uint8_t { Allow, Block };
enum class Level : uint8_t {
    Required, ///< without the SA nothing passes
    Use       ///< cleartext passes as well
};

/// Which packets. Protocol 0 means any; for ICMP the kernel compares type and code as the ports.
struct Selector {
    Prefix source;
    Prefix destination;
    uint8_t protocol = 0;
    std::optional<uint16_t> source_port;      ///< or ICMP type
    std::optional<uint16_t> destination_port; ///< or ICMP code
    /// Kept by the kernel (as the selector's user), compared between policies and never with packets: so one
    /// network can have several policies, each with a queue of its own.
    uint32_t alias = 0;

    friend bool operator==(Selector const&, Selector const&) = default;
};

/// The ESP SA that packets need. Endpoints of any() mean "as the packet's", which only wide traps may say.
struct Template {
    Address source;
    Address destination;
    Reqid reqid{};
    EspMode mode = EspMode::Transport;
    Level level = Level::Required;

    friend bool operator==(Template const&, Template const&) = default;
};

struct Policy {
    Selector selector;
    Direction direction = Direction::Out;
    uint32_t priority = 0;
    Verdict verdict = Verdict::Allow;
    std::optional<Template> tmpl; ///< only with Allow
    uint32_t index = 0; ///< the kernel's own name for it, 0 where it has not told; not part of what it says

    friend bool operator==(Policy const& one, Policy const& other)
    {
        auto const says = [](Policy const& policy) {
            return std::tie(policy.selector, policy.direction, policy.priority, policy.verdict, policy.tmpl);
        };
        return says(one) == says(other);
    }
};

/// What the kernel tells of a packet that met a trap.
struct Packet {
    uint8_t protocol = 0;
    uint16_t source_port = 0;      ///< or ICMP type; 0 where the protocol has none
    uint16_t destination_port = 0; ///< or ICMP code
    friend bool operator==(Packet const&, Packet const&) = default;
};

/// The kernel asks for an SA (XFRM_MSG_ACQUIRE). The flow's hosts come from the SA, its service from the
/// policy that fired; the packet's own selector may name the port of an unrelated probe.
struct Acquire {
    Flow flow;
    Reqid reqid{};      ///< of the policy that fired
    uint32_t alias = 0; ///< likewise
    Packet packet{};    ///< the first of those that wait
    friend bool operator==(Acquire const&, Acquire const&) = default;
};

/// An SA reached a limit (XFRM_MSG_EXPIRE).
struct Expire {
    enum class Limit { Soft, Hard } limit = Limit::Soft;
    Address source;
    Address destination;
    Reqid reqid{};
    Spi spi{}; ///< 0: a larval SA
    friend bool operator==(Expire const&, Expire const&) = default;
};

/// One SA as the kernel shows it (XFRM_MSG_NEWSA in a dump).
struct State {
    Address source;
    Address destination;
    Reqid reqid{};
    Spi spi{}; ///< 0: a larval SA
    EspMode mode = EspMode::Transport;
    uint64_t bytes = 0;
    uint64_t packets = 0;
    Service service{}; ///< of its selector; of a larval SA: the packet's that asked for it
    Packet packet{};   ///< of a larval SA
};

} // namespace oekd::xfrm
