// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/sysctl.h"
#include "private_network.h"

#include <catch2/catch.hpp>

using namespace oekd;
using namespace oekd::test;

TEST_CASE("a kernel parameter is put back at the end, once", "[kernel-glue][sysctl]")
{
    PrivateNetwork const network;
    // One that user namespaces have as well.
    std::string const name = "net.ipv4.conf.host.rp_filter";
    REQUIRE(write_sysctl(name, "0"));
    {
        auto outer = SysctlOverride::set(name, "2");
        REQUIRE(outer);
        CHECK(read_sysctl(name).value() == "2");
        auto const moved = std::move(*outer);
        CHECK(read_sysctl(name).value() == "2");
    }
    CHECK(read_sysctl(name).value() == "0");
}

TEST_CASE("a kernel parameter that is not there", "[kernel-glue][sysctl]")
{
    auto const missing = SysctlOverride::set("net.core.no_such_thing", "1");
    REQUIRE(!missing);
    CHECK(missing.error().code == ErrorCode::NotFound);
    CHECK(missing.error().message == "reading net.core.no_such_thing: No such file or directory");
}
