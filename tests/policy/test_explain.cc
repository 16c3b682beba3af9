// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/explain.h"

#include <catch2/catch.hpp>
#include <string_view>

using namespace oekd;

namespace {

GroupTable table_of(std::string_view text)
{
    std::vector<LineError> errors;
    auto file = parse_group_file(text, PolicyGroup::Private, "f");
    auto table = GroupTable::build(std::move(file.lines), errors);
    REQUIRE(file.errors.empty());
    REQUIRE(errors.empty());
    return table;
}

using Numbers = std::vector<int>;

Numbers numbers_of(std::vector<GroupLine const*> const& lines)
{
    Numbers numbers;
    for (auto const* line : lines)
        numbers.push_back(line->line);
    return numbers;
}

Service tcp(std::string_view local, std::string_view remote)
{
    return Service::read("tcp", local, remote).value();
}

} // namespace

TEST_CASE("the line that decides, those that it overrules, and those that decide about a part", "[explain]")
{
    auto const table = table_of("0.0.0.0/0\n"             // 1
                                "192.0.2.0/24\n"          // 2
                                "192.0.2.0/24 tcp 0 22\n" // 3
                                "192.0.2.0/24 tcp 0 0\n"  // 4
                                "0.0.0.0/0 udp 0 53\n"    // 5: the longer network comes first
                                "192.0.2.80 tcp 443 0\n"  // 6
                                "192.0.2.64/26\n"         // 7
                                "::/0\n"                  // 8
                                "198.51.100.0/24 tcp 0 25\n");
    auto const host = Address::parse("192.0.2.80").value();
    struct Row {
        std::string_view why;
        Service service;
        int decides;
        Numbers exceptions;
        Numbers overruled;
    };
    for (auto const& row : {
             Row{"all traffic", {}, 7, {6}, {2, 1}},
             Row{"a port that a wider network has", tcp("0", "22"), 7, {}, {3, 4, 2, 1}},
             Row{"a server of ours", tcp("443", "0"), 6, {}, {7, 4, 2, 1}},
             Row{"another protocol", Service::read("udp", "0", "53").value(), 7, {}, {2, 5, 1}},
         }) {
        INFO(row.why);
        auto const explanation = explain(table, host, row.service);
        REQUIRE(explanation.decides);
        CHECK(explanation.decides->line == row.decides);
        CHECK(numbers_of(explanation.exceptions) == row.exceptions);
        CHECK(numbers_of(explanation.overruled) == row.overruled);
    }
}

TEST_CASE("a line may decide about a service of an address that no other line names", "[explain]")
{
    auto const table = table_of("198.51.100.0/24 tcp 0 25\n");
    auto const explanation = explain(table, Address::parse("198.51.100.1").value(), {});
    CHECK(!explanation.decides);
    CHECK(numbers_of(explanation.exceptions) == Numbers{1});
    CHECK(explanation.overruled.empty());
}
