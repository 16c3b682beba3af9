// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/priorities.h"
#include "tests/kernel-glue/private_network.h"

#include <array>
#include <catch2/catch.hpp>

using namespace oekd;
using test::address;

namespace {

std::vector<Prefix> every_length(Family family)
{
    std::vector<Prefix> networks;
    auto const any = Address::any(family);
    for (int length = any.bits(); length >= 0; --length)
        networks.emplace_back(any, length);
    return networks;
}

/// By rank.
constexpr std::array services{Service{6, 1, 2}, Service{6, 0, 2}, Service{6, 1, 0}, Service{6, 0, 0},
                              Service{}};

} // namespace

TEST_CASE("priorities lie inside the band, and say what becomes of the policy and what it is",
          "[kernel-glue][priorities]")
{
    auto const family = GENERATE(Family::V4, Family::V6);
    auto const fate = GENERATE(WhenGone::Open, WhenGone::Closed);
    for (auto const& network : every_length(family)) {
        INFO(network.to_string());
        for (auto const& service : services) {
            auto const flow = flow_priority(network, service, fate);
            auto const line = line_priority(network, service, fate);
            auto const back = line_priority(network, service, fate, Turn::Back);
            auto const last = line_priority(network, service, fate, Turn::Last);
            for (auto const priority : {flow, line, back, last}) {
                CHECK(is_ours(priority));
                CHECK(when_gone(priority) == fate);
                CHECK(is_flow(priority) == (priority == flow));
                CHECK(is_line(priority) == (priority != flow));
            }
            CHECK(with_turn(line, Turn::Back) == back);
            CHECK(with_turn(back, Turn::First) == line);
            CHECK(with_turn(back, Turn::Last) == last);
            CHECK(with_turn(last, Turn::First) == line);
            CHECK(with_turn(flow, Turn::Back) == flow);
        }
        auto const icmp = icmp_priority(network, fate);
        CHECK((is_ours(icmp) && !is_flow(icmp) && !is_line(icmp) && when_gone(icmp) == fate));
        CHECK(with_turn(icmp, Turn::Back) == icmp);
        CHECK(is_ours(unasked_priority(network)));
        CHECK(is_line(unasked_priority(network)));
        CHECK(when_gone(unasked_priority(network)) == WhenGone::Open);
    }
    CHECK(is_ours(exemption_priority()));
    CHECK_FALSE((is_flow(exemption_priority()) || is_line(exemption_priority())));
    CHECK(when_gone(exemption_priority()) == WhenGone::Open);
    CHECK((is_ours(service_priority()) && is_ours(encrypted_service_priority())));
    CHECK_FALSE((is_flow(service_priority()) || is_line(service_priority())));
    CHECK(when_gone(service_priority()) == WhenGone::Open);
}

TEST_CASE("in one place: services by rank, each flow before its line, everything last",
          "[kernel-glue][priorities]")
{
    for (auto const& network : every_length(Family::V6)) {
        INFO(network.to_string());
        uint32_t before = exemption_priority();
        for (auto const& service : services) {
            CHECK(before < flow_priority(network, service, WhenGone::Open));
            CHECK(flow_priority(network, service, WhenGone::Closed) <
                  line_priority(network, service, WhenGone::Open, Turn::Last));
            CHECK(line_priority(network, service, WhenGone::Closed, Turn::Last) <
                  line_priority(network, service, WhenGone::Open));
            CHECK(line_priority(network, service, WhenGone::Closed) <
                  line_priority(network, service, WhenGone::Open, Turn::Back));
            before = line_priority(network, service, WhenGone::Closed, Turn::Back);
        }
        // The exceptions for ICMP stand between the flows and the plain line.
        CHECK(flow_priority(network, {}, WhenGone::Closed) < icmp_priority(network, WhenGone::Open));
        CHECK(icmp_priority(network, WhenGone::Closed) <
              line_priority(network, {}, WhenGone::Open, Turn::Last));
        CHECK(before < unasked_priority(network));
    }
}

TEST_CASE("exempt services come before all places, and before them where there is an SA",
          "[kernel-glue][priorities]")
{
    auto const first = Prefix::host(Address::any(Family::V4));
    CHECK(service_priority() < flow_priority(first, services.front(), WhenGone::Open));
    CHECK(encrypted_service_priority() < service_priority());
    CHECK(is_flow(encrypted_service_priority()));
    CHECK((is_exemption(service_priority()) && is_exemption(exemption_priority())));
    CHECK_FALSE(is_exemption(encrypted_service_priority()));
}

TEST_CASE("a longer prefix comes before a shorter one, whatever else", "[kernel-glue][priorities]")
{
    auto const family = GENERATE(Family::V4, Family::V6);
    auto const networks = every_length(family);
    for (size_t i = 1; i < networks.size(); ++i) {
        INFO(networks[i - 1].to_string() << " and " << networks[i].to_string());
        CHECK(unasked_priority(networks[i - 1]) + 1 <
              flow_priority(networks[i], services.front(), WhenGone::Open));
    }
}

TEST_CASE("each service and own address has a trap's reqid, which is no flow's", "[kernel-glue][priorities]")
{
    auto const own = address("10.1.0.1");
    for (auto const& service : services) {
        CHECK(is_trap(trap_reqid_of(own, service)));
        CHECK(is_ours(trap_reqid_of(own, service)));
        CHECK(trap_reqid_of(own, service) != trap_reqid_of(address("10.1.0.2"), service));
    }
    CHECK(trap_reqid_of(own, {6, 0, 22}) != trap_reqid_of(own, {6, 22, 0}));
    CHECK(trap_reqid_of(address("fd01::1"), {}) != trap_reqid_of(address("fd01::2"), {}));
    CHECK_FALSE(is_trap(flow_reqid_first));
    CHECK_FALSE(is_trap(flow_reqid_last));
}

TEST_CASE("the band lies above the numbers of other programs", "[kernel-glue][priorities]")
{
    CHECK(priority_band_first > 4'000'000); // libreswan's highest
    CHECK(!is_ours(priority_band_first - 1));
    CHECK(!is_ours(priority_band_last + 1));
    CHECK(is_ours(throw_away_reqid));
    CHECK(!is_ours(Reqid{16384}));
}
