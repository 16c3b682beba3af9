// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/fd.h"
#include "base/handle.h"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <optional>
#include <sys/eventfd.h>

using namespace oekd;

namespace {

Fd open_one() { return Fd(::eventfd(0, EFD_CLOEXEC)); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

} // namespace

TEST_CASE("a descriptor is closed with its owner", "[base][fd]")
{
    int number = -1;
    {
        auto const fd = open_one();
        number = fd.get();
        REQUIRE(is_open(number));
        CHECK(static_cast<bool>(fd));
    }
    CHECK_FALSE(is_open(number));
}

TEST_CASE("a descriptor moves and is closed once", "[base][fd]")
{
    auto first = open_one();
    int const number = first.get();
    {
        Fd const second = std::move(first);
        CHECK(second.get() == number);
        CHECK_FALSE(static_cast<bool>(first)); // NOLINT(bugprone-use-after-move): empty by contract
        CHECK(is_open(number));
    }
    CHECK_FALSE(is_open(number));
}

TEST_CASE("a descriptor that is assigned over does not leak", "[base][fd]")
{
    std::optional<Fd> target(open_one());
    std::optional<Fd> source(open_one());
    int const old_number = target->get();
    int const new_number = source->get();
    *target = std::move(*source);
    source.reset();
    CHECK_FALSE(is_open(old_number));
    CHECK(is_open(new_number));
    target.reset();
    CHECK_FALSE(is_open(new_number));
}

TEST_CASE("a released descriptor stays open", "[base][fd]")
{
    int number = -1;
    {
        auto fd = open_one();
        number = fd.release();
        CHECK_FALSE(static_cast<bool>(fd));
    }
    REQUIRE(is_open(number));
    ::close(number);
}

TEST_CASE("no descriptor is no descriptor", "[base][fd]")
{
    CHECK_FALSE(static_cast<bool>(Fd()));
    CHECK_FALSE(static_cast<bool>(Fd(-1)));
    CHECK(static_cast<bool>(
        Fd(::eventfd(0, EFD_CLOEXEC)))); // standard input may be 0: any number from there counts
}

namespace {

struct Thing {
    int released = 0;
};
void release_thing(Thing* thing) { ++thing->released; }

} // namespace

TEST_CASE("a handle calls the library's release function once", "[base][handle]")
{
    Thing thing;
    {
        Handle<Thing, release_thing> const first(&thing);
        Handle<Thing, release_thing> const none(nullptr);
    }
    CHECK(thing.released == 1);
}
