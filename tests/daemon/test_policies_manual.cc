// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/group_table.h"
#include "tests/daemon/manual.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <regex>
#include <sstream>

/// The examples of oekd-policies(5) are read by the parser that reads the files, and mean what the text
/// around them says.
using namespace oekd;

namespace {

/// A display of the page, mdoc(7)'s ".Bd -literal" up to ".Ed", and the group in whose file it stands.
struct Example {
    std::string group; ///< empty where the page does not name a file just before
    std::string text;
};

std::vector<Example> examples_of(std::string const& page)
{
    static std::regex const file(R"(\.Pa /etc/oekd/policies/(\S+) :)");
    std::vector<Example> examples;
    std::istringstream lines(page);
    std::string group;
    for (std::string line; std::getline(lines, line);) {
        std::smatch named;
        if (line.starts_with(".Bd -literal")) {
            examples.push_back({std::exchange(group, {}), {}});
            while (std::getline(lines, line) && line != ".Ed")
                examples.back().text += line + '\n';
        } else if (std::regex_match(line, named, file)) {
            group = named[1];
        } else {
            group.clear();
        }
    }
    return examples;
}

/// What is wrong with them, each by itself and all together.
std::vector<std::string> faults_of(std::vector<Example> const& examples, GroupTable& table)
{
    std::vector<std::string> faults;
    std::vector<LineError> errors;
    std::vector<GroupLine> all;
    for (auto const& [name, text] : examples) {
        auto const group = parse_policy_group(name);
        if (!group) {
            faults.push_back("an example in no group's file: " + text);
            continue;
        }
        auto parsed = parse_group_file(text, *group, name);
        if (parsed.lines.empty() && parsed.names.empty())
            faults.push_back("an example without lines: " + text);
        std::ranges::move(parsed.errors, std::back_inserter(errors));
        std::ranges::move(parsed.lines, std::back_inserter(all));
    }
    table = GroupTable::build(std::move(all), errors);
    for (auto const& error : errors)
        faults.push_back(error.to_string());
    return faults;
}

std::optional<PolicyGroup> group_of(GroupTable const& table, char const* address, Service const& service = {})
{
    auto const* line = table.find(*Address::parse(address), service);
    return line != nullptr ? std::optional(line->group) : std::nullopt;
}

constexpr uint8_t tcp = 6;

} // namespace

TEST_CASE("the manual's examples of group files are good, and mean what it says", "[manual]")
{
    auto const examples = examples_of(manual_text("oekd-policies.5"));
    REQUIRE(examples.size() == 5);
    GroupTable everywhere;
    CHECK(faults_of({examples.begin(), examples.begin() + 3}, everywhere) == std::vector<std::string>{});
    CHECK(group_of(everywhere, "203.0.113.1") == PolicyGroup::PrivateOrClear); // everybody who can
    CHECK(group_of(everywhere, "2001:db8::1") == PolicyGroup::PrivateOrClear);
    CHECK(group_of(everywhere, "198.51.100.9") == PolicyGroup::Private); // the partner
    CHECK(group_of(everywhere, "2001:db8:100::9") == PolicyGroup::Private);
    CHECK(group_of(everywhere, "192.0.2.130") == PolicyGroup::Clear); // the printers

    GroupTable server; // "the same", and two files more
    CHECK(faults_of(examples, server) == std::vector<std::string>{});
    for (auto const* anybody : {"203.0.113.1", "2001:db8::1"}) {
        CHECK(group_of(server, anybody, {tcp, 5432, 0}) == PolicyGroup::Private);
        CHECK(group_of(server, anybody, {tcp, 22, 0}) == PolicyGroup::Clear);
        CHECK(group_of(server, anybody, {tcp, 80, 0}) == PolicyGroup::PrivateOrClear);
    }
}

TEST_CASE("an example that is wrong is found", "[manual]")
{
    auto const faults = [](std::string const& group, std::string const& text) {
        GroupTable table;
        std::string const good =
            ".Pa /etc/oekd/policies/clear :\n.Bd -literal -offset indent\n192.0.2.1\n.Ed\n";
        return faults_of(examples_of(good + ".Pa /etc/oekd/policies/" + group + " :\n.Bd -literal\n" + text +
                                     ".Ed\n"),
                         table)
            .size();
    };
    CHECK(faults("private", "192.0.2.0/24  tcp 5432 0  # good\n") == 0);
    CHECK(faults("private", "192.0.2.0/33\n192.0.2.0/24\n") == 1);
    CHECK(faults("private", "192.0.2.0/24 tcp 5432\n192.0.2.1/24\n10.0.0.0/8\n") == 2);
    CHECK(faults("private", "192.0.2.1\n") == 1); // is in clear already
    CHECK(faults("secret", "192.0.2.0/24\n") == 1);
    CHECK(faults("block", "# nothing\n") == 1);
}
