// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/reqid_table.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace oekd;

namespace {

Flow flow(int number)
{
    return {.local = *Address::parse("10.1.0.1"),
            .remote = *Address::parse("10.2.0." + std::to_string(number))};
}

} // namespace

TEST_CASE("a flow has one reqid, whoever asks for it", "[ike]")
{
    ReqidTable table(Reqid{100}, Reqid{199});
    auto first = table.acquire(flow(1));
    CHECK(first == Reqid{100});
    CHECK(table.acquire(flow(1)) == first);
    CHECK(table.acquire(flow(2)) == Reqid{101});
    CHECK(table.size() == 2);
}

TEST_CASE("who has proven a key shares no reqid with who has not", "[ike]")
{
    ReqidTable table(Reqid{100}, Reqid{199});
    REQUIRE(table.acquire(flow(1)) == Reqid{100});
    CHECK(table.acquire(flow(1), PeerProof::Authenticated) == Reqid{101});
    CHECK(table.acquire(flow(1), PeerProof::Authenticated) == Reqid{101});
    CHECK(table.size() == 2);
    table.release(flow(1));
    CHECK(table.size() == 1);
    table.release(flow(1), PeerProof::Authenticated);
    table.release(flow(1), PeerProof::Authenticated);
    CHECK(table.size() == 0);
}

TEST_CASE("a service has a reqid of its own", "[ike]")
{
    ReqidTable table(Reqid{100}, Reqid{199});
    auto narrow = flow(1);
    narrow.service = {6, 0, 7};
    REQUIRE(table.acquire(flow(1)) == Reqid{100});
    CHECK(table.acquire(narrow) == Reqid{101});
    table.release(flow(1));
    CHECK(table.acquire(narrow) == Reqid{101});
}

TEST_CASE("a reqid is kept until the last user has gone", "[ike]")
{
    ReqidTable table(Reqid{100}, Reqid{199});
    auto first = table.acquire(flow(1));
    REQUIRE(table.acquire(flow(1)) == first);
    table.release(flow(1));
    CHECK(table.acquire(flow(1)) == first);
    table.release(flow(1));
    table.release(flow(1));
    CHECK(table.size() == 0);
}

TEST_CASE("a reqid that is free again comes last, the longest free one first", "[ike]")
{
    ReqidTable table(Reqid{100}, Reqid{102});
    REQUIRE(table.acquire(flow(1)) == Reqid{100});
    REQUIRE(table.acquire(flow(2)) == Reqid{101});
    table.release(flow(2));
    table.release(flow(1));
    CHECK(table.acquire(flow(3)) == Reqid{102});
    CHECK(table.acquire(flow(4)) == Reqid{101});
    CHECK(table.acquire(flow(5)) == Reqid{100});
}

TEST_CASE("when all reqids are taken there is none", "[ike]")
{
    ReqidTable table(Reqid{7}, Reqid{8});
    REQUIRE(table.acquire(flow(1)));
    REQUIRE(table.acquire(flow(2)));
    CHECK_FALSE(table.acquire(flow(3)));
    CHECK(table.acquire(flow(1)) == Reqid{7});
    CHECK(table.size() == 2);
}

TEST_CASE("threads that ask at the same time never share a reqid by accident", "[ike]")
{
    constexpr int flows = 16;
    constexpr int rounds = 2000;
    ReqidTable table(Reqid{1}, Reqid{flows});
    std::vector<std::set<Reqid>> seen(4);
    std::vector<std::thread> threads;
    for (auto& mine : seen) {
        threads.emplace_back([&] {
            for (int i = 0; i < rounds; ++i) {
                auto const each = flow(i % flows);
                auto one = table.acquire(each);
                auto again = table.acquire(each);
                if (one && one == again)
                    mine.insert(*one);
                table.release(each);
                table.release(each);
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    CHECK(table.size() == 0);
    for (auto const& mine : seen)
        CHECK_FALSE(mine.empty());
    // None was lost or given out twice.
    std::set<Reqid> all;
    for (int i = 0; i < flows; ++i)
        all.insert(table.acquire(flow(i)).value());
    CHECK(all.size() == flows);
}
