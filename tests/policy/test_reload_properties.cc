// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/policy/event_generators.h"
#include "tests/policy/reload_model.h"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

/// What a reload does to flows in whatever situation it meets them: see ReloadModel for the promises.
using namespace oekd;
using namespace std::chrono_literals;

namespace oekd {

/// An event of one of the flows, or other group lines.
struct Turn {
    Duration after{};
    size_t flow = 0;
    std::variant<Event, std::vector<GroupLine>> what;
};

void showValue(Turn const& turn, std::ostream& out)
{
    out << '+' << turn.after.count() << "ms ";
    if (auto const* event = std::get_if<Event>(&turn.what)) {
        out << "flow " << turn.flow << ": " << to_string(*event);
        return;
    }
    out << "reload:";
    for (auto const& line : std::get<1>(turn.what))
        out << ' ' << line.subject() << ' ' << to_string(line.group) << ' '
            << to_string(line.conduct.negotiation) << '/' << to_string(line.conduct.failure);
}

} // namespace oekd

namespace {

Address address(std::string_view text) { return Address::parse(text).value(); }

/// Two hosts, and a service of one of them.
std::vector<Flow> const& flows()
{
    static std::vector<Flow> const all{
        {address("10.1.0.1"), address("10.2.0.1")},
        {address("10.1.0.1"), address("10.2.0.1"), {6, 0, 22}},
        {address("10.1.0.1"), address("10.2.0.2")},
    };
    return all;
}

/// For every network and service that says something about the flows: a line or none.
rc::Gen<std::vector<GroupLine>> any_lines()
{
    auto const network = rc::gen::element(Prefix(address("0.0.0.0"), 0), Prefix(address("10.2.0.0"), 16),
                                          Prefix(address("10.2.0.1"), 32));
    auto const service = rc::gen::element(Service{}, Service{6, 0, 0}, Service{6, 0, 22});
    auto const line =
        rc::gen::map(rc::gen::tuple(network, rc::gen::arbitrary<PolicyGroup>(), service, any_conduct()),
                     [](auto const& parts) {
                         auto const& [where, group, what, conduct] = parts;
                         return GroupLine{.network = where,
                                          .group = group,
                                          .file = "f",
                                          .line = 1,
                                          .service = what,
                                          .conduct = conduct};
                     });
    return rc::gen::container<std::vector<GroupLine>>(line);
}

rc::Gen<std::vector<Turn>> any_turns()
{
    using What = std::variant<Event, std::vector<GroupLine>>;
    auto const what = rc::gen::weightedOneOf<What>({
        {6, rc::gen::map(any_event(), [](Event const& event) { return What(event); })},
        {1, rc::gen::map(rc::gen::scale(0.1, any_lines()), [](auto const& lines) { return What(lines); })},
    });
    auto const turn =
        rc::gen::map(rc::gen::tuple(any_pause(), rc::gen::inRange<size_t>(0, flows().size()), what),
                     [](auto const& parts) { return std::make_from_tuple<Turn>(parts); });
    return rc::gen::scale(3.0, rc::gen::container<std::vector<Turn>>(turn));
}

std::string live(ReloadModel& world, std::vector<Turn> const& turns, Time& at)
{
    for (auto const& [after, flow, what] : turns) {
        at += after;
        auto const* event = std::get_if<Event>(&what);
        auto broken =
            event != nullptr ? world.happen(flows()[flow], *event, at) : world.reload(std::get<1>(what), at);
        if (!broken.empty())
            return broken;
    }
    return {};
}

} // namespace

TEST_CASE("a reload touches just the flows whose decision changed, whatever they are doing",
          "[policy][connection]")
{
    rc::prop("no promise is broken before, during or after it", [] {
        auto const lines = *any_lines();
        auto const turns = *any_turns();
        ReloadModel world(lines, Timing{});
        Time at{1h};
        RC_ASSERT(live(world, turns, at) == "");
        RC_CLASSIFY(world.withdrawn() > 0, "withdrawn");
        RC_CLASSIFY(world.kept() > 0, "kept");
    });
}

TEST_CASE("the same lines again touch nothing", "[policy][connection]")
{
    rc::prop("every flow is as before", [] {
        auto const lines = *any_lines();
        auto turns = *any_turns();
        std::erase_if(turns, [](Turn const& turn) { return !std::holds_alternative<Event>(turn.what); });
        ReloadModel world(lines, Timing{});
        Time at{1h};
        RC_ASSERT(live(world, turns, at) == "");
        auto const before = world;
        RC_ASSERT(world.reload(lines, at) == "");
        for (auto const& flow : flows()) {
            RC_ASSERT((world.find(flow) == nullptr) == (before.find(flow) == nullptr));
            if (auto const* model = world.find(flow))
                RC_ASSERT((model->connection() == before.find(flow)->connection()));
        }
    });
}
