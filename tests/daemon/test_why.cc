// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/why.h"
#include "kernel-glue/wide_policies.h"

#include <catch2/catch.hpp>

using namespace oekd;

namespace {

Address address(std::string_view text) { return Address::parse(text).value(); }

/// A host with address 192.0.2.7 and these lines of one file per group.
class Host {
public:
    Host& with(PolicyGroup group, std::string_view text)
    {
        auto file = parse_group_file(text, group, to_string(group));
        REQUIRE(file.errors.empty());
        std::ranges::move(file.lines, std::back_inserter(m_lines));
        return *this;
    }
    Host& taken(std::string_view network)
    {
        m_explicit.push_back({Prefix::parse(network).value()});
        return *this;
    }

    [[nodiscard]] WhyView why(std::string_view remote, Service const& service = {}) const
    {
        std::vector<LineError> errors;
        auto const table = GroupTable::build(m_lines, errors);
        auto const exempt = exemptions({.own_addresses = {address("192.0.2.7")}});
        return oekd::why({address(remote), std::nullopt, service}, {table, exempt, m_explicit, m_timing});
    }
    [[nodiscard]] std::string forecast(std::string_view remote, Service const& service = {}) const
    {
        return why(remote, service).forecast.at(0);
    }

private:
    std::vector<GroupLine> m_lines;
    std::vector<GroupLine> m_explicit;
    Timing m_timing{};
};

std::vector<std::string> places_of(std::vector<GroupLine> const& lines)
{
    std::vector<std::string> places;
    for (auto const& line : lines)
        places.push_back(line.file + ":" + std::to_string(line.line));
    return places;
}

using Places = std::vector<std::string>;

} // namespace

TEST_CASE("why names the line that decides, and those that do not", "[why]")
{
    auto const host = Host()
                          .with(PolicyGroup::PrivateOrClear, "0.0.0.0/0\n198.51.100.0/24\n")
                          .with(PolicyGroup::Private, "198.51.100.0/24 tcp 0 22\n");
    auto const all = host.why("198.51.100.1");
    REQUIRE(all.line);
    CHECK(places_of({*all.line}) == Places{"private-or-clear:2"});
    CHECK(places_of(all.exceptions) == Places{"private:1"});
    CHECK(places_of(all.overruled) == Places{"private-or-clear:1"});
    CHECK(all.exemptions == Places{"DHCP"});

    auto const ssh = host.why("198.51.100.1", Service::read("tcp", "0", "22").value());
    CHECK(places_of({*ssh.line}) == Places{"private:1"});
    CHECK(places_of(ssh.overruled) == Places{"private-or-clear:2", "private-or-clear:1"});
}

TEST_CASE("why says what happens to the first packet", "[why]")
{
    struct Row {
        PolicyGroup group;
        std::string_view begin;
    };
    for (auto const& row : {
             Row{PolicyGroup::Clear, "Packets leave in the clear, and what comes is accepted"},
             Row{PolicyGroup::ClearOrPrivate, "Packets leave in the clear, and we begin no IKE"},
             Row{PolicyGroup::PrivateOrClear, "The first packet is held while IKE asks"},
             Row{PolicyGroup::Private, "The first packet is held while IKE asks"},
             Row{PolicyGroup::Block, "Packets are dropped"},
         }) {
        auto const view = Host().with(row.group, "198.51.100.0/24\n").why("198.51.100.1");
        CHECK_THAT(view.forecast.at(0), Catch::StartsWith(std::string(row.begin)));
        bool const closed = std::ranges::any_of(view.forecast, [](auto const& text) {
            return text.contains("dropped, but for the ICMP errors");
        });
        CHECK(closed == !may_go_clear(row.group));
        bool const may_go_out = std::ranges::any_of(
            view.forecast, [](auto const& text) { return text.contains("ackets leave in the clear"); });
        CHECK(may_go_out == may_go_clear(row.group));
    }
    CHECK_THAT(Host().forecast("198.51.100.1"), Catch::StartsWith("No group has a line for it"));
}

TEST_CASE("a group's conduct is told, as far as the group permits it", "[why]")
{
    GroupLine line{Prefix::parse("198.51.100.0/24").value(), PolicyGroup::PrivateOrClear, "f", 1};
    line.conduct = {Conduct::Negotiation::Pass, Conduct::Failure::Drop};
    auto const told = forecast(line, {});
    CHECK(told.at(0).starts_with("Packets leave in the clear while IKE asks"));
    CHECK(
        told.at(1).starts_with("After 200ms without an answer (1s where it has encrypted before) packets are "
                               "dropped, for 1min or more"));
    line.group = PolicyGroup::Private;
    CHECK(forecast(line, {}).at(0).starts_with("The first packet is held"));
    line.conduct.negotiation = Conduct::Negotiation::Drop;
    CHECK(forecast(line, {}).at(0).starts_with("Packets are dropped while IKE asks"));
}

TEST_CASE("what is exempt, or another program's, is not for the group to decide", "[why]")
{
    auto const host = Host().with(PolicyGroup::Block, "0.0.0.0/0\n169.254.169.254/32\n").taken("0.0.0.0/0");
    CHECK(host.forecast("224.0.0.1").starts_with("It is exempt (multicast)"));
    CHECK(host.forecast("192.0.2.7").starts_with("It is exempt (an own address of this host)"));
    CHECK(host.forecast("169.254.1.1").starts_with("It is exempt (link-local)"));
    CHECK(host.forecast("169.254.169.254").starts_with("Packets are dropped")); // asked for
    CHECK(host.why("169.254.169.254").exemptions == Places{"DHCP"});
    CHECK(host.forecast("198.51.100.1") ==
          "Another program has an IPsec policy for 0.0.0.0/0, and that decides.");
    CHECK(host.forecast("198.51.100.1", Service::read("udp", "68", "67").value())
              .starts_with("It is exempt (DHCP)"));
}

TEST_CASE("a flow that exists tells what happens to its next packet", "[why]")
{
    WhyView view{.forecast = {"as if nobody had talked to it"}};
    FlowView flow;
    flow.flow = {address("192.0.2.7"), address("198.51.100.1")};
    view.flows = {flow};
    add_present(view); // expired: it has a history only
    CHECK(view.forecast == Places{"as if nobody had talked to it"});
    view.flows[0].state = ConnectionState::Deny;
    view.exempt = true;
    add_present(view);
    CHECK(view.forecast == Places{"as if nobody had talked to it"});
    view.flows[0].state = ConnectionState::Keyed; // then even DNS is encrypted
    add_present(view);
    CHECK(view.forecast ==
          Places{"192.0.2.7 - 198.51.100.1: the next packet is encrypted with the SA that there is."});
}

TEST_CASE("a question concerns the flows with its ends and its service", "[why]")
{
    auto const ssh = Service::read("tcp", "0", "22").value();
    Flow const flow{address("192.0.2.7"), address("198.51.100.1")};
    Flow const service_flow{flow.local, flow.remote, ssh};
    WhyQuestion question{flow.remote, std::nullopt, {}};
    CHECK(concerns(question, flow));
    CHECK(concerns(question, service_flow));
    question.service = Service::read("tcp", "1024", "22").value();
    CHECK(concerns(question, service_flow));
    question.service = Service::read("tcp", "0", "25").value();
    CHECK(concerns(question, flow));
    CHECK(!concerns(question, service_flow));
    question.local = address("192.0.2.8");
    CHECK(!concerns(question, flow));
    CHECK(!concerns({flow.local, std::nullopt, {}}, flow));
}
