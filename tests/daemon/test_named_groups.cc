// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/named_groups.h"
#include "tests/dns/records.h"
#include "tests/dns/scripted_resolver.h"

#include <catch2/catch.hpp>

using namespace oekd;
using namespace oekd::test;

namespace {

WrittenGroups files(std::string_view text, PolicyGroup group)
{
    auto file = parse_group_file(text, group, to_string(group));
    REQUIRE(file.errors.empty());
    std::vector<LineError> errors;
    return {std::make_shared<GroupTable const>(GroupTable::build(std::move(file.lines), errors)),
            std::move(file.names)};
}

struct Fixture {
    explicit Fixture(WrittenGroups written)
    {
        config.groups.private_or_clear.conduct.failure = Conduct::Failure::Drop;
        groups.use(std::move(written));
    }
    GroupLine const* line_of(std::string_view text) { return groups.table()->find(address(text)); }

    Config config;
    Journal journal = Journal::open(LogLevel::Error);
    EventLoop loop = EventLoop::create().value();
    ScriptedResolver dns;
    NamedGroups groups{loop, dns, journal, config, [] {}};
};

} // namespace

TEST_CASE("until names are resolved the written lines hold, and their table is the very same",
          "[daemon][names]")
{
    auto const written = files("192.0.2.0/24\nwww.example.net\n", PolicyGroup::PrivateOrClear);
    Fixture fixture(written);
    CHECK(fixture.groups.table() == written.lines);
    fixture.dns.answer("www.example.net", dns::NoAnswer{"no server answers"}, no_type());
    CHECK(fixture.groups.table() == written.lines);
    CHECK(fixture.groups.warnings() ==
          std::vector<std::string>{"private-or-clear:2: www.example.net: no server answers; it stands "
                                   "for no address"});
}

TEST_CASE("a name's addresses are lines like others, with the group's conduct", "[daemon][names]")
{
    Fixture fixture(files("www.example.net\n198.51.100.1\n", PolicyGroup::PrivateOrClear));
    fixture.dns.answer("www.example.net", records({"198.51.100.1", "192.0.2.80"}), no_type());
    auto const table = fixture.groups.table();
    CHECK(table->lines().size() == 2);
    auto const* line = fixture.line_of("192.0.2.80");
    REQUIRE(line);
    CHECK(line->line == 1);
    CHECK(line->conduct.failure == Conduct::Failure::Drop);
    CHECK(fixture.groups.table() == table); // nothing has changed
    CHECK(fixture.groups.warnings().empty());
    auto const views = fixture.groups.views();
    REQUIRE(views.size() == 1);
    CHECK(views[0].line.name == "www.example.net");
    CHECK(views[0].addresses == std::vector{unproven("192.0.2.80"), unproven("198.51.100.1")});
    CHECK(views[0].problem.empty());
}

TEST_CASE("what unsigned names may not do is a warning", "[daemon][names]")
{
    Fixture fixture(files("www.example.net\n", PolicyGroup::Clear));
    fixture.dns.answer("www.example.net", records({"192.0.2.80"}), no_type());
    CHECK(fixture.line_of("192.0.2.80") == nullptr);
    CHECK(fixture.groups.warnings() ==
          std::vector<std::string>{
              "clear:1: www.example.net: its addresses are not signed, so they cannot be put into clear"});
}

TEST_CASE("other files: known names keep their addresses, others go", "[daemon][names]")
{
    Fixture fixture(files("a.example.net\nb.example.net\n", PolicyGroup::Private));
    fixture.dns.answer("a.example.net", records({"192.0.2.1"}), no_type());
    fixture.dns.answer("b.example.net", records({"192.0.2.2"}), no_type());
    auto const before = fixture.groups.written();
    fixture.groups.use(files("b.example.net\n192.0.2.0/28\n", PolicyGroup::Block));
    CHECK(fixture.line_of("192.0.2.1")->network.length() == 28);
    CHECK(fixture.line_of("192.0.2.2")->group == PolicyGroup::Block);
    CHECK(fixture.line_of("192.0.2.2")->network.is_host());
    fixture.groups.use(before); // as after a reload that failed
    CHECK(fixture.line_of("192.0.2.2")->group == PolicyGroup::Private);
    CHECK(fixture.dns.is_asked("a.example.net"));
}
