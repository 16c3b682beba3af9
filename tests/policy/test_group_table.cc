// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/group_table.h"
#include "tests/policy/generators.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <rapidcheck/catch.h>

using namespace oekd;

namespace {

GroupTable table_of(std::vector<GroupLine> lines)
{
    std::vector<LineError> errors;
    return GroupTable::build(std::move(lines), errors);
}

GroupLine line(PolicyGroup group, char const* network, int number = 1)
{
    return {*Prefix::parse(network), group, std::string(to_string(group)), number};
}

std::optional<PolicyGroup> group_of(GroupTable const& table, Address const& address)
{
    auto const* found = table.find(address);
    return found ? std::optional(found->group) : std::nullopt;
}

std::optional<PolicyGroup> group_of(GroupTable const& table, char const* address)
{
    return group_of(table, *Address::parse(address));
}

/// The rule in its plainest form: of all lines that hold the address the longest wins, then the strictest.
std::optional<PolicyGroup> linear_search(std::vector<GroupLine> const& lines, Address const& address)
{
    GroupLine const* best = nullptr;
    auto const rank = [](GroupLine const& l) { return std::pair(l.network.length(), l.group); };
    for (auto const& candidate : lines)
        if (candidate.network.contains(address) && (!best || rank(candidate) > rank(*best)))
            best = &candidate;
    return best ? std::optional(best->group) : std::nullopt;
}

} // namespace

TEST_CASE("each group inside each other: the longest prefix wins in both families", "[policy][group-table]")
{
    auto const outer = GENERATE(from_range(all_groups));
    auto const inner = GENERATE(from_range(all_groups));
    CAPTURE(to_string(outer), to_string(inner));
    auto const table =
        table_of({line(outer, "192.0.2.0/24"), line(inner, "192.0.2.7"), line(outer, "0.0.0.0/0"),
                  line(inner, "2001:db8:7::/48"), line(outer, "2001:db8::/32")});
    CHECK(group_of(table, "192.0.2.7") == inner);
    CHECK(group_of(table, "192.0.2.8") == outer);
    CHECK(group_of(table, "203.0.113.1") == outer);
    CHECK(group_of(table, "2001:db8:7::1") == inner);
    CHECK(group_of(table, "2001:db8:8::1") == outer);
    CHECK(group_of(table, "2001:db9::1") == std::nullopt); // 0.0.0.0/0 does not speak for IPv6
}

TEST_CASE("an address in no group has no line", "[policy][group-table]")
{
    CHECK(table_of({}).find(Address::any(Family::V4)) == nullptr);
    CHECK(table_of({line(PolicyGroup::Private, "192.0.2.0/24")}).find(*Address::parse("192.0.3.0")) ==
          nullptr);
}

TEST_CASE("the line that decides is found with its place", "[policy][group-table]")
{
    auto const table =
        table_of({line(PolicyGroup::Clear, "0.0.0.0/0", 3), line(PolicyGroup::Block, "192.0.2.0/24", 5)});
    auto const* found = table.find(*Address::parse("192.0.2.1"));
    REQUIRE(found != nullptr);
    CHECK(found->file == "block");
    CHECK(found->line == 5);
    CHECK(table.lines().size() == 2);
}

TEST_CASE("the same network twice is reported with both places", "[policy][group-table]")
{
    std::vector<LineError> errors;
    SECTION("in the same group the first line holds")
    {
        auto const table = GroupTable::build(
            {line(PolicyGroup::Private, "192.0.2.0/24", 3), line(PolicyGroup::Private, "192.0.2.0/24", 9)},
            errors);
        REQUIRE(errors.size() == 1);
        CHECK(errors[0].to_string() == "private:9: 192.0.2.0/24 is listed already in private:3");
        CHECK(table.lines().size() == 1);
    }
    SECTION("in two groups the stricter holds, whichever came first")
    {
        auto const open = line(PolicyGroup::PrivateOrClear, "192.0.2.0/24", 3);
        auto const strict = line(PolicyGroup::Private, "192.0.2.0/24", 9);
        bool const open_first = GENERATE(true, false);
        auto const lines = open_first ? std::vector{open, strict} : std::vector{strict, open};
        auto const table = GroupTable::build(lines, errors);
        REQUIRE(errors.size() == 1);
        CHECK(errors[0].to_string() == "private-or-clear:3: 192.0.2.0/24 is also in group private "
                                       "(private:9), which is stricter and holds");
        CHECK(group_of(table, "192.0.2.1") == PolicyGroup::Private);
        CHECK(table.lines().size() == 1);
    }
}

TEST_CASE("the table follows the plain rule", "[policy][group-table]")
{
    using Lines = std::vector<GroupLine>;
    rc::prop("find() agrees with a linear search", [](Lines const& lines, Address const& address) {
        auto const table = table_of(lines);
        RC_CLASSIFY(table.find(address) != nullptr);
        RC_ASSERT(group_of(table, address) == linear_search(lines, address));
        for (auto const& some : lines)
            RC_ASSERT(group_of(table, some.network.address()) ==
                      linear_search(lines, some.network.address()));
    });
    rc::prop("the order of the lines decides nothing", [](Lines const& lines, Address const& address) {
        auto shuffled = lines;
        std::ranges::shuffle(shuffled, std::mt19937(*rc::gen::arbitrary<uint32_t>()));
        auto const reordered = table_of(shuffled);
        auto const table = table_of(lines);
        RC_ASSERT(group_of(reordered, address) == group_of(table, address));
        for (auto const& some : lines)
            RC_ASSERT(group_of(reordered, some.network.address()) == group_of(table, some.network.address()));
    });
    rc::prop("each line holds or is reported", [](Lines const& lines) {
        std::vector<LineError> errors;
        auto const table = GroupTable::build(lines, errors);
        RC_ASSERT(table.lines().size() + errors.size() == lines.size());
    });
}
