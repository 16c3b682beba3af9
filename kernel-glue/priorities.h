// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/address.h"
#include "policy/flow.h"
#include "policy/group.h"

#include <cstdint>

/// Every number that oekd writes into the kernel's policy database stands here.
///
/// The kernel takes the matching policy with the numerically lowest priority. Explicit security policy
/// preempts opportunistic encryption (RFC 7435 §3), so our band lies above the numbers that strongSwan (below
/// 400 000) and libreswan (below 4 000 000) write. Inside the band a number says only how long the prefix is:
/// a flow comes before every group line, a longer prefix before a shorter one, whatever their groups. The
/// lowest bit says what must happen to the policy when oekd is gone: `oekd --release` finds its work by the
/// band and this bit alone.
namespace oekd {

constexpr uint32_t priority_band_first = 0x4f45'0000; ///< "OE"
constexpr uint32_t priority_band_last = 0x4f45'ffff;

/// What `oekd --release` does with a policy.
enum class WhenGone : uint32_t {
    Open = 0,  ///< removed: the traffic may go in the clear
    Closed = 1 ///< stays: `private` and `block` fail closed
};

[[nodiscard]] constexpr bool is_ours(uint32_t priority)
{
    return priority >= priority_band_first && priority <= priority_band_last;
}
[[nodiscard]] constexpr WhenGone when_gone(uint32_t priority) { return WhenGone(priority & 1); }
[[nodiscard]] constexpr WhenGone when_gone(PolicyGroup group)
{
    return group == PolicyGroup::Private || group == PolicyGroup::Block ? WhenGone::Closed : WhenGone::Open;
}

/// Neighbour discovery, own addresses and the like: before everything else.
[[nodiscard]] constexpr uint32_t exemption_priority() { return priority_band_first; }
/// A flow's own policies.
[[nodiscard]] constexpr uint32_t flow_priority(WhenGone fate)
{
    return priority_band_first + 0x100 + uint32_t(fate);
}
[[nodiscard]] constexpr bool is_flow(uint32_t priority)
{
    return priority == flow_priority(WhenGone::Open) || priority == flow_priority(WhenGone::Closed);
}
/// ICMP errors that path MTU discovery needs, inside a closed network of this prefix length: just before the
/// network.
[[nodiscard]] uint32_t icmp_priority(Prefix const& network, WhenGone fate);
/// A group line.
[[nodiscard]] uint32_t line_priority(Prefix const& network, WhenGone fate);
/// A network that is clear unless a line says otherwise: after a line for the same network.
[[nodiscard]] uint32_t unasked_priority(Prefix const& network);

/// Reqids that oekd gives out; others' (libcharon's and libreswan's counters start at 1 and 16384) lie below.
constexpr uint32_t reqid_band_first = 0x4f45'0000;
constexpr uint32_t reqid_band_last = 0x4f4f'ffff;
/// All wide traps and all holds share one reqid: a hold with another one would make the kernel ask a second
/// time.
constexpr Reqid trap_reqid{reqid_band_first};
[[nodiscard]] constexpr bool is_ours(Reqid reqid)
{
    return uint32_t(reqid) >= reqid_band_first && uint32_t(reqid) <= reqid_band_last;
}

} // namespace oekd
