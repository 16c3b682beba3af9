// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/priorities.h"
#include "kernel-glue/xfrm_requests.h"
#include "private_network.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <netinet/in.h>

using namespace oekd;
using namespace oekd::test;
using namespace oekd::xfrm;

namespace {

Selector between(std::string_view source, std::string_view destination)
{
    return {prefix(source), prefix(destination), 0, std::nullopt, std::nullopt};
}

Policy blocking(std::string_view source, std::string_view destination, uint32_t priority)
{
    return {between(source, destination), Direction::Out, priority, Verdict::Block, std::nullopt};
}

std::vector<Policy> samples()
{
    Template const transport{Address::any(Family::V4), Address::any(Family::V4), throw_away_reqid,
                             EspMode::Transport, Level::Required};
    Template const tunnel{address("fd02::1"), address("fd01::1"), Reqid{77}, EspMode::Tunnel, Level::Use};
    return {
        {between("10.1.0.1", "10.2.0.0/16"), Direction::Out, 5, Verdict::Allow, transport},
        {between("fd02::1", "fd01::1"), Direction::In, 6, Verdict::Allow, tunnel},
        {between("::/0", "ff00::/8"), Direction::Out, 7, Verdict::Allow, std::nullopt},
        {between("0.0.0.0/0", "10.1.0.1"), Direction::Forward, 8, Verdict::Block, std::nullopt},
        {{prefix("fd02::/16"), prefix("fd01::1"), IPPROTO_ICMPV6, uint16_t{1}, uint16_t{0}},
         Direction::In,
         9,
         Verdict::Allow,
         std::nullopt},
        {{prefix("10.2.0.0/16"), prefix("10.1.0.1"), IPPROTO_ICMP, uint16_t{11}, std::nullopt},
         Direction::In,
         0xffff'fffe,
         Verdict::Allow,
         std::nullopt},
    };
}

} // namespace

TEST_CASE("policies come back from the kernel as they were given", "[kernel-glue][requests][kernel]")
{
    PrivateNetwork const network;
    auto requests = Requests::open().value();
    for (auto const& policy : samples()) {
        REQUIRE(requests.create(policy));
        CHECK(requests.find(policy.selector, policy.direction).value() == policy);
    }
    auto const listed = requests.policies().value();
    CHECK(listed.size() == samples().size());
    for (auto const& policy : samples())
        CHECK(std::ranges::find(listed, policy) != listed.end());
    for (auto const& policy : samples())
        CHECK(requests.remove(policy.selector, policy.direction));
    CHECK(requests.policies().value().empty());
}

TEST_CASE("a policy that the kernel has named is removed by that name", "[kernel-glue][requests][kernel]")
{
    PrivateNetwork const network;
    auto requests = Requests::open().value();
    REQUIRE(requests.create(blocking("10.1.0.1", "10.2.0.0/16", 5)));
    REQUIRE(requests.create(blocking("10.1.0.1", "10.3.0.0/16", 5)));
    auto const listed = requests.policies().value();
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].index != 0);
    REQUIRE(requests.remove(listed[0]));
    CHECK(requests.policies().value() == std::vector{listed[1]});
    CHECK(requests.remove(listed[0]).error().code == ErrorCode::NotFound);
    REQUIRE(requests.remove(blocking("10.1.0.1", listed[1].selector.destination.to_string(), 5)));
    CHECK(requests.policies().value().empty());
}

TEST_CASE("a dump of many policies is complete", "[kernel-glue][requests][kernel]")
{
    PrivateNetwork const network;
    auto requests = Requests::open().value();
    constexpr int count = 1000; // several datagrams
    for (int i = 0; i < count; ++i)
        REQUIRE(requests.create(blocking("10.1.0.1", fmt::format("10.2.{}.{}", i / 250, i % 250), 5)));
    CHECK(requests.policies().value().size() == count);
}

TEST_CASE("one selector and direction holds one policy, whatever its priority",
          "[kernel-glue][requests][kernel]")
{
    PrivateNetwork const network;
    auto requests = Requests::open().value();
    auto const first = blocking("10.1.0.1", "10.2.0.1", 1000);
    REQUIRE(requests.create(first));
    auto const second = requests.create(blocking("10.1.0.1", "10.2.0.1", 2000));
    REQUIRE(!second);
    CHECK(second.error().code == ErrorCode::Exists);
    CHECK(requests.find(first.selector, Direction::Out).value() == first);

    auto const replacement = blocking("10.1.0.1", "10.2.0.1", 3000);
    REQUIRE(requests.update(replacement));
    CHECK(requests.policies().value() == std::vector{replacement});
}

