// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/gatekeeper.h"

#include <catch2/catch.hpp>

using namespace oekd;

namespace {

using Welcome = ResponderGate::Welcome;

Address address(std::string_view text) { return Address::parse(text).value(); }

std::shared_ptr<GroupTable const> one_network_per_group()
{
    std::vector<GroupLine> lines;
    for (auto group : all_groups)
        lines.push_back(
            {Prefix(Address::parse(fmt::format("10.{}.0.0", int(group))).value(), 16), group, "f", 1});
    std::vector<LineError> errors;
    return std::make_shared<GroupTable const>(GroupTable::build(std::move(lines), errors));
}

Welcome welcome(Gatekeeper& gate, PolicyGroup group)
{
    return gate.welcome(address(fmt::format("10.{}.0.1", int(group))));
}

} // namespace

TEST_CASE("who gets an answer to IKE", "[daemon]")
{
    auto journal = Journal::open(LogLevel::Error);
    Gatekeeper gate(one_network_per_group(), ResponderPolicies::open().value(), journal);
    CHECK(welcome(gate, PolicyGroup::Private) == Welcome::Ignore); // the policies are not in the kernel yet
    gate.open();
    CHECK(welcome(gate, PolicyGroup::Clear) == Welcome::Refuse);
    CHECK(welcome(gate, PolicyGroup::ClearOrPrivate) == Welcome::Answer);
    CHECK(welcome(gate, PolicyGroup::PrivateOrClear) == Welcome::Answer);
    CHECK(welcome(gate, PolicyGroup::Private) == Welcome::Answer);
    CHECK(welcome(gate, PolicyGroup::Block) == Welcome::Ignore);
    CHECK(gate.welcome(address("192.0.2.1")) == Welcome::Ignore); // no line names it
    gate.close();
    CHECK(welcome(gate, PolicyGroup::Private) == Welcome::Refuse);
    CHECK(welcome(gate, PolicyGroup::Block) == Welcome::Ignore);
}
