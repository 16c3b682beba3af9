// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/priorities.h"

#include <catch2/catch.hpp>

using namespace oekd;

namespace {

std::vector<Prefix> every_length(Family family)
{
    std::vector<Prefix> networks;
    auto const any = Address::any(family);
    for (int length = any.bits(); length >= 0; --length)
        networks.emplace_back(any, length);
    return networks;
}

} // namespace

TEST_CASE("priorities lie inside the band and say what becomes of the policy", "[kernel-glue][priorities]")
{
    auto const family = GENERATE(Family::V4, Family::V6);
    auto const fate = GENERATE(WhenGone::Open, WhenGone::Closed);
    for (auto const& network : every_length(family)) {
        INFO(network.to_string());
        for (auto const priority : {icmp_priority(network, fate), line_priority(network, fate)}) {
            CHECK(is_ours(priority));
            CHECK(when_gone(priority) == fate);
        }
        CHECK(is_ours(unasked_priority(network)));
        CHECK(when_gone(unasked_priority(network)) == WhenGone::Open);
    }
    CHECK(is_ours(exemption_priority()));
    CHECK(when_gone(exemption_priority()) == WhenGone::Open);
    CHECK(is_ours(flow_priority(fate)));
    CHECK(when_gone(flow_priority(fate)) == fate);
}

TEST_CASE("exemptions come before flows, flows before every line", "[kernel-glue][priorities]")
{
    auto const family = GENERATE(Family::V4, Family::V6);
    auto const host = Prefix::host(Address::any(family));
    CHECK(exemption_priority() < flow_priority(WhenGone::Open));
    CHECK(flow_priority(WhenGone::Closed) < icmp_priority(host, WhenGone::Open));
    CHECK(flow_priority(WhenGone::Closed) < line_priority(host, WhenGone::Open));
}

TEST_CASE("a longer prefix comes before a shorter one, whatever becomes of them", "[kernel-glue][priorities]")
{
    auto const family = GENERATE(Family::V4, Family::V6);
    auto const networks = every_length(family);
    for (size_t i = 1; i < networks.size(); ++i) {
        auto const& longer = networks[i - 1];
        auto const& shorter = networks[i];
        INFO(longer.to_string() << " and " << shorter.to_string());
        CHECK(line_priority(longer, WhenGone::Closed) < icmp_priority(shorter, WhenGone::Open));
        CHECK(unasked_priority(longer) < icmp_priority(shorter, WhenGone::Open));
        CHECK(icmp_priority(shorter, WhenGone::Closed) < line_priority(shorter, WhenGone::Open));
        CHECK(line_priority(shorter, WhenGone::Closed) < unasked_priority(shorter));
    }
}

TEST_CASE("the band lies above the numbers of other programs", "[kernel-glue][priorities]")
{
    CHECK(priority_band_first > 4'000'000); // libreswan's highest
    CHECK(!is_ours(priority_band_first - 1));
    CHECK(!is_ours(priority_band_last + 1));
    CHECK(is_ours(trap_reqid));
    CHECK(!is_ours(Reqid{16384}));
}
