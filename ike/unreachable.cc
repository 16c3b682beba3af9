// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/unreachable.h"

#include <cstring>
#include <linux/icmpv6.h>
#include <netinet/ip_icmp.h>

namespace oekd {

namespace {

constexpr size_t non_esp_marker_size = 4; // RFC 3948 §2.2

bool is_unreachable_v4(sock_extended_err const& error)
{
    if (error.ee_type != ICMP_DEST_UNREACH)
        return false;
    switch (error.ee_code) {
    case ICMP_NET_UNREACH:
    case ICMP_HOST_UNREACH:
    case ICMP_PROT_UNREACH:
    case ICMP_PORT_UNREACH:
    case ICMP_NET_ANO:
    case ICMP_HOST_ANO:
    case ICMP_PKT_FILTERED: return true;
    default: return false;
    }
}

bool is_unreachable(sock_extended_err const& error)
{
    switch (error.ee_origin) {
    case SO_EE_ORIGIN_ICMP: return is_unreachable_v4(error);
    case SO_EE_ORIGIN_ICMP6: return error.ee_type == ICMPV6_DEST_UNREACH;
    default: return false;
    }
}

} // namespace

std::optional<Unreachable> parse_unreachable(sock_extended_err const& error, Address const& remote,
                                             std::span<std::byte const> quoted, MarkerBefore marker)
{
    if (!is_unreachable(error))
        return std::nullopt;
    size_t const skipped = marker == MarkerBefore::NonEsp ? non_esp_marker_size : 0;
    Unreachable result{.remote = remote};
    if (quoted.size() < skipped + sizeof result.initiator_spi)
        return std::nullopt;
    std::memcpy(&result.initiator_spi, quoted.data() + skipped, sizeof result.initiator_spi);
    return result;
}

} // namespace oekd
