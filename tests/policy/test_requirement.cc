// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/requirement.h"

#include <catch2/catch.hpp>

/// The table of what follows from what the DNS says, row by row.
using namespace oekd;
using namespace std::chrono_literals;

namespace {

using Key = Requirement::Key;
using Verdict = Requirement::Verdict;

Address const remote = Address::parse("192.0.2.1").value();
Address const gateway = Address::parse("192.0.2.254").value();
PublicKey const key{KeyAlgorithm::EdDsa, std::vector(32, std::byte{1})};

constexpr AcceptedProtections everything{Protection::Dnssec, Protection::Dns, Protection::Anonymous};
constexpr AcceptedProtections proven{Protection::Dnssec, Protection::Dns};
constexpr AcceptedProtections dnssec{Protection::Dnssec};

KeysFound found(KeysFound::Trust trust, std::vector<Gateway> gateways)
{
    return {trust, std::move(gateways), 300s};
}

struct Row {
    char const* what;
    KeyAnswer answer;
    AcceptedProtections accepted;
    Verdict verdict;
    Key key;
    Protection worth;
};

} // namespace

TEST_CASE("what the DNS says decides what a peer must prove", "[policy][requirement]")
{
    auto const with_dnssec = found(KeysFound::Trust::Dnssec, {{remote, {key}}});
    auto const without = found(KeysFound::Trust::Unsigned, {{remote, {key}}});
    auto const elsewhere = found(KeysFound::Trust::Unsigned, {{gateway, {key}}});
    auto const row = GENERATE_COPY(
        Row{"signed", with_dnssec, everything, Verdict::Negotiate, Key::Required, Protection::Dnssec},
        Row{"signed, which is all that is taken", with_dnssec, dnssec, Verdict::Negotiate, Key::Required,
            Protection::Dnssec},
        Row{"signed, and not taken", with_dnssec, AcceptedProtections{Protection::Anonymous},
            Verdict::Hopeless, Key::Required, Protection::Dnssec},
        Row{"signed, for another gateway", found(KeysFound::Trust::Dnssec, {{gateway, {key}}}), everything,
            Verdict::Hopeless, Key::Required, Protection::Dnssec},
        Row{"unsigned", without, everything, Verdict::Negotiate, Key::Wanted, Protection::Dns},
        Row{"unsigned, and nobody may be anonymous", without, proven, Verdict::Negotiate, Key::Required,
            Protection::Dns},
        Row{"unsigned, and not taken", without, dnssec, Verdict::Hopeless, Key::None, Protection::Anonymous},
        Row{"unsigned, for somebody else", elsewhere, everything, Verdict::Negotiate, Key::None,
            Protection::Anonymous},
        Row{"nothing", NoKey{60s, ""}, everything, Verdict::Negotiate, Key::None, Protection::Anonymous},
        Row{"nothing, and nobody may be anonymous", NoKey{60s, ""}, proven, Verdict::Hopeless, Key::None,
            Protection::Anonymous},
        Row{"forged", BadKey{60s, "bogus"}, everything, Verdict::Deny, Key::None, Protection::Anonymous},
        Row{"no answer", Unavailable{"down"}, everything, Verdict::Negotiate, Key::None,
            Protection::Anonymous},
        Row{"no answer, and nobody may be anonymous", Unavailable{"down"}, dnssec, Verdict::Hopeless,
            Key::None, Protection::Anonymous});
    INFO(row.what);
    auto const required = required_of(row.answer, remote, row.accepted);
    CHECK(required.verdict == row.verdict);
    CHECK(required.key == row.key);
    CHECK(required.proven == row.worth);
    CHECK(required.is_promise() == (row.worth == Protection::Dnssec));
    CHECK(!required.why.empty());
    if (required.verdict == Verdict::Negotiate)
        CHECK(required.gateways.front().address == remote);
}

TEST_CASE("a key that turned out wrong, and is not signed, is as none", "[policy][requirement]")
{
    CHECK(without_key(remote, everything).verdict == Verdict::Negotiate);
    CHECK(without_key(remote, everything).key == Key::None);
    CHECK(without_key(remote, proven).verdict == Verdict::Hopeless);
}

TEST_CASE("nobody asks the DNS for a group that takes no keys", "[policy][requirement]")
{
    CHECK(!AcceptedProtections{Protection::Anonymous}.any_with_keys());
    CHECK(dnssec.any_with_keys());
    CHECK(AcceptedProtections{Protection::Dns}.any_with_keys());
}
