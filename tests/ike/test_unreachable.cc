// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/unreachable.h"

#include <array>
#include <catch2/catch.hpp>
#include <cstring>

using namespace oekd;

namespace {

Address const remote = *Address::parse("10.2.0.1");

std::array<std::byte, 16> const quoted = [] {
    std::array<std::byte, 16> bytes{};
    for (size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = std::byte(i + 1);
    return bytes;
}();

uint64_t spi_at(size_t offset)
{
    uint64_t spi = 0;
    std::memcpy(&spi, quoted.data() + offset, sizeof spi);
    return spi;
}

sock_extended_err icmp(uint8_t origin, uint8_t type, uint8_t code)
{
    sock_extended_err error{};
    error.ee_origin = origin;
    error.ee_type = type;
    error.ee_code = code;
    return error;
}

} // namespace

TEST_CASE("ICMP errors: which ones say that nobody is there", "[ike]")
{
    struct Row {
        char const* why;
        sock_extended_err error;
        bool counts;
    };
    auto const row = GENERATE(values<Row>({
        {"net unreachable", icmp(SO_EE_ORIGIN_ICMP, 3, 0), true},
        {"host unreachable", icmp(SO_EE_ORIGIN_ICMP, 3, 1), true},
        {"protocol unreachable", icmp(SO_EE_ORIGIN_ICMP, 3, 2), true},
        {"port unreachable", icmp(SO_EE_ORIGIN_ICMP, 3, 3), true},
        {"administratively prohibited", icmp(SO_EE_ORIGIN_ICMP, 3, 13), true},
        {"fragmentation needed: the path is fine", icmp(SO_EE_ORIGIN_ICMP, 3, 4), false},
        {"time exceeded: a loop, which may pass", icmp(SO_EE_ORIGIN_ICMP, 11, 0), false},
        {"IPv6 no route", icmp(SO_EE_ORIGIN_ICMP6, 1, 0), true},
        {"IPv6 port unreachable", icmp(SO_EE_ORIGIN_ICMP6, 1, 4), true},
        {"IPv6 packet too big", icmp(SO_EE_ORIGIN_ICMP6, 2, 0), false},
        {"IPv4 numbers in an IPv6 error", icmp(SO_EE_ORIGIN_ICMP6, 3, 3), false},
        {"our own kernel's complaint", icmp(SO_EE_ORIGIN_LOCAL, 3, 3), false},
    }));
    INFO(row.why);
    CHECK(parse_unreachable(row.error, remote, quoted, MarkerBefore::No).has_value() == row.counts);
}

TEST_CASE("ICMP errors: the quoted SPI", "[ike]")
{
    auto const error = icmp(SO_EE_ORIGIN_ICMP, 3, 3);
    std::span<std::byte const> const all(quoted);
    CHECK(parse_unreachable(error, remote, all, MarkerBefore::No) ==
          Unreachable{.remote = remote, .initiator_spi = spi_at(0)});
    CHECK(parse_unreachable(error, remote, all, MarkerBefore::NonEsp) ==
          Unreachable{.remote = remote, .initiator_spi = spi_at(4)});
    CHECK(parse_unreachable(error, remote, all.first(8), MarkerBefore::No));
    CHECK_FALSE(parse_unreachable(error, remote, all.first(7), MarkerBefore::No));
    CHECK(parse_unreachable(error, remote, all.first(12), MarkerBefore::NonEsp));
    CHECK_FALSE(parse_unreachable(error, remote, all.first(11), MarkerBefore::NonEsp));
    CHECK_FALSE(parse_unreachable(error, remote, {}, MarkerBefore::No));
}
