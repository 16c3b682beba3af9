// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mailbox.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <poll.h>
#include <set>
#include <thread>
#include <vector>

using namespace oekd;
using namespace std::chrono_literals;

namespace {

bool readable(int fd, std::chrono::milliseconds patience)
{
    pollfd watched{fd, POLLIN, 0};
    return ::poll(&watched, 1, static_cast<int>(patience.count())) == 1;
}

} // namespace

TEST_CASE("values arrive in the order in which they were posted", "[base][mailbox]")
{
    auto mailbox = Mailbox<int>::create();
    REQUIRE(mailbox.has_value());
    for (int value : {3, 1, 2})
        mailbox->post(value);
    CHECK(mailbox->take_all() == std::deque{3, 1, 2});
    CHECK(mailbox->take_all().empty());
}

TEST_CASE("the descriptor is readable while something waits", "[base][mailbox]")
{
    auto mailbox = Mailbox<int>::create();
    REQUIRE(mailbox.has_value());
    CHECK_FALSE(readable(mailbox->fd(), 0ms));
    mailbox->post(1);
    mailbox->post(2);
    CHECK(readable(mailbox->fd(), 0ms));
    CHECK(mailbox->take_all().size() == 2);
    CHECK_FALSE(readable(mailbox->fd(), 0ms));
    mailbox->post(3);
    CHECK(readable(mailbox->fd(), 0ms));
}

TEST_CASE("a mailbox keeps what waits when it is moved", "[base][mailbox]")
{
    auto created = Mailbox<std::unique_ptr<int>>::create(); // values that can only be moved, too
    REQUIRE(created.has_value());
    created->post(std::make_unique<int>(7));
    auto moved = std::move(*created);
    CHECK(readable(moved.fd(), 0ms));
    auto const values = moved.take_all();
    REQUIRE(values.size() == 1);
    CHECK(*values.front() == 7);
}

TEST_CASE("nothing is lost between threads and each sender's order is kept", "[base][mailbox]")
{
    constexpr int senders = 4;
    constexpr int letters = 5'000;
    struct Letter {
        int sender;
        int number;
    };
    auto mailbox = Mailbox<Letter>::create();
    REQUIRE(mailbox.has_value());
    std::vector<std::jthread> threads;
    for (int sender = 0; sender < senders; ++sender)
        threads.emplace_back([&mailbox, sender] {
            for (int number = 0; number < letters; ++number)
                mailbox->post({sender, number});
        });

    std::array<int, senders> received{};
    int total = 0;
    while (total < senders * letters) {
        // Whatever is not taken keeps the descriptor readable: a wake-up that got lost would show here.
        REQUIRE(readable(mailbox->fd(), 10s));
        for (auto const& [sender, number] : mailbox->take_all()) {
            REQUIRE(number == received.at(static_cast<size_t>(sender))++);
            ++total;
        }
    }
    CHECK_FALSE(total > senders * letters);
}
