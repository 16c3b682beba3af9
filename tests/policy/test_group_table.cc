// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/group_table.h"
#include "tests/policy/generators.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <rapidcheck/catch.h>
#include <tuple>

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

GroupLine line(PolicyGroup group, char const* network, Service const& service)
{
    auto made = line(group, network);
    made.service = service;
    return made;
}

std::optional<PolicyGroup> group_of(GroupTable const& table, Address const& address,
                                    Service const& service = {})
{
    auto const* found = table.find(address, service);
    return found ? std::optional(found->group) : std::nullopt;
}

std::optional<PolicyGroup> group_of(GroupTable const& table, char const* address, Service const& service = {})
{
    return group_of(table, *Address::parse(address), service);
}

/// The rule in its plainest form: of all lines that hold the packet the longest wins, then the one that names
/// more of it, then the strictest.
std::optional<PolicyGroup> linear_search(std::vector<GroupLine> const& lines, Address const& address,
                                         Service const& service = {})
{
    GroupLine const* best = nullptr;
    auto const rank = [](GroupLine const& l) {
        auto const s = l.service;
        int const named =
            (s.protocol != 0 ? 1 : 0) + (s.local_port != 0 ? 1 : 0) + (s.remote_port != 0 ? 2 : 0);
        return std::tuple(l.network.length(), named, l.group);
    };
    for (auto const& candidate : lines)
        if (candidate.network.contains(address) && candidate.service.contains(service) &&
            (!best || rank(candidate) > rank(*best)))
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

TEST_CASE("a line with a service decides before the plain one of the same network only",
          "[policy][group-table]")
{
    constexpr Service ssh_to{6, 0, 22};
    constexpr Service ssh_at{6, 22, 0};
    constexpr Service any_tcp{6, 0, 0};
    auto const table = table_of(
        {line(PolicyGroup::PrivateOrClear, "192.0.2.0/24"), line(PolicyGroup::Clear, "192.0.2.0/24", ssh_to),
         line(PolicyGroup::Block, "192.0.2.0/24", any_tcp),
         line(PolicyGroup::Private, "192.0.2.0/24", ssh_at), line(PolicyGroup::Private, "192.0.2.7"),
         line(PolicyGroup::Block, "198.51.100.0/24", ssh_to)});
    CHECK(group_of(table, "192.0.2.1") == PolicyGroup::PrivateOrClear);
    CHECK(group_of(table, "192.0.2.1", {17, 40000, 53}) == PolicyGroup::PrivateOrClear);
    CHECK(group_of(table, "192.0.2.1", {6, 40000, 22}) == PolicyGroup::Clear);
    CHECK(group_of(table, "192.0.2.1", {6, 22, 22}) ==
          PolicyGroup::Clear); // where we go decides before where we are
    CHECK(group_of(table, "192.0.2.1", {6, 22, 40000}) == PolicyGroup::Private);
    CHECK(group_of(table, "192.0.2.1", {6, 40000, 80}) == PolicyGroup::Block);
    CHECK(group_of(table, "192.0.2.7", {6, 40000, 22}) ==
          PolicyGroup::Private); // the longer prefix, whatever the service
    CHECK(group_of(table, "198.51.100.1", {6, 40000, 22}) == PolicyGroup::Block);
    CHECK(group_of(table, "198.51.100.1", {6, 40000, 80}) == std::nullopt);
    CHECK(group_of(table, "198.51.100.1") == std::nullopt);
    CHECK_FALSE(table.lines_for(*Address::parse("198.51.100.1")).empty());
    CHECK(table.lines_for(*Address::parse("203.0.113.1")).empty());
}

TEST_CASE("the lines that decide about an address", "[policy][group-table]")
{
    constexpr Service any_tcp{6, 0, 0};
    constexpr Service ssh_to{6, 0, 22};
    auto const table =
        table_of({line(PolicyGroup::Clear, "192.0.0.0/8"), line(PolicyGroup::Private, "192.0.2.0/24"),
                  line(PolicyGroup::Block, "192.0.2.0/28", any_tcp),
                  line(PolicyGroup::Clear, "192.0.2.0/28", ssh_to)});
    auto const lines_of = [&](char const* address) {
        std::vector<std::string> subjects;
        for (auto const* line : table.lines_for(*Address::parse(address)))
            subjects.push_back(line->subject());
        return subjects;
    };
    using Subjects = std::vector<std::string>;
    CHECK(lines_of("192.0.2.1") == Subjects{"192.0.2.0/28 tcp 0 22", "192.0.2.0/28 tcp 0 0", "192.0.2.0/24"});
    CHECK(lines_of("192.0.2.99") == Subjects{"192.0.2.0/24"});
    CHECK(lines_of("192.1.0.1") == Subjects{"192.0.0.0/8"});
    CHECK(lines_of("203.0.113.1").empty());
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
    rc::prop("find() agrees with a linear search",
             [](Lines const& lines, Address const& address, Service const& service) {
                 auto const table = table_of(lines);
                 RC_CLASSIFY(table.find(address, service) != nullptr);
                 RC_ASSERT(group_of(table, address, service) == linear_search(lines, address, service));
                 for (auto const& some : lines)
                     RC_ASSERT(group_of(table, some.network.address(), service) ==
                               linear_search(lines, some.network.address(), service));
             });
    rc::prop("the order of the lines decides nothing", [](Lines const& lines, Address const& address) {
        auto shuffled = lines;
        std::ranges::shuffle(shuffled, std::mt19937(*rc::gen::arbitrary<uint32_t>()));
        auto const reordered = table_of(shuffled);
        auto const table = table_of(lines);
        RC_ASSERT(group_of(reordered, address) == group_of(table, address));
        for (auto const& some : lines) {
            auto const& host = some.network.address();
            RC_ASSERT(group_of(reordered, host, some.service) == group_of(table, host, some.service));
        }
    });
    rc::prop("each line holds or is reported", [](Lines const& lines) {
        std::vector<LineError> errors;
        auto const table = GroupTable::build(lines, errors);
        RC_ASSERT(table.lines().size() + errors.size() == lines.size());
    });
}
