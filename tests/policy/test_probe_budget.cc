// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/probe_budget.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <map>
#include <netinet/in.h>
#include <rapidcheck/catch.h>

using namespace oekd;
using namespace std::chrono_literals;

namespace {

Address address(std::string_view text) { return Address::parse(text).value(); }
Address host(unsigned number) { return address(fmt::format("10.{}.{}.1", number / 256, number % 256)); }
Address neighbour(unsigned number) { return address(fmt::format("10.9.9.{}", number)); }

Time const start{1'000h};

ProbeLimits const small{.total = {8, 1'000ms},
                        .prefix = {4, 100ms},
                        .answers = {4, 1'000ms},
                        .answers_prefix = {2, 100ms},
                        .silences = 2,
                        .prefixes = 16,
                        .addresses = 16};

using Answer = std::expected<Probe, Withheld>;
constexpr auto prefix_is_full = std::unexpected(Withheld::Prefix);
constexpr auto all_is_full = std::unexpected(Withheld::Total);
constexpr auto unproven = std::unexpected(Withheld::Unproven);

struct Asker {
    ProbeBudget budget{small};
    Time now = start;

    Answer ours(Address const& remote) { return budget.ask({.remote = remote}, now); }
    Answer theirs(Address const& remote, unsigned bytes)
    {
        return budget.ask({.remote = remote, .beginner = Beginner::Them, .bytes_in = bytes}, now);
    }
    /// How many of these questions may be asked now.
    unsigned asked(unsigned questions, Address (*whom)(unsigned))
    {
        unsigned count = 0;
        for (unsigned i = 1; i <= questions; ++i)
            count += ours(whom(i)) ? 1 : 0;
        return count;
    }
};

} // namespace

TEST_CASE("a prefix gets a burst, then one question in each interval", "[policy][probe]")
{
    Asker a;
    CHECK(a.asked(10, neighbour) == 4);
    CHECK(a.ours(neighbour(1)) == prefix_is_full);
    CHECK(a.ours(address("10.9.8.1")) == Probe::Repeated);
    CHECK(a.ours(address("2001:db8::1")) == Probe::Repeated);
    a.now += 99ms;
    CHECK(a.asked(10, neighbour) == 0);
    a.now += 1ms;
    CHECK(a.asked(10, neighbour) == 1);
}

TEST_CASE("all prefixes together have a burst, and a pause fills it again", "[policy][probe]")
{
    Asker a;
    CHECK(a.asked(2000, host) == 8);
    CHECK(a.ours(host(3000)) == all_is_full);
    a.now += 1'000ms;
    CHECK(a.asked(2000, host) == 1);
    a.now += 24h;
    CHECK(a.asked(2000, host) == 8);
}

TEST_CASE("IPv6 neighbours share a /48", "[policy][probe]")
{
    Asker a;
    for (auto const* near : {"2001:db8::1", "2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:0:ffff::1"})
        CHECK(a.ours(address(near)));
    CHECK(a.ours(address("2001:db8:0:77::1")) == prefix_is_full);
    CHECK(a.ours(address("2001:db8:1::1")));
}

TEST_CASE("a peer that has encrypted before is always asked", "[policy][probe]")
{
    Asker a;
    a.asked(2000, host);
    a.asked(10, neighbour);
    CHECK(a.budget.ask({.remote = neighbour(1), .peer = Connection::Peer::Capable}, a.now) ==
          Probe::Repeated);
}

TEST_CASE("silence makes a prefix's questions fewer, one success restores them", "[policy][probe]")
{
    ProbeLimits limits = small;
    limits.total.burst = 1'000;
    struct Row {
        unsigned silences;
        unsigned asked;
        Duration every;
    };
    auto const row = GENERATE(Row{1, 4, 100ms}, Row{2, 2, 200ms}, Row{4, 1, 400ms}, Row{6, 1, 800ms},
                              Row{10'000, 1, 25'600ms});
    CAPTURE(row.silences);
    Asker a{.budget = ProbeBudget(limits)};
    for (unsigned i = 0; i < row.silences; ++i)
        a.budget.heard_nothing(neighbour(7), Beginner::Us);
    CHECK(a.asked(10, neighbour) == row.asked);
    a.now += row.every - 1ms;
    CHECK(a.asked(10, neighbour) == 0);
    a.now += 1ms;
    CHECK(a.asked(10, neighbour) == 1);
    a.budget.succeeded(neighbour(9));
    CHECK(a.asked(10, neighbour) == 4);
}

TEST_CASE("an answer to a stranger must be paid by what came in", "[policy][probe]")
{
    struct Row {
        std::string_view remote;
        uint8_t protocol;
        unsigned needed; // answers
    };
    auto const row = GENERATE(Row{"10.1.0.1", IPPROTO_UDP, 3}, Row{"10.1.0.1", IPPROTO_ICMP, 3},
                              Row{"fd01::1", IPPROTO_UDP, 2}, Row{"fd01::1", IPPROTO_ICMPV6, 2});
    CAPTURE(row.remote);
    Asker a;
    auto const remote = address(row.remote);
    auto const bytes = bytes_answered(remote.family(), row.protocol);
    for (int round = 0; round < 2; ++round) {
        for (unsigned i = 1; i < row.needed; ++i)
            CHECK(a.theirs(remote, bytes) == unproven);
        CHECK(a.theirs(remote, bytes) == Probe::Once);
    }
}

TEST_CASE("TCP's answers pay for nothing, as a SYN is answered several times", "[policy][probe]")
{
    Asker a;
    for (int i = 0; i < 1'000; ++i)
        CHECK(a.theirs(neighbour(1), bytes_answered(Family::V4, IPPROTO_TCP)) == unproven);
    CHECK(a.ours(neighbour(1)) == Probe::Repeated);
}

TEST_CASE("who forges packets takes nothing from our own questions", "[policy][probe]")
{
    Asker a;
    unsigned answered = 0;
    for (unsigned i = 1; i <= 100; ++i)
        answered += a.theirs(neighbour(i), 1'000) ? 1 : 0;
    CHECK(answered == 2);
    CHECK(a.theirs(neighbour(1), 1'000) == prefix_is_full);
    for (unsigned i = 0; i < 100; ++i)
        a.budget.heard_nothing(neighbour(7), Beginner::Them);
    CHECK(a.asked(10, neighbour) == 4);
}

TEST_CASE("answers have a total of their own", "[policy][probe]")
{
    Asker a;
    unsigned answered = 0;
    for (unsigned i = 1; i <= 100; ++i)
        answered += a.theirs(host(i), 1'000) ? 1 : 0;
    CHECK(answered == 4);
    CHECK(a.theirs(host(200), 1'000) == all_is_full);
    CHECK(a.asked(100, host) == 8);
}

TEST_CASE("what is remembered is bounded, and the oldest goes first", "[policy][probe]")
{
    Asker a;
    (void)a.theirs(host(0), 40); // half of what a question costs
    for (unsigned i = 1; i <= 1'000; ++i) {
        (void)a.theirs(host(i), 40);
        (void)a.ours(host(i));
    }
    CHECK(a.budget.addresses() == 16);
    CHECK(a.budget.prefixes() == 16);
    CHECK(a.theirs(host(0), 40) == unproven); // the first half is forgotten
}

TEST_CASE("no sequence of packets makes us send more than so many times their bytes", "[policy][probe]")
{
    rc::prop("bytes out <= amplification times bytes in, for each address", [] {
        auto limits = small;
        limits.amplification = *rc::gen::inRange(1U, 6U);
        limits.answers = limits.answers_prefix = {1'000, 1ms};
        ProbeBudget budget(limits);
        Time now = start;
        std::map<Address, std::pair<unsigned, unsigned>> bytes; // in and out
        auto const packets =
            *rc::gen::container<std::vector<std::tuple<unsigned, unsigned, unsigned>>>(rc::gen::tuple(
                rc::gen::inRange(0U, 24U), rc::gen::inRange(0U, 1'500U), rc::gen::inRange(0U, 5'000U)));
        for (auto const& [number, size, wait] : packets) {
            now += Duration{wait};
            auto const remote = number < 20 ? host(number) : address(fmt::format("fd01::{}", number));
            auto& [in, out] = bytes[remote];
            in += size;
            auto const asked =
                budget.ask({.remote = remote, .beginner = Beginner::Them, .bytes_in = size}, now);
            if (asked)
                out += question_bytes(remote.family());
            RC_ASSERT(out <= limits.amplification * in);
            RC_ASSERT((!asked || *asked == Probe::Once));
        }
    });
}
