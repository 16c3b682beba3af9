// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace oekd {

/// What kind of trouble an Error is; the daemon's exit code follows from it (oekd(8), EXIT STATUS).
enum class ErrorCode {
    System,           ///< the system said no (errno text is in the message)
    Usage,            ///< a command line that makes no sense
    Configuration,    ///< a bad line in a file; the message names file and line
    Permission,       ///< a capability is missing
    PortInUse,        ///< another program owns UDP 500 or 4500
    KernelWithoutEsp, ///< the kernel cannot do ESP or lacks the algorithms
    Malformed,        ///< bytes from outside that do not parse
    Exists,           ///< the kernel already has such an object, made by somebody else
    NotFound,         ///< no such object
    Limit,            ///< a bound of ours was reached
};

/// The system, a file or a peer said no. A bug is an assert; an outcome that the domain expects is a variant.
struct Error {
    ErrorCode code = ErrorCode::System;
    std::string message;

    /// The same error, told from one level further up: "context: message".
    [[nodiscard]] Error with(std::string_view context) const;
};

template <typename T> using Result = std::expected<T, Error>;

/// An Error from errno: EPERM and EACCES become Permission, EEXIST Exists, ENOENT and ESRCH NotFound,
/// EADDRINUSE PortInUse, all others System. The message is "what: strerror".
[[nodiscard]] Error system_error(int errno_value, std::string_view what);

/// For `return fail(...)` in a function that returns Result<T>.
[[nodiscard]] std::unexpected<Error> fail(ErrorCode code, std::string message);

} // namespace oekd
