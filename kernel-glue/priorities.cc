// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/priorities.h"

namespace oekd {

namespace {

// A line's place is the number of its host bits, so that IPv4 and IPv6 share one scale: 0 for a single host,
// 128 for ::/0. Between two places there is room for lines that name protocol and ports, which will go before
// the plain one.
constexpr uint32_t lines_first = priority_band_first + 0x1000;
constexpr uint32_t step = 0x10;
constexpr uint32_t icmp_offset = 0;
constexpr uint32_t line_offset = 8;
constexpr uint32_t unasked_offset = 12;
static_assert(lines_first > flow_priority(WhenGone::Closed));
static_assert(lines_first + 128 * step + step - 1 <= priority_band_last);

uint32_t place(Prefix const& network)
{
    return lines_first + static_cast<uint32_t>(network.address().bits() - network.length()) * step;
}

} // namespace

uint32_t icmp_priority(Prefix const& network, WhenGone fate)
{
    return place(network) + icmp_offset + static_cast<uint32_t>(fate);
}

uint32_t line_priority(Prefix const& network, WhenGone fate)
{
    return place(network) + line_offset + static_cast<uint32_t>(fate);
}

uint32_t unasked_priority(Prefix const& network)
{
    return place(network) + unasked_offset + static_cast<uint32_t>(WhenGone::Open);
}

} // namespace oekd
