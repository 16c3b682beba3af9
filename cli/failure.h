// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <expected>
#include <string>
#include <sysexits.h>

namespace oekd::cli {

/// oekctl(1), EXIT STATUS.
enum class ExitStatus {
    Ok = 0,
    Failure = 1, ///< also: no such flow
    Usage = EX_USAGE,
    NoDaemon = EX_UNAVAILABLE,
    NoPermission = EX_NOPERM,
};

/// Why a command came to nothing: one line that says what to do.
struct Failure {
    ExitStatus status = ExitStatus::Failure;
    std::string message;
};

template <typename T> using Outcome = std::expected<T, Failure>;

/// What a verb found, where finding something may be a failure.
struct TextAndStatus {
    std::string text;
    ExitStatus status = ExitStatus::Ok;
};

/// For `return failed(...)` in a function that returns Outcome<T>.
[[nodiscard]] inline std::unexpected<Failure> failed(ExitStatus status, std::string message)
{
    return std::unexpected(Failure{status, std::move(message)});
}

} // namespace oekd::cli
