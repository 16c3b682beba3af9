// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/priorities.h"

#include <cstddef>

namespace oekd {

namespace {

// A line's place is the number of its host bits, so that IPv4 and IPv6 share one scale: 0 for a single host,
// 128 for ::/0.
constexpr uint32_t places_first = priority_band_first + 0x1000;
constexpr uint32_t place_size = 0x2b0;
constexpr uint32_t places = 129;
static_assert(places_first + places * place_size - 1 <= priority_band_last);

// Offsets inside a place. Each is even: the lowest bit is what becomes of the policy.
constexpr uint32_t step = 2;
constexpr uint32_t overtaking_offset = 0;
constexpr uint32_t flow_offset = overtaking_offset + step;
constexpr uint32_t front_offset = flow_offset + step; // of the last turn
constexpr uint32_t back_offset = front_offset + static_cast<uint32_t>(Turn::Last) * step;
constexpr uint32_t rank_size = back_offset + step;
constexpr uint32_t plain_rank = service_ranks - 1;
constexpr uint32_t icmp_offset = plain_rank * rank_size + front_offset; // moves the plain lines up by one
constexpr uint32_t shift_after_icmp = step;
constexpr uint32_t unasked_offset = service_ranks * rank_size + shift_after_icmp;
static_assert(unasked_offset + 1 < place_size);

uint32_t place(Prefix const& network)
{
    return places_first + static_cast<uint32_t>(network.address().bits() - network.length()) * place_size;
}

uint32_t offset_of(Turn turn) { return back_offset - static_cast<uint32_t>(turn) * step; }

uint32_t offset_in_rank(uint32_t offset)
{
    return (offset > icmp_offset ? offset - shift_after_icmp : offset) % rank_size;
}

/// What a number inside a place means.
enum class Kind { Flow, Front, Back, Icmp, Unasked, None };

Kind kind_of(uint32_t priority)
{
    if (priority < places_first || priority >= places_first + places * place_size)
        return Kind::None;
    auto const offset = (priority - places_first) % place_size & ~uint32_t{1};
    if (offset == icmp_offset)
        return Kind::Icmp;
    if (offset >= unasked_offset)
        return offset == unasked_offset ? Kind::Unasked : Kind::None;
    switch (offset_in_rank(offset)) {
    case overtaking_offset:
    case flow_offset: return Kind::Flow;
    case back_offset: return Kind::Back;
    default: return Kind::Front;
    }
}

} // namespace

uint32_t flow_priority(Prefix const& network, Service const& service, WhenGone fate)
{
    return place(network) + rank_of(service) * rank_size + flow_offset + static_cast<uint32_t>(fate);
}

uint32_t overtaking_priority(uint32_t flow) { return flow - (flow_offset - overtaking_offset); }

uint32_t line_priority(Prefix const& network, Service const& service, WhenGone fate, Turn turn)
{
    auto const rank = rank_of(service);
    return place(network) + rank * rank_size + offset_of(turn) + (rank == plain_rank ? shift_after_icmp : 0) +
           static_cast<uint32_t>(fate);
}

uint32_t with_turn(uint32_t priority, Turn turn)
{
    auto const kind = kind_of(priority);
    if (kind != Kind::Front && kind != Kind::Back)
        return priority;
    auto const offset = (priority - places_first) % place_size & ~uint32_t{1};
    return priority - offset_in_rank(offset) + offset_of(turn);
}

uint32_t icmp_priority(Prefix const& network, WhenGone fate)
{
    return place(network) + icmp_offset + static_cast<uint32_t>(fate);
}

uint32_t unasked_priority(Prefix const& network)
{
    return place(network) + unasked_offset + static_cast<uint32_t>(WhenGone::Open);
}

bool is_flow(uint32_t priority)
{
    return kind_of(priority) == Kind::Flow || priority == encrypted_service_priority();
}

bool is_line(uint32_t priority)
{
    auto const kind = kind_of(priority);
    return kind == Kind::Front || kind == Kind::Back || kind == Kind::Unasked;
}

Reqid trap_reqid_of(Address const& own, Service const& service)
{
    constexpr uint32_t first = static_cast<uint32_t>(flow_reqid_last) + 1;
    constexpr uint32_t count = reqid_band_last - first + 1;
    uint32_t mixed =
        (uint32_t{service.protocol} * 65'537 + service.local_port) * 65'539 + service.remote_port;
    for (auto const byte : own.bytes())
        mixed = mixed * 16'777'619 + std::to_integer<uint32_t>(byte); // FNV's prime
    return Reqid{first + mixed % count};
}

} // namespace oekd
