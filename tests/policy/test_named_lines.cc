// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/named_lines.h"

#include <catch2/catch.hpp>
#include <map>
#include <rapidcheck.h>

using namespace oekd;

namespace {

using enum PolicyGroup;

constexpr Service https{6, 0, 443};
constexpr Service ssh{6, 0, 22};

HostAddress host(std::string_view text, HostAddress::Provenance provenance)
{
    return {provenance, Address::parse(text).value()};
}
HostAddress proven(std::string_view text) { return host(text, HostAddress::Provenance::Signed); }
HostAddress unproven(std::string_view text) { return host(text, HostAddress::Provenance::Unsigned); }

NamedLine named(std::string name, PolicyGroup group, int line = 7, Service service = {})
{
    return {std::move(name), group, std::string(to_string(group)), line, service};
}

GroupLine written(std::string_view network, PolicyGroup group, Service service = {})
{
    return {Prefix::parse(network).value(), group, std::string(to_string(group)), 1, service};
}

struct Outcome {
    GroupTable table;
    std::vector<std::string> errors;

    PolicyGroup group_of(std::string_view address, Service const& service = {}) const
    {
        auto const* line = table.find(Address::parse(address).value(), service);
        return line ? line->group : Clear;
    }
};

using Zone = std::map<std::string, std::vector<HostAddress>>;

Outcome resolve(std::vector<GroupLine> lines, std::vector<NamedLine> const& names, Zone const& zone)
{
    std::vector<LineError> errors;
    auto const table = GroupTable::build(lines, errors);
    auto const of = [&](std::string const& name) -> std::span<HostAddress const> {
        auto const found = zone.find(name);
        return found == zone.end() ? std::span<HostAddress const>{} : std::span(found->second);
    };
    auto added = lines_of_names(names, of, table, errors);
    std::ranges::move(added, std::back_inserter(lines));
    auto whole = GroupTable::build(std::move(lines), errors);
    Outcome outcome{std::move(whole), {}};
    for (auto const& error : errors)
        outcome.errors.push_back(error.to_string());
    return outcome;
}

} // namespace

TEST_CASE("a name stands for its addresses, with its service", "[policy][names]")
{
    auto const outcome = resolve({}, {named("a.example", Private), named("b.example", Block, 8, https)},
                                 {{"a.example", {unproven("192.0.2.1"), unproven("2001:db8::1")}},
                                  {"b.example", {unproven("192.0.2.2")}}});
    CHECK(outcome.errors.empty());
    CHECK(outcome.group_of("192.0.2.1") == Private);
    CHECK(outcome.group_of("2001:db8::1") == Private);
    CHECK(outcome.group_of("192.0.2.2", https) == Block);
    CHECK(outcome.group_of("192.0.2.2") == Clear);
    auto const* line = outcome.table.find(Address::parse("192.0.2.1").value());
    CHECK(line->file == "private");
    CHECK(line->line == 7);
}

TEST_CASE("a name that is not resolved adds nothing", "[policy][names]")
{
    CHECK(resolve({}, {named("a.example", Private)}, {}).table.lines().empty());
}

TEST_CASE("addresses without signature do not get into clear", "[policy][names]")
{
    Zone const zone{{"a.example", {unproven("192.0.2.1"), proven("2001:db8::1")}}};
    auto const outcome =
        resolve({written("0.0.0.0/0", Private), written("::/0", Private)}, {named("a.example", Clear)}, zone);
    CHECK(outcome.group_of("192.0.2.1") == Private);
    CHECK(outcome.group_of("2001:db8::1") == Clear);
    CHECK(outcome.errors ==
          std::vector<std::string>{
              "clear:7: a.example: its addresses are not signed, so they cannot be put into clear"});
    // Also where nothing else is written: it would be reported too late.
    CHECK(resolve({}, {named("a.example", Clear)}, zone).errors.size() == 1);
}

