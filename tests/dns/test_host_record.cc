// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/host_record.h"
#include "tests/dns/records.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace oekd;
using namespace oekd::dns;
using namespace oekd::test;
using namespace std::chrono_literals;

namespace {

constexpr auto shortest = 30s;

HostRecord known(std::vector<HostAddress> addresses) { return {std::move(addresses), {}, 0, 60s}; }

} // namespace

TEST_CASE("what becomes of a name's addresses", "[dns][names]")
{
    struct Row {
        std::string why;
        std::vector<HostAddress> before;
        Answer v4;
        Answer v6;
        std::vector<HostAddress> after;
        std::string problem; ///< empty: resolves
        bool settled;        ///< no failure: asked again when the TTL ends
    };
    auto const v4 = unproven("192.0.2.1");
    auto const v6 = unproven("2001:db8::1");
    auto const signed_v4 = proven("192.0.2.1");
    NoAnswer const down{"no server answers"};
    auto const row = GENERATE_COPY(values<Row>({
        {"both families", {}, records({"192.0.2.1"}), records({"2001:db8::1"}), {v4, v6}, "", true},
        {"several, sorted, once",
         {},
         records({"192.0.2.2", "192.0.2.1", "192.0.2.2"}),
         no_type(),
         {v4, unproven("192.0.2.2")},
         "",
         true},
        {"signed", {}, records({"192.0.2.1"}, Security::Signed), no_type(), {signed_v4}, "", true},
        {"a change", {v4}, records({"192.0.2.2"}), no_type(), {unproven("192.0.2.2")}, "", true},
        {"a family that goes", {v4, v6}, records({"192.0.2.1"}), no_type(), {v4}, "", true},
        {"a server that cannot do AAAA", {v6}, records({"192.0.2.1"}), down, {v4, v6}, "", false},
        {"DNS fails at first", {}, down, down, {}, "no server answers", false},
        {"DNS fails later", {v4, v6}, down, down, {v4, v6}, "no server answers", false},
        {"failure says more than none", {v4}, no_type(), down, {v4}, "no server answers", false},
        {"no such name", {}, no_name(), no_name(), {}, "there is no such name", false},
        {"a name without addresses", {}, no_type(), no_type(), {}, "it has no address", false},
        {"no such name any more, says somebody",
         {v4},
         no_name(),
         no_name(),
         {v4},
         "there is no such name",
         false},
        {"no such name any more, proven",
         {v4},
         no_name(Security::Signed),
         no_name(Security::Signed),
         {},
         "there is no such name",
         false},
        {"one family proven gone, the other not to be had",
         {v4, v6},
         no_type(Security::Signed),
         down,
         {v6},
         "no server answers",
         false},
        {"bogus counts as unsigned", {}, records({"192.0.2.1"}, Security::Bogus), no_type(), {v4}, "", true},
        {"bogus after signed counts as nothing",
         {signed_v4},
         records({"192.0.2.9"}, Security::Bogus),
         no_type(),
         {signed_v4},
         "its signature is wrong or missing",
         false},
        {"as is what nobody can validate any more",
         {signed_v4},
         records({"192.0.2.9"}, Security::Indeterminate),
         no_type(),
         {signed_v4},
         "its signature is wrong or missing",
         false},
        {"a zone that is not signed any more",
         {signed_v4},
         records({"192.0.2.1"}),
         no_type(),
         {v4},
         "",
         true},
        {"addresses that no peer has",
         {v4},
         records({"127.0.0.1", "0.0.0.0", "255.255.255.255"}),
         no_type(),
         {v4},
         "it has no address that a peer could have",
         false},
        {"one of them among others",
         {},
         records({"127.0.0.1", "192.0.2.1"}),
         records({"::1", "fe80::1"}),
         {v4},
         "",
         true},
    }));
    INFO(row.why);
    auto const after = updated(known(row.before), row.v4, row.v6, shortest);
    CHECK(after.addresses == row.after);
    CHECK(after.problem == row.problem);
    CHECK((after.failures == 0) == row.settled);
    CHECK(after.next == (row.settled ? 60s : first_retry));
}

TEST_CASE("a TTL counts within bounds, the shorter of both", "[dns][names]")
{
    auto const next = [](std::chrono::seconds v4, std::chrono::seconds v6) {
        return updated({}, records({"192.0.2.1"}, Security::Unsigned, v4),
                       records({"2001:db8::1"}, Security::Unsigned, v6), shortest)
            .next;
    };
    CHECK(next(100s, 200s) == 100s);
    CHECK(next(200s, 100s) == 100s);
    CHECK(next(0s, 200s) == shortest);
    CHECK(next(1'000'000s, 1'000'000s) == longest_host_ttl);
}

TEST_CASE("failures are asked about again, ever more slowly", "[dns][names]")
{
    HostRecord record = known({unproven("192.0.2.1")});
    std::vector<std::chrono::seconds> pauses;
    for (int i = 0; i < 12; ++i) {
        record = updated(record, NoAnswer{"down"}, NoAnswer{"down"}, shortest);
        pauses.push_back(record.next);
    }
    CHECK(pauses ==
          std::vector<std::chrono::seconds>{2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 300s, 300s, 300s, 300s});
    CHECK(record.addresses.size() == 1);
    CHECK(updated(record, records({"192.0.2.1"}), no_type(), shortest).failures == 0);
    // Half an answer is asked about again no later than its TTL says.
    CHECK(updated(record, records({"192.0.2.1"}), NoAnswer{"down"}, shortest).next == 60s);
}

TEST_CASE("the number of addresses is bounded, and malformed ones do not count", "[dns][names]")
{
    Records many{{}, 60s, Security::Unsigned};
    for (uint8_t i = 1; i < 100; ++i)
        many.data.push_back({std::byte{192}, std::byte{0}, std::byte{2}, std::byte{i}});
    Records odd{{{}, {std::byte{1}}, {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}, std::byte{5}}},
                60s,
                Security::Unsigned};
    auto const record = updated({}, many, odd, shortest);
    CHECK(record.addresses.size() == max_host_addresses);
    CHECK(record.addresses.front() == unproven("192.0.2.1"));
}
