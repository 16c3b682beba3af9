// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/address.h"
#include "policy/flow.h"
#include "policy/group.h"
#include "policy/service.h"

#include <cstdint>

/// Every number that oekd writes into the kernel's policy database stands here.
///
/// The kernel takes the matching policy with the numerically lowest priority. Explicit security policy
/// preempts opportunistic encryption (RFC 7435 §3), so our band lies above the numbers that strongSwan (below
/// 400 000) and libreswan (below 4 000 000) write. Inside the band each prefix length has a place, the longer
/// before the shorter, whatever the groups. Inside a place come first the lines that name a service, by
/// rank_of(), each with its flows just before it; then flows that cover everything, then the plain lines. A
/// flow takes the place of the line that decides about it: so a line with a service still decides about its
/// packets when the two hosts have a flow. The lowest bit says what must happen to the policy when oekd is
/// gone: `oekd --release` finds its work by the band and this bit alone.
///
/// Before all places stands what is exempt: DNS, DHCP and NTP so that a decision can be made with their help.
/// With a peer that has an SA with us DNS and NTP go through it, as it may accept nothing else by then.
namespace oekd {

constexpr uint32_t priority_band_first = 0x4f45'0000; ///< "OE"
constexpr uint32_t priority_band_last = 0x4f46'ffff;

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
/// An exempt service with a peer that has an SA with us; counts as a flow's policy.
[[nodiscard]] constexpr uint32_t encrypted_service_priority() { return priority_band_first + 0x40; }
/// Exempt services with everybody else.
[[nodiscard]] constexpr uint32_t service_priority() { return priority_band_first + 0x80; }
[[nodiscard]] constexpr bool is_exemption(uint32_t priority)
{
    return priority == exemption_priority() || priority == service_priority();
}
/// The policies of a flow about which a line for this network decides.
[[nodiscard]] uint32_t flow_priority(Prefix const& network, Service const& service, WhenGone fate);
[[nodiscard]] bool is_flow(uint32_t priority);
/// Comes just before the flow's own.
[[nodiscard]] uint32_t overtaking_priority(uint32_t flow);
/// Of the wide traps of one line, which catch the same packets, the one with the greatest turn comes first.
/// Those at the back only keep their queues.
enum class Turn : uint32_t { Back = 0, First = 1, Last = 64 };
/// A group line.
[[nodiscard]] uint32_t line_priority(Prefix const& network, Service const& service, WhenGone fate,
                                     Turn turn = Turn::First);
/// The same line's number for this turn; other numbers stay as they are.
[[nodiscard]] uint32_t with_turn(uint32_t priority, Turn turn);
/// ICMP errors that path MTU discovery needs, inside a closed network of this prefix length: just before the
/// network's plain line.
[[nodiscard]] uint32_t icmp_priority(Prefix const& network, WhenGone fate);
/// A network that is clear unless a line says otherwise: after a line for the same network.
[[nodiscard]] uint32_t unasked_priority(Prefix const& network);
/// True for line_priority() and unasked_priority().
[[nodiscard]] bool is_line(uint32_t priority);

/// Reqids that oekd gives out; others' (libcharon's and libreswan's counters start at 1 and 16384) lie below.
constexpr uint32_t reqid_band_first = 0x4f45'0000;
constexpr uint32_t reqid_band_last = 0x4f5f'ffff;
[[nodiscard]] constexpr bool is_ours(Reqid reqid)
{
    return uint32_t(reqid) >= reqid_band_first && uint32_t(reqid) <= reqid_band_last;
}
/// For SAs that are never used.
constexpr Reqid throw_away_reqid{reqid_band_first};
/// For the SAs of flows.
constexpr Reqid flow_reqid_first{reqid_band_first + 1};
constexpr Reqid flow_reqid_last{0x4f4f'ffff};
/// The wide traps of a service for one of our addresses and the holds of its flows share a reqid: a hold with
/// another one would make the kernel ask a second time. Other services and addresses have others: while a
/// larval SA to a destination lives, the kernel asks for no second one with the same reqid, whatever the
/// ports, and now and then whatever the source. Two may come to the same number; then the second waits for
/// the first.
[[nodiscard]] Reqid trap_reqid_of(Address const& own, Service const& service);
[[nodiscard]] constexpr bool is_trap(Reqid reqid) { return reqid > flow_reqid_last && is_ours(reqid); }

} // namespace oekd
