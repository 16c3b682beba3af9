// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/config.h"
#include "tests/daemon/temporary_directory.h"

#include <catch2/catch.hpp>

using namespace oekd;

TEST_CASE("the group files become a table, and contradictions are told with both places", "[groups]")
{
    TemporaryDirectory const directory;
    auto const clear = directory.write("clear", "192.0.2.0/24\n");
    auto const private_file = directory.write("private", "# strict\n192.0.2.0/24\n");
    auto const groups = load_groups(directory.path());
    REQUIRE(groups);
    auto const* const line = groups->table.find(Address::parse("192.0.2.1").value());
    REQUIRE(line);
    CHECK(line->group == PolicyGroup::Private);
    CHECK(line->conduct.failure == Conduct::Failure::Drop);
    REQUIRE(groups->errors.size() == 1);
    CHECK(groups->errors[0].to_string() == clear.native() + ":1: 192.0.2.0/24 is also in group private (" +
                                               private_file.native() + ":2), which is stricter and holds");
}

TEST_CASE("a directory that cannot be read is no empty one", "[groups]")
{
    TemporaryDirectory const directory;
    auto const groups = load_groups(directory.path() / "none");
    REQUIRE(!groups);
    CHECK(groups.error().code == ErrorCode::Configuration);
}
