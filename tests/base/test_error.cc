// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/error.h"

#include <catch2/catch.hpp>
#include <cerrno>

using namespace oekd;

TEST_CASE("errno tells what kind of trouble it is", "[base][error]")
{
    struct Row {
        char const* why;
        int errno_value;
        ErrorCode code;
    };
    auto const row = GENERATE(values<Row>({
        {"a capability is missing", EPERM, ErrorCode::Permission},
        {"a file's mode forbids it", EACCES, ErrorCode::Permission},
        {"somebody else made it", EEXIST, ErrorCode::Exists},
        {"no such file", ENOENT, ErrorCode::NotFound},
        {"no such SA or policy", ESRCH, ErrorCode::NotFound},
        {"a port is taken", EADDRINUSE, ErrorCode::PortInUse},
        {"anything else", ENOBUFS, ErrorCode::System},
        {"a number that is no errno", 123456, ErrorCode::System},
    }));
    INFO(row.why);
    auto const error = system_error(row.errno_value, "doing it");
    CHECK(error.code == row.code);
    CHECK(error.message.starts_with("doing it: "));
    CHECK(error.message.size() > std::string_view("doing it: ").size());
}

TEST_CASE("an error is told from further up without losing its kind", "[base][error]")
{
    auto const error = system_error(EPERM, "binding").with("opening the XFRM socket");
    CHECK(error.code == ErrorCode::Permission);
    CHECK(error.message == "opening the XFRM socket: binding: Operation not permitted");
}

TEST_CASE("fail() makes the error of any Result", "[base][error]")
{
    auto const number = []() -> Result<int> { return fail(ErrorCode::Limit, "too many"); }();
    REQUIRE_FALSE(number.has_value());
    CHECK(number.error().code == ErrorCode::Limit);
    CHECK(number.error().message == "too many");
    auto const nothing = []() -> Result<void> { return fail(ErrorCode::Usage, "what?"); }();
    CHECK_FALSE(nothing.has_value());
}