TEST_CASE("a selector is looked up exactly", "[kernel-glue][requests][kernel]")
{
    PrivateNetwork const network;
    auto requests = Requests::open().value();
    REQUIRE(requests.create(blocking("10.1.0.1", "10.2.0.0/16", 5)));
    struct Row {
        char const* why;
        Selector selector;
        Direction direction;
    };
    std::vector<Row> const rows{
        {"longer prefix", between("10.1.0.1", "10.2.0.0/24"), Direction::Out},
        {"shorter prefix", between("10.1.0.1", "10.0.0.0/8"), Direction::Out},
        {"a host in it", between("10.1.0.1", "10.2.0.1"), Direction::Out},
        {"other direction", between("10.1.0.1", "10.2.0.0/16"), Direction::In},
        {"a protocol",
         {prefix("10.1.0.1"), prefix("10.2.0.0/16"), 6, std::nullopt, std::nullopt},
         Direction::Out},
        {"a port", {prefix("10.1.0.1"), prefix("10.2.0.0/16"), 0, uint16_t{0}, std::nullopt}, Direction::Out},
    };
    for (auto const& row : rows) {
        INFO(row.why);
        CHECK(requests.find(row.selector, row.direction).error().code == ErrorCode::NotFound);
        CHECK(requests.remove(row.selector, row.direction).error().code == ErrorCode::NotFound);
    }
    CHECK(requests.find(between("10.1.0.1", "10.2.0.0/16"), Direction::Out));
}

TEST_CASE("a policy that we cannot express is found as somebody else's", "[kernel-glue][requests][kernel]")
{
    PrivateNetwork const network;
    run("ip xfrm policy add src 10.1.0.1/32 dst 10.2.0.1/32 dir out priority 5 tmpl proto ah mode transport");
    auto requests = Requests::open().value();
    CHECK(requests.find(between("10.1.0.1", "10.2.0.1"), Direction::Out).error().code == ErrorCode::Exists);
    CHECK(requests.policies().value().empty());
}

TEST_CASE("errors say what was asked, and why the kernel refused", "[kernel-glue][requests][kernel]")
{
    PrivateNetwork const network;
    auto requests = Requests::open().value();
    // The kernel refuses an optional tunnel template in `out`.
    auto policy = blocking("10.1.0.1", "10.2.0.1", 5);
    policy.verdict = Verdict::Allow;
    policy.tmpl = Template{address("10.1.0.1"), address("10.2.0.1"), Reqid{1}, EspMode::Tunnel, Level::Use};
    auto const refused = requests.create(policy);
    REQUIRE(!refused);
    CHECK(refused.error().code == ErrorCode::System);
    CHECK_THAT(refused.error().message,
               Catch::StartsWith("creating out policy 10.1.0.1/32 -> 10.2.0.1/32: ") &&
                   Catch::EndsWith("Invalid argument"));
    auto const missing = requests.remove_state(address("10.1.0.1"), address("10.2.0.1"), Spi{0x1234});
    REQUIRE(!missing);
    CHECK(missing.error().code == ErrorCode::NotFound);
    CHECK_THAT(missing.error().message,
               Catch::StartsWith("removing ESP SA 10.1.0.1 -> 10.2.0.1 SPI 0x00001234: "));
}

TEST_CASE("warming up tells whether the kernel can do ESP, and leaves nothing",
          "[kernel-glue][requests][kernel]")
{
    PrivateNetwork const network;
    auto requests = Requests::open().value();
    // iproute2's word on whether this kernel can.
    bool const can =
        std::system("ip xfrm state add src 10.1.0.1 dst 10.2.0.1 proto esp spi 0x1001 mode transport"
                    " aead 'rfc4106(gcm(aes))' 0x$(printf 'a%.0s' $(seq 40)) 128 2>/dev/null &&"
                    " ip xfrm state flush") == 0;
    auto const warm = requests.warm_up();
    CHECK(warm.has_value() == can);
    if (!warm) {
        CHECK(warm.error().code == ErrorCode::KernelWithoutEsp);
        CHECK_THAT(warm.error().message,
                   Catch::StartsWith("this kernel cannot do ESP with AES-GCM over IPv4: "));
    }
    CHECK(requests.states().value().empty());
}

TEST_CASE("removing a larval SA that is not there leaves none", "[kernel-glue][requests][kernel]")
{
    PrivateNetwork const network;
    auto requests = Requests::open().value();
    auto const mode = GENERATE(EspMode::Transport, EspMode::Tunnel);
    CHECK(requests.remove_larval(flow("10.1.0.1", "10.2.0.1"), throw_away_reqid, mode));
    CHECK(requests.remove_larval(flow("fd01::1", "fd01::2"), throw_away_reqid, mode));
    CHECK(requests.states().value().empty());
}
