// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/exemptions.h"
#include "kernel-glue/priorities.h"
#include "private_network.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <netinet/in.h>

using namespace oekd;
using namespace oekd::test;
using xfrm::Direction;
using xfrm::Policy;
using xfrm::Verdict;

namespace {

bool allows(Policy const& policy) { return policy.verdict == Verdict::Allow && !policy.tmpl; }

struct Packet {
    Direction direction;
    std::string_view source;
    std::string_view destination;
    uint8_t protocol = 0;
    uint16_t source_port = 0;
    uint16_t destination_port = 0;
};

bool matches(Policy const& policy, Packet const& packet)
{
    auto const& selector = policy.selector;
    return policy.direction == packet.direction && selector.source.contains(address(packet.source)) &&
           selector.destination.contains(address(packet.destination)) &&
           (selector.protocol == 0 || selector.protocol == packet.protocol) &&
           selector.source_port.value_or(packet.source_port) == packet.source_port &&
           selector.destination_port.value_or(packet.destination_port) == packet.destination_port;
}

/// The priority of the policy that lets this packet pass.
std::optional<uint32_t> exempt_at(Exempt const& exempt, Packet const& packet)
{
    for (auto const& policy : exemptions(exempt))
        if (matches(policy, packet))
            return policy.priority;
    return std::nullopt;
}

constexpr auto out = Direction::Out;
constexpr auto in = Direction::In;
constexpr uint8_t udp = IPPROTO_UDP;
constexpr uint8_t tcp = IPPROTO_TCP;

} // namespace

TEST_CASE("exemptions allow, and each is there once", "[kernel-glue][exemptions]")
{
    Exempt const everything{.own_addresses = {address("10.1.0.1"), address("fd01::1"), address("10.1.0.1")},
                            .dns_servers = {address("10.9.0.53"), address("10.9.0.53")},
                            .dns = GENERATE(Exempt::Dns::ToServers, Exempt::Dns::ToAny),
                            .ntp = Exempt::Ntp::ToAny};
    auto const policies = exemptions(everything);
    CHECK(std::ranges::all_of(policies, allows));
    for (auto const& policy : policies)
        CHECK(std::ranges::count(policies, policy) == 1);
}

TEST_CASE("what is exempt on every host", "[kernel-glue][exemptions]")
{
    Exempt const exempt{.own_addresses = {address("10.1.0.1"), address("fd01::1")}};
    struct Row {
        std::string_view why;
        Packet packet;
        std::optional<uint32_t> priority;
    };
    auto const row = GENERATE(values<Row>({
        {"to oneself", {out, "10.1.0.9", "10.1.0.1"}, exemption_priority()},
        {"from oneself", {in, "fd01::1", "fd01::9"}, exemption_priority()},
        {"to all hosts", {out, "fd01::1", "ff02::1"}, exemption_priority()},
        {"broadcast", {out, "10.1.0.1", "255.255.255.255"}, exemption_priority()},
        {"link-local", {in, "fe80::1", "fd01::1"}, exemption_priority()},
        {"a neighbour is asked", {out, "fd01::1", "fd01::2", IPPROTO_ICMPV6, 135}, exemption_priority()},
        {"an echo is not", {out, "fd01::1", "fd01::2", IPPROTO_ICMPV6, 128}, std::nullopt},
        {"renewal of a lease", {out, "10.1.0.1", "10.9.0.1", udp, 68, 67}, service_priority()},
        {"its answer", {in, "10.9.0.1", "10.1.0.1", udp, 67, 68}, service_priority()},
        {"no lease for others", {in, "10.9.0.1", "10.1.0.1", udp, 68, 67}, std::nullopt},
        {"a clock that is set", {out, "10.1.0.1", "10.9.0.1", udp, 123, 123}, std::nullopt},
        {"no resolver known", {out, "10.1.0.1", "10.9.0.1", udp, 4000, 53}, std::nullopt},
    }));
    INFO(row.why);
    CHECK(exempt_at(exempt, row.packet) == row.priority);
}

TEST_CASE("DNS goes to the resolvers in use and comes from them", "[kernel-glue][exemptions]")
{
    Exempt const exempt{.dns_servers = {address("10.9.0.53"), address("fd09::53")}};
    struct Row {
        std::string_view why;
        Packet packet;
        bool exempt;
    };
    auto const row = GENERATE(values<Row>({
        {"a query", {out, "10.1.0.1", "10.9.0.53", udp, 4000, 53}, true},
        {"its answer", {in, "10.9.0.53", "10.1.0.1", udp, 53, 4000}, true},
        {"over TCP", {out, "fd01::1", "fd09::53", tcp, 4000, 53}, true},
        {"over TLS", {out, "fd01::1", "fd09::53", tcp, 4000, 853}, true},
        {"over QUIC", {in, "fd09::53", "fd01::1", udp, 853, 4000}, true},
        {"another service there", {out, "10.1.0.1", "10.9.0.53", tcp, 4000, 443}, false},
        {"another server", {out, "10.1.0.1", "10.9.0.54", udp, 4000, 53}, false},
        {"their queries are not answers", {in, "10.9.0.53", "10.1.0.1", udp, 4000, 53}, false},
        {"nor do we answer them", {out, "10.1.0.1", "10.9.0.53", udp, 53, 4000}, false},
    }));
    INFO(row.why);
    CHECK(exempt_at(exempt, row.packet).has_value() == row.exempt);
}

TEST_CASE("behind a resolver of our own DNS goes to anybody", "[kernel-glue][exemptions]")
{
    Exempt const exempt{.dns_servers = {address("10.9.0.53")}, .dns = Exempt::Dns::ToAny};
    CHECK(exempt_at(exempt, {out, "10.1.0.1", "192.0.2.1", udp, 4000, 53}) == service_priority());
    CHECK(exempt_at(exempt, {out, "fd01::1", "2001:db8::1", tcp, 4000, 853}) == service_priority());
    CHECK(exempt_at(exempt, {in, "192.0.2.1", "10.1.0.1", udp, 53, 4000}) == service_priority());
    CHECK(!exempt_at(exempt, {in, "192.0.2.1", "10.1.0.1", udp, 4000, 53}));
    CHECK(!exempt_at(exempt, {out, "10.1.0.1", "192.0.2.1", tcp, 4000, 443}));
}

TEST_CASE("a clock that is not set is free to ask", "[kernel-glue][exemptions]")
{
    Exempt const exempt{.ntp = Exempt::Ntp::ToAny};
    CHECK(exempt_at(exempt, {out, "10.1.0.1", "192.0.2.1", udp, 4000, 123}) == service_priority());
    CHECK(exempt_at(exempt, {in, "2001:db8::1", "fd01::1", udp, 123, 123}) == service_priority());
    CHECK(!exempt_at(exempt, {out, "10.1.0.1", "192.0.2.1", tcp, 4000, 123}));
}

TEST_CASE("IPv4 link-local is clear only as long as no line says otherwise", "[kernel-glue][exemptions]")
{
    auto const priority = exempt_at({}, {out, "10.1.0.1", "169.254.169.254"});
    REQUIRE(priority);
    CHECK(*priority > line_priority(prefix("169.254.0.0/16"), {}, WhenGone::Closed));
    CHECK(*priority < line_priority(prefix("0.0.0.0/0"), {}, WhenGone::Open));
}
