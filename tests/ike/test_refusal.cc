// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/refusal.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

using namespace oekd;

namespace {

using Bytes = std::vector<unsigned char>;

constexpr unsigned char request = 0x08;
constexpr unsigned char response = 0x20;
constexpr unsigned char auth = 35;

/// An IKE message with this SPI: RFC 7296 §3.1.
Bytes message(unsigned char first, Bytes const& payloads, unsigned char flags = response,
              unsigned char exchange = 34)
{
    Bytes bytes{1, 2, 3,     4,    5,        6,     7,
                8, 0, 0,     0,    0,        0,     0,
                0, 0, first, 0x20, exchange, flags, 0,
                0, 0, 0,     0,    0,        0,     static_cast<unsigned char>(28 + payloads.size())};
    bytes.insert(bytes.end(), payloads.begin(), payloads.end());
    return bytes;
}

Bytes notify(unsigned type, unsigned char next = 0)
{
    return {next, 0, 0, 8, 0, 0, static_cast<unsigned char>(type >> 8), static_cast<unsigned char>(type)};
}

Bytes operator+(Bytes one, Bytes const& other)
{
    one.insert(one.end(), other.begin(), other.end());
    return one;
}

std::optional<Refusal> parse(Bytes const& bytes) { return parse_refusal(std::as_bytes(std::span(bytes))); }

} // namespace

TEST_CASE("which answers to IKE_SA_INIT are refusals", "[ike]")
{
    struct Row {
        std::string_view what;
        Bytes datagram;
        std::optional<uint16_t> type;
    };
    Bytes const vendor{41, 0, 0, 6, 'x', 'y'};
    auto const row = GENERATE_COPY(values<Row>({
        {"NO_PROPOSAL_CHOSEN", message(41, notify(14)), 14},
        {"behind the marker of the NAT port", Bytes(4) + message(41, notify(14)), 14},
        {"behind another payload", message(43, vendor + notify(7)), 7},
        {"behind a notify that is none", message(41, notify(16'388, 41) + notify(24)), 24},
        {"with an SPI", message(41, {0, 0, 0, 12, 3, 4, 0, 14, 1, 2, 3, 4}), 14},
        {"a cookie", message(41, notify(16'390)), std::nullopt},
        {"another key exchange, please", message(41, notify(17)), std::nullopt},
        {"a proposal", message(33, {0, 0, 0, 8, 0, 0, 0, 14}), std::nullopt},
        {"a request", message(41, notify(14), request), std::nullopt},
        {"IKE_AUTH", message(41, notify(14), response, auth), std::nullopt},
        {"nothing", message(0, {}), std::nullopt},
        {"a payload too short for its header", message(41, {0, 0, 0, 3, 0, 0, 0, 14}), std::nullopt},
        {"a payload without an end", message(41, {0, 0, 0, 9, 0, 0, 0, 14}), std::nullopt},
        {"a notify without a type", message(41, {0, 0, 0, 7, 0, 0, 0}), std::nullopt},
        {"no header", Bytes(27, 34), std::nullopt},
        {"nothing at all", {}, std::nullopt},
    }));
    INFO(row.what);
    auto const refusal = parse(row.datagram);
    CHECK(refusal.has_value() == row.type.has_value());
    if (refusal && row.type)
        CHECK(refusal->type == *row.type);
}

TEST_CASE("a refusal names the SPI as it is on the wire", "[ike]")
{
    uint64_t spi = 0;
    Bytes const bytes{1, 2, 3, 4, 5, 6, 7, 8};
    std::memcpy(&spi, bytes.data(), sizeof spi);
    CHECK(parse(message(41, notify(14))) == Refusal{.initiator_spi = spi, .type = 14});
}
