// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/error.h"

#include <cerrno>
#include <fmt/format.h>
#include <system_error>

namespace oekd {

namespace {

ErrorCode code_of(int errno_value)
{
    switch (errno_value) {
    case EPERM:
    case EACCES: return ErrorCode::Permission;
    case EEXIST: return ErrorCode::Exists;
    case ENOENT:
    case ESRCH: return ErrorCode::NotFound;
    case EADDRINUSE: return ErrorCode::PortInUse;
    default: return ErrorCode::System;
    }
}

} // namespace

Error Error::with(std::string_view context) const
{
    return Error{code, fmt::format("{}: {}", context, message)};
}

Error system_error(int errno_value, std::string_view what)
{
    auto text = std::generic_category().message(errno_value);
    return Error{code_of(errno_value), fmt::format("{}: {}", what, text)};
}

std::unexpected<Error> fail(ErrorCode code, std::string message)
{
    return std::unexpected(Error{code, std::move(message)});
}

} // namespace oekd
