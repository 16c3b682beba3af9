// SPDX-License-Identifier: GPL-2.0-or-later
#include "event_log.h"
#include "kernel-glue/priorities.h"
#include "kernel-glue/wide_policies.h"
#include "kernel-glue/xfrm_messages.h"
#include "kernel-glue/xfrm_requests.h"
#include "private_network.h"

#include <catch2/catch.hpp>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <set>
#include <sys/socket.h>

using namespace oekd;
using namespace oekd::test;
using namespace oekd::xfrm;

namespace {

void trap(Requests& requests, std::string_view own, std::string_view network)
{
    GroupLine const line{prefix(network), PolicyGroup::PrivateOrClear, "file", 1};
    REQUIRE(requests.create(wide_trap(line, address(own))));
}

// An acquire as the kernel would write it, sent by this process.
void spoof_acquire(int events_fd)
{
    sockaddr_nl where{};
    socklen_t size = sizeof where;
    auto* raw_where = static_cast<sockaddr*>(static_cast<void*>(&where));
    REQUIRE(::getsockname(events_fd, raw_where, &size) == 0);

    netlink::Request message(XFRM_MSG_ACQUIRE, 0);
    auto& raw = message.put_struct<xfrm_user_acquire>();
    raw.id.proto = IPPROTO_ESP;
    raw.sel.family = AF_INET;
    xfrm_user_tmpl tmpl{};
    tmpl.id.proto = IPPROTO_ESP;
    tmpl.family = AF_INET;
    message.put_attribute(XFRMA_TMPL, std::as_bytes(std::span(&tmpl, 1)));

    Fd const stranger(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM));
    auto const bytes = message.bytes();
    REQUIRE(::sendto(stranger.get(), bytes.data(), bytes.size(), 0, raw_where, sizeof where) ==
            ssize_t(bytes.size()));
}

} // namespace

TEST_CASE("a packet that hits a trap raises one acquire for its flow", "[kernel-glue][events][kernel]")
{
    PrivateNetwork const network;
    auto requests = Requests::open().value();
    EventLog log;
    trap(requests, "10.1.0.1", "10.2.0.0/16");
    trap(requests, "fd01::1", "fd01::/16");

    network.send("10.2.0.1", "one");
    CHECK(log.trapped(flow("10.1.0.1", "10.2.0.1")));
    network.send("fd01::2", "two");
    CHECK(log.trapped(flow("fd01::1", "fd01::2")));
    network.send("10.2.0.1", "three");
    network.send("10.2.0.2", "four");
    CHECK(log.trapped(flow("10.1.0.1", "10.2.0.2")));
    CHECK(log.count() == 3);
}

TEST_CASE("once its larval SA is removed, a flow's next packet raises a new acquire",
          "[kernel-glue][events][kernel]")
{
    PrivateNetwork const network;
    auto requests = Requests::open().value();
    EventLog log;
    trap(requests, "10.1.0.1", "10.2.0.0/16");
    auto const peer = flow("10.1.0.1", "10.2.0.1");

    network.send("10.2.0.1", "one");
    REQUIRE(log.trapped(peer));
    REQUIRE(requests.states().value().size() == 1);
    CHECK(requests.states().value().front().spi == Spi{});
    REQUIRE(requests.remove_larval(peer, trap_reqid_of(peer.local, {}), EspMode::Transport));
    CHECK(requests.states().value().empty());
    log.forget();
    network.send("10.2.0.1", "two");
    CHECK(log.trapped(peer));
}

TEST_CASE("messages of other processes are ignored", "[kernel-glue][events][kernel]")
{
    PrivateNetwork const network;
    auto requests = Requests::open().value();
    EventLog log;
    trap(requests, "10.1.0.1", "10.2.0.0/16");
    spoof_acquire(log.fd());
    network.send("10.2.0.1", "one");
    CHECK(log.trapped(flow("10.1.0.1", "10.2.0.1")));
    CHECK(log.count() == 1);
    CHECK(log.malformed() == 0);
}

TEST_CASE("an overrun is reported, and the larval SAs tell what was lost", "[kernel-glue][events][kernel]")
{
    PrivateNetwork const network;
    auto requests = Requests::open().value();
    EventLog roomy; // another listener: without one that hears it the kernel makes no larval SA
    EventLog tiny(1);
    trap(requests, "10.1.0.1", "10.2.0.0/16");
    constexpr size_t peers = 64;
    for (size_t i = 1; i <= peers; ++i)
        network.send(fmt::format("10.2.7.{}", i), "x");
    REQUIRE(eventually([&] { return roomy.count() == peers; }));
    CHECK(eventually([&] { return tiny.overrun(); }));
    CHECK(tiny.count() < peers);
    CHECK(!roomy.overrun());

    auto const states = requests.states().value();
    std::set<Address> larval;
    for (auto const& state : states) {
        CHECK(state.spi == Spi{});
        CHECK(is_trap(state.reqid));
        larval.insert(state.destination);
    }
    CHECK(larval.size() == peers);
}

TEST_CASE("an expiring larval SA is announced", "[kernel-glue][events][kernel]")
{
    PrivateNetwork const network;
    // Where the parameter cannot be shortened (user namespaces), 30 s would be too long to wait: expires are
    // decoded in the message tests.
    if (!PrivateNetwork::can_hold())
        return;
    run("sysctl -qw net.core.xfrm_acq_expires=1");
    auto requests = Requests::open().value();
    EventLog log;
    trap(requests, "10.1.0.1", "10.2.0.0/16");
    network.send("10.2.0.1", "one");
    REQUIRE(log.trapped(flow("10.1.0.1", "10.2.0.1")));
    CHECK(log.expired(flow("10.1.0.1", "10.2.0.1")));
}
