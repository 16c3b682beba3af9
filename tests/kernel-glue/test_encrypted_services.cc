// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/encrypted_services.h"
#include "kernel-glue/priorities.h"
#include "private_network.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <netinet/in.h>

using namespace oekd;
using namespace oekd::test;
using xfrm::Direction;
using xfrm::Policy;

namespace {

constexpr auto poc = PolicyGroup::PrivateOrClear;
constexpr Reqid reqid{reqid_band_first + 7};
Flow const resolver = flow("10.1.0.1", "10.2.0.1");
Flow const other = flow("10.1.0.1", "10.2.0.2");

/// A host whose resolver is 10.2.0.1.
struct Host {
    Host() { follow(asked); }

    void follow(Exempt const& exempt) { REQUIRE(install(plane, table, exempt).value().empty()); }
    void encrypt(Flow const& flow, Inbound inbound = Inbound::Require)
    {
        REQUIRE(plane.encrypt(of(flow, poc), reqid, EspMode::Transport, inbound));
    }
    /// The policies of services with this flow's peer, that of its SA.
    std::vector<Policy> services(Flow const& flow)
    {
        auto found = plane.requests().policies().value();
        std::erase_if(found, [&](Policy const& policy) {
            auto const remote = Prefix::host(flow.remote);
            return policy.priority != encrypted_service_priority() ||
                   (policy.selector.source != remote && policy.selector.destination != remote);
        });
        return found;
    }

    Exempt asked{.dns_servers = {address("10.2.0.1")}};
    PrivateNetwork network;
    GroupTable table = [] {
        std::vector<LineError> errors;
        return GroupTable::build({{prefix("10.2.0.0/16"), poc, "file", 1}}, errors);
    }();
    ForwardingPlane plane = ForwardingPlane::open().value();
};

} // namespace

TEST_CASE("exempt services with a peer", "[kernel-glue][services]")
{
    Exempt const asked{.dns_servers = {address("10.2.0.1")}};
    CHECK(exempt_services(asked, address("10.2.0.1")).size() == 4);
    CHECK(exempt_services(asked, address("10.2.0.2")).empty());
    CHECK(exempt_services({.dns = Exempt::Dns::ToAny}, address("10.2.0.2")).size() == 4);
    CHECK(exempt_services({.ntp = Exempt::Ntp::ToAny}, address("10.2.0.2")) ==
          std::vector{Service{IPPROTO_UDP, 0, 123}});
}

TEST_CASE("in an SA a service has the flow's templates", "[kernel-glue][services]")
{
    auto const encrypted = encrypt_policies(of(resolver, poc), reqid, EspMode::Tunnel, Inbound::Require);
    std::vector const services{Service{IPPROTO_UDP, 0, 53}};
    auto const policies = service_policies(encrypted, services);
    REQUIRE(policies.size() == 2);
    CHECK(policies[0].direction == Direction::In);
    CHECK(policies[0].selector.source_port == 53);
    CHECK(policies[0].tmpl == encrypted.in.tmpl);
    CHECK(policies[1].direction == Direction::Out);
    CHECK(policies[1].selector.destination_port == 53);
    CHECK(!policies[1].selector.source_port);
    CHECK(policies[1].tmpl == encrypted.out.tmpl);
}

TEST_CASE("the resolver's SA takes the queries as long as there is one", "[kernel-glue][services][kernel]")
{
    Host host;
    CHECK(host.services(resolver).empty());
    host.encrypt(resolver, Inbound::Admit);
    host.encrypt(other);
    auto const admitting = host.services(resolver);
    CHECK(admitting.size() == 8);
    CHECK(host.services(other).empty());
    host.encrypt(resolver);
    CHECK(host.services(resolver).size() == 8);
    CHECK(host.services(resolver) != admitting); // no cleartext any more

    auto const end = GENERATE(0, 1, 2, 3, 4, 5);
    INFO(end);
    switch (end) {
    case 0: REQUIRE(host.plane.hold(of(resolver, poc), reqid)); break;
    case 1: REQUIRE(host.plane.hold(of(resolver, poc), reqid, Inbound::Require)); break;
    case 2: REQUIRE(host.plane.pass(of(resolver, poc))); break;
    case 3: REQUIRE(host.plane.drop(of(resolver, poc))); break;
    case 4: REQUIRE(host.plane.discard(of(resolver, poc), reqid)); break;
    default: REQUIRE(host.plane.release(resolver)); break;
    }
    CHECK(host.services(resolver).empty());
}

TEST_CASE("flows that are encrypted follow a change of resolvers", "[kernel-glue][services][kernel]")
{
    Host host;
    host.encrypt(resolver);
    host.encrypt(other);
    host.follow({.dns_servers = {address("10.2.0.2")}});
    CHECK(host.services(resolver).empty());
    CHECK(host.services(other).size() == 8);
    host.follow({.dns = Exempt::Dns::ToAny});
    CHECK(host.services(resolver).size() == 8);
    CHECK(host.services(other).size() == 8);
    REQUIRE(host.plane.pass(of(other, poc)));
    host.follow({.ntp = Exempt::Ntp::ToAny});
    CHECK(host.services(resolver).size() == 2);
    CHECK(host.services(other).empty()); // clear, so it needs none
    REQUIRE(host.plane.remove_all());
    CHECK(host.plane.requests().policies().value().empty());
}

TEST_CASE("a change of resolvers changes the exemptions and nothing else", "[kernel-glue][services][kernel]")
{
    Host host;
    auto const before = host.plane.requests().policies().value();
    host.follow({.dns_servers = {address("10.2.0.3")}});
    auto const after = host.plane.requests().policies().value();
    CHECK(before.size() == after.size());
    size_t same = 0;
    for (auto const& policy : after)
        same += size_t(std::ranges::count(before, policy));
    CHECK(after.size() - same == 8);
    for (auto const& policy : after)
        CHECK(policy.selector.source != prefix("10.2.0.1"));
    host.follow(host.asked);
    CHECK(host.plane.requests().policies().value().size() == before.size());
}
