// SPDX-License-Identifier: GPL-2.0-or-later
#include "keys/roll_over.h"
#include "tests/daemon/temporary_directory.h"

#include <catch2/catch.hpp>

using namespace oekd;
using namespace oekd::keys;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// A directory with room for keys.
struct Place {
    TemporaryDirectory directory;
    KeyFiles files{directory.path() / "key.pem"};

    PublicKey make(fs::path const& path) const
    {
        auto const key = PrivateKey::generate(KeyType::Ed25519).value();
        REQUIRE(key.save(path));
        return key.public_key();
    }
    std::vector<PublicKey> public_keys() const { return load_own_keys(files).value().public_keys(); }
};

WallTime const noon{std::chrono::seconds(1'795'262'400)};

} // namespace

TEST_CASE("the other files are named after the current key's", "[roll-over]")
{
    KeyFiles const files{"/var/lib/oekd/key.pem"};
    CHECK(files.next() == "/var/lib/oekd/key.next.pem");
    CHECK(files.old() == "/var/lib/oekd/key.old.pem");
    CHECK(files.seen() == "/var/lib/oekd/key.next.seen");
    CHECK(KeyFiles{"gate"}.next() == "gate.next");
}

TEST_CASE("the keys that are there are published, the current one first", "[roll-over]")
{
    Place const place;
    CHECK(place.public_keys().empty());
    auto const current = place.make(place.files.current);
    CHECK(place.public_keys() == std::vector{current});
    auto const next = place.make(place.files.next());
    CHECK(place.public_keys() == std::vector{current, next});
    fs::permissions(place.files.next(), fs::perms::others_read, fs::perm_options::add);
    CHECK(load_own_keys(place.files).error().code == ErrorCode::Permission);
}

TEST_CASE("the next key becomes the current one, whatever lies there", "[roll-over]")
{
    Place const place;
    auto const current = place.make(place.files.current);
    auto const next = place.make(place.files.next());
    place.make(place.files.old());
    REQUIRE(note_next_seen(place.files, next, {noon, 1h}));
    REQUIRE(activate_next(place.files));
    CHECK(place.public_keys() == std::vector{next});
    CHECK(PrivateKey::load(place.files.old()).value().public_key() == current);
    CHECK_FALSE(fs::exists(place.files.seen()));
    CHECK(activate_next(place.files).error().code == ErrorCode::NotFound);
    CHECK(place.public_keys() == std::vector{next});
}

TEST_CASE("a first key may be activated as well", "[roll-over]")
{
    Place const place;
    auto const next = place.make(place.files.next());
    REQUIRE(activate_next(place.files));
    CHECK(place.public_keys() == std::vector{next});
    CHECK_FALSE(fs::exists(place.files.old()));
    SECTION("and one before it stays where it is")
    {
        auto const old = place.make(place.files.old());
        fs::rename(place.files.current, place.files.next());
        REQUIRE(activate_next(place.files));
        CHECK(PrivateKey::load(place.files.old()).value().public_key() == old);
    }
}

TEST_CASE("a change that was cut off is made again", "[roll-over]")
{
    Place const place;
    auto const current = place.make(place.files.current);
    auto const next = place.make(place.files.next());
    fs::create_hard_link(place.files.current, place.files.old()); // so far it came
    CHECK(place.public_keys() == std::vector{current, next});
    REQUIRE(activate_next(place.files));
    CHECK(place.public_keys() == std::vector{next});
    CHECK(PrivateKey::load(place.files.old()).value().public_key() == current);
}

TEST_CASE("a next key that cannot be used is not activated", "[roll-over]")
{
    Place const place;
    auto const current = place.make(place.files.current);
    place.directory.write("key.next.pem", "no key");
    fs::permissions(place.files.next(), fs::perms::owner_read);
    CHECK(activate_next(place.files).error().code == ErrorCode::Configuration);
    CHECK(PrivateKey::load(place.files.current).value().public_key() == current);
    CHECK_FALSE(fs::exists(place.files.old()));
}

TEST_CASE("what the DNS said is remembered for this very key", "[roll-over]")
{
    Place const place;
    auto const next = place.make(place.files.next());
    CHECK_FALSE(next_seen(place.files, next).value());
    REQUIRE(note_next_seen(place.files, next, {noon, 1h}));
    CHECK(next_seen(place.files, next).value() == NextSeen{noon, 1h});
    SECTION("the first time counts, and the longest TTL")
    {
        REQUIRE(note_next_seen(place.files, next, {noon + 1h, 2h}));
        CHECK(next_seen(place.files, next).value() == NextSeen{noon, 2h});
        REQUIRE(note_next_seen(place.files, next, {noon + 2h, 1min}));
        CHECK(next_seen(place.files, next).value() == NextSeen{noon, 2h});
    }
    SECTION("another key was not seen")
    {
        auto const other = PrivateKey::generate(KeyType::Ed25519).value().public_key();
        CHECK_FALSE(next_seen(place.files, other).value());
        REQUIRE(note_next_seen(place.files, other, {noon + 1h, 1min}));
        CHECK(next_seen(place.files, other).value() == NextSeen{noon + 1h, 1min});
    }
    SECTION("forgotten where it is missing again")
    {
        REQUIRE(forget_next_seen(place.files));
        REQUIRE(forget_next_seen(place.files));
        CHECK_FALSE(next_seen(place.files, next).value());
    }
    SECTION("no sense is made of nonsense")
    {
        auto const text = GENERATE("", "a", "a b c", "a -1 3600", "a 1 -3600", "a 1 99999999999999999999",
                                   "a 99999999999 3600");
        INFO(text);
        place.directory.write("key.next.seen", text);
        CHECK_THAT(next_seen(place.files, next).error().message,
                   Catch::StartsWith(place.files.seen().native() + ": makes no sense"));
    }
}

TEST_CASE("a key is used only when nobody can have records without it", "[roll-over]")
{
    struct Row {
        std::string why;
        std::optional<NextSeen> seen;
        std::chrono::seconds old_ttl;
        WallTime now;
        bool may;
    };
    auto const row = GENERATE(values<Row>({
        {"never published", std::nullopt, 0s, noon, false},
        {"just published", NextSeen{noon, 1h}, 1h, noon, false},
        {"a second too early", NextSeen{noon, 1h}, 1h, noon + 1h - 1s, false},
        {"every record has ended", NextSeen{noon, 1h}, 1h, noon + 1h, true},
        {"the old records lived longer", NextSeen{noon, 1min}, 1h, noon + 59min, false},
        {"the new ones do: so may have the old ones", NextSeen{noon, 1h}, 1min, noon + 59min, false},
        {"the clock was set back", NextSeen{noon, 1h}, 1h, noon - 48h, false},
    }));
    INFO(row.why);
    auto const answer = may_activate(row.seen, row.old_ttl, row.now);
    CHECK(answer.has_value() == row.may);
}

TEST_CASE("who comes too early is told when to come", "[roll-over]")
{
    CHECK_THAT(may_activate(NextSeen{noon, 1h}, 2h, noon + 1h).error().message,
               Catch::Contains("since 2026-11-21T12:00:00Z") &&
                   Catch::Contains("until 2026-11-21T14:00:00Z"));
}