TEST_CASE("an unsigned address makes nothing more open, a signed one does what is written", "[policy][names]")
{
    struct Row {
        std::string why;
        std::vector<GroupLine> written;
        NamedLine named;
        PolicyGroup if_unsigned;
        PolicyGroup if_signed;
        Service service{};
    };
    auto const row = GENERATE(values<Row>({
        {"stricter than a network",
         {written("192.0.2.0/24", PrivateOrClear)},
         named("a", Private),
         Private,
         Private},
        {"stricter than nothing", {}, named("a", ClearOrPrivate), ClearOrPrivate, ClearOrPrivate},
        {"as strict as its network",
         {written("192.0.2.0/24", Private)},
         named("a", Private),
         Private,
         Private},
        {"more open than its network",
         {written("192.0.2.0/24", Private)},
         named("a", PrivateOrClear),
         Private,
         PrivateOrClear},
        {"more open than a wide network, stricter than a narrow one",
         {written("0.0.0.0/0", Private), written("192.0.2.0/24", Clear)},
         named("a", PrivateOrClear),
         PrivateOrClear,
         PrivateOrClear},
        {"more open than the same address",
         {written("192.0.2.1/32", Private)},
         named("a", PrivateOrClear),
         Private,
         Private},
        {"stricter than the same address",
         {written("192.0.2.1/32", PrivateOrClear)},
         named("a", Private),
         Private,
         Private},
        {"a service that is more open",
         {written("192.0.2.0/24", Private)},
         named("a", PrivateOrClear, 7, https),
         Private,
         PrivateOrClear,
         https},
        {"a host that is more open than one service of its network",
         {written("192.0.2.0/24", Private, ssh)},
         named("a", PrivateOrClear),
         Private,
         PrivateOrClear,
         ssh},
        {"a service that another line decides about",
         {written("192.0.2.0/24", Private, ssh), written("192.0.2.1/32", Clear, ssh)},
         named("a", PrivateOrClear, 7, ssh),
         PrivateOrClear,
         PrivateOrClear,
         ssh},
    }));
    INFO(row.why);
    auto const unsigned_outcome = resolve(row.written, {row.named}, {{"a", {unproven("192.0.2.1")}}});
    CHECK(unsigned_outcome.group_of("192.0.2.1", row.service) == row.if_unsigned);
    auto const signed_outcome = resolve(row.written, {row.named}, {{"a", {proven("192.0.2.1")}}});
    CHECK(signed_outcome.group_of("192.0.2.1", row.service) == row.if_signed);
}

TEST_CASE("what is left out is told with both places", "[policy][names]")
{
    auto const outcome = resolve({written("192.0.2.0/24", Private)}, {named("a.example", PrivateOrClear, 3)},
                                 {{"a.example", {unproven("192.0.2.1")}}});
    CHECK(outcome.errors ==
          std::vector<std::string>{"private-or-clear:3: a.example: 192.0.2.1/32 is in private (private:1), "
                                   "which is stricter; its address is not signed"});
}

TEST_CASE("of two names with one address the stricter holds, whoever asked first", "[policy][names]")
{
    bool const turned = GENERATE(false, true);
    std::vector names{named("a", PrivateOrClear, 7, https), named("b", Private, 8)};
    if (turned)
        std::ranges::reverse(names);
    Zone const both{{"a", {unproven("192.0.2.1")}}, {"b", {unproven("192.0.2.1")}}};
    auto const outcome = resolve({}, names, both);
    CHECK(outcome.group_of("192.0.2.1") == Private);
    CHECK(outcome.group_of("192.0.2.1", https) == Private);
    CHECK(outcome.errors.size() == 1);
}

TEST_CASE("one host under several names is no contradiction", "[policy][names]")
{
    Zone const zone{{"a", {unproven("192.0.2.1")}}, {"www.a", {unproven("192.0.2.1")}}};
    auto const outcome =
        resolve({written("192.0.2.1/32", Private)}, {named("a", Private), named("www.a", Private)}, zone);
    CHECK(outcome.errors.empty());
    CHECK(outcome.table.lines().size() == 1);
}

TEST_CASE("whatever a forger answers, no packet is treated more openly than without names", "[policy][names]")
{
    auto const group = [] { return rc::gen::elementOf(std::vector(all_groups.begin(), all_groups.end())); };
    auto const network = [] {
        return rc::gen::element<std::string>("0.0.0.0/0", "192.0.2.0/24", "192.0.2.0/31", "192.0.2.1/32",
                                             "192.0.2.2/32");
    };
    auto const service = [] { return rc::gen::element(Service{}, https, ssh, Service{6, 0, 0}); };
    auto const address = [] {
        return rc::gen::element<std::string>("192.0.2.1", "192.0.2.2", "198.51.100.1");
    };
    CHECK(rc::check("unsigned names only close", [&] {
        std::vector<GroupLine> lines;
        for (auto const& [where, what, which] :
             *rc::gen::container<std::vector<std::tuple<std::string, PolicyGroup, Service>>>(
                 rc::gen::tuple(network(), group(), service())))
            lines.push_back(written(where, what, which));
        std::vector<NamedLine> names;
        Zone zone;
        for (auto const& [where, what, which] :
             *rc::gen::container<std::vector<std::tuple<std::string, PolicyGroup, Service>>>(
                 rc::gen::tuple(address(), group(), service()))) {
            names.push_back(named(std::to_string(names.size()), what, 1, which));
            zone[names.back().name].push_back(unproven(where));
        }
        auto const before = resolve(lines, {}, {});
        auto const after = resolve(lines, names, zone);
        for (auto const* probe : {"192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.1"})
            for (auto const& traffic : {Service{}, https, ssh, Service{6, 0, 25}, Service{17, 0, 53}})
                RC_ASSERT(after.group_of(probe, traffic) >= before.group_of(probe, traffic));
    }));
}
