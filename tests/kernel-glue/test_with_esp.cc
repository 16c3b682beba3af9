// SPDX-License-Identifier: GPL-2.0-or-later
#include "event_log.h"
#include "kernel-glue/forwarding_plane.h"
#include "kernel-glue/priorities.h"
#include "kernel-glue/sysctl.h"
#include "private_network.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <netinet/in.h>

/// What needs a kernel with ESP: not run by default, the lab asks for it by its tag.
using namespace oekd;
using namespace oekd::test;

namespace {

constexpr Reqid reqid{reqid_band_first + 7};
constexpr auto poc = PolicyGroup::PrivateOrClear;
Flow const east = flow("10.1.0.1", "10.2.0.1");

// Same key and SPI both ways, so that a reflected packet is good.
void add_sa(std::string_view source, std::string_view destination, std::string_view mode)
{
    run(fmt::format("ip xfrm state add src {} dst {} proto esp spi 0x1001 mode {} reqid {}"
                    " aead 'rfc4106(gcm(aes))' 0x{} 128",
                    source, destination, mode, uint32_t(reqid), std::string(40, 'a')));
}

struct EspHost {
    explicit EspHost(PolicyGroup group)
    {
        REQUIRE(write_sysctl("net.core.xfrm_larval_drop", "0"));
        std::vector<LineError> errors;
        auto const table = GroupTable::build({{prefix("10.2.0.0/16"), group, "file", 1}}, errors);
        REQUIRE(install(plane, table).value().empty());
    }

    PrivateNetwork network;
    EventLog log;
    ForwardingPlane plane = ForwardingPlane::open().value();
};

} // namespace

TEST_CASE("algorithms warm up", "[.][esp]")
{
    PrivateNetwork const network;
    auto requests = xfrm::Requests::open().value();
    CHECK(requests.warm_up());
    CHECK(requests.states().value().empty());
}

TEST_CASE("held packets leave as ESP, the first one too, and none in the clear", "[.][esp]")
{
    auto const mode = GENERATE(EspMode::Transport, EspMode::Tunnel);
    auto const group = GENERATE(PolicyGroup::PrivateOrClear, PolicyGroup::Private);
    EspHost host(group);
    host.network.send("10.2.0.1", "first");
    REQUIRE(host.log.trapped(east));
    REQUIRE(host.plane.hold(of(east, group), reqid));
    host.network.send("10.2.0.1", "second");
    add_sa("10.1.0.1", "10.2.0.1", to_string(mode));
    REQUIRE(host.plane.encrypt(of(east, group), reqid, mode, Inbound::Admit));
    REQUIRE(host.plane.kick(east));
    CHECK(eventually([&] {
        auto const state = host.plane.requests().state(east.local, east.remote, Spi{0x1001});
        return state && state->packets == 2;
    }));
    CHECK(!host.network.packet(IPPROTO_ESP).empty());
    CHECK(host.network.texts().empty());
    CHECK(host.log.count() == 1);
    // The trap's larval SA is still there, and goes with the sweep.
    REQUIRE(host.plane.sweep_larval(east, reqid));
    CHECK(host.plane.requests().states().value().size() == 1);
}

TEST_CASE("transport ESP is let in by each stage of a flow", "[.][esp]")
{
    auto const group = GENERATE(PolicyGroup::PrivateOrClear, PolicyGroup::Private);
    EspHost host(group);
    REQUIRE(host.plane.encrypt(of(east, group), reqid, EspMode::Transport, Inbound::Admit));
    add_sa("10.1.0.1", "10.2.0.1", "transport");
    add_sa("10.2.0.1", "10.1.0.1", "transport");
    auto const comes_back = [&](std::string_view text) {
        host.network.send("10.2.0.1", text);
        host.network.reflect(host.network.packet(IPPROTO_ESP));
        return host.network.heard(text);
    };
    CHECK(comes_back("admitted"));
    REQUIRE(host.plane.encrypt(of(east, group), reqid, EspMode::Transport, Inbound::Require));
    // No replay window was asked for, so that a later packet may be any.
    CHECK(host.network.refused("10.2.0.1", "10.3.0.1", "cleartext"));
    CHECK(eventually([&] { return comes_back("required"); }));
}

TEST_CASE("a held flow lets the peer's transport ESP in", "[.][esp]")
{
    auto const group = GENERATE(PolicyGroup::PrivateOrClear, PolicyGroup::Private);
    EspHost host(group);
    REQUIRE(host.plane.encrypt(of(east, group), reqid, EspMode::Transport, Inbound::Admit));
    add_sa("10.1.0.1", "10.2.0.1", "transport");
    add_sa("10.2.0.1", "10.1.0.1", "transport");
    host.network.send("10.2.0.1", "answer");
    auto const packet = host.network.packet(IPPROTO_ESP);
    REQUIRE(!packet.empty());
    REQUIRE(host.plane.hold(of(east, group), reqid));
    host.network.reflect(packet);
    CHECK(host.network.heard("answer"));
}

TEST_CASE("ESP of another reqid is refused where this flow's is required", "[.][esp]")
{
    EspHost host(poc);
    REQUIRE(host.plane.encrypt(of(east, poc), reqid, EspMode::Transport, Inbound::Require));
    add_sa("10.1.0.1", "10.2.0.1", "transport");
    add_sa("10.2.0.1", "10.1.0.1", "transport");
    host.network.send("10.2.0.1", "answer");
    auto const packet = host.network.packet(IPPROTO_ESP);
    REQUIRE(!packet.empty());
    REQUIRE(
        host.plane.encrypt(of(east, poc), Reqid{uint32_t(reqid) + 1}, EspMode::Transport, Inbound::Require));
    host.network.reflect(packet);
    CHECK(host.network.refused("10.2.0.1", "10.3.0.1", "cleartext"));
    CHECK(!host.network.heard("answer"));
}
