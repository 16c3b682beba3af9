// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/refusal.h"

#include <algorithm>
#include <cstring>

namespace oekd {

namespace {

using Bytes = std::span<std::byte const>;

// RFC 7296 §3.1
constexpr size_t header_size = 28;
constexpr size_t next_payload_at = 16;
constexpr size_t exchange_at = 18;
constexpr size_t flags_at = 19;
constexpr std::byte ike_sa_init{34};
constexpr std::byte response_flag{0x20};
// §3.2, §3.10
constexpr size_t payload_header_size = 4;
constexpr size_t length_at = 2;
constexpr std::byte notify{41};
constexpr size_t notify_type_at = 6;
constexpr size_t notify_size = 8;
// §3.10.1
constexpr uint16_t invalid_ke_payload = 17;
constexpr uint16_t first_status = 16'384;

uint16_t number_at(Bytes bytes, size_t at)
{
    return static_cast<uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8 |
                                 std::to_integer<unsigned>(bytes[at + 1]));
}

std::optional<uint16_t> error_in(Bytes payload)
{
    if (payload.size() < notify_size)
        return std::nullopt;
    auto const type = number_at(payload, notify_type_at);
    bool const ends_it = type < first_status && type != invalid_ke_payload;
    return ends_it ? std::optional(type) : std::nullopt;
}

} // namespace

Bytes without_marker(Bytes datagram)
{
    constexpr size_t marker_size = 4;
    auto const is_zero = [](std::byte byte) { return byte == std::byte{}; };
    bool const marked =
        datagram.size() >= marker_size && std::ranges::all_of(datagram.first(marker_size), is_zero);
    return marked ? datagram.subspan(marker_size) : datagram;
}

std::optional<Refusal> parse_refusal(Bytes datagram)
{
    auto const message = without_marker(datagram);
    if (message.size() < header_size || message[exchange_at] != ike_sa_init ||
        (message[flags_at] & response_flag) == std::byte{})
        return std::nullopt;
    Refusal refusal;
    std::memcpy(&refusal.initiator_spi, message.data(), sizeof refusal.initiator_spi);
    auto kind = message[next_payload_at];
    auto rest = message.subspan(header_size);
    while (kind != std::byte{} && rest.size() >= payload_header_size) {
        auto const length = size_t{number_at(rest, length_at)};
        if (length < payload_header_size || length > rest.size())
            return std::nullopt;
        if (auto const type = kind == notify ? error_in(rest.first(length)) : std::nullopt) {
            refusal.type = *type;
            return refusal;
        }
        kind = rest.front();
        rest = rest.subspan(length);
    }
    return std::nullopt;
}

} // namespace oekd
