// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"

#include <string>
#include <sys/types.h>
#include <vector>

/// Real programs, as a shell would start them.
namespace oekd {

/// A variable that meson sets for these tests; its absence fails the test.
[[nodiscard]] std::string required_environment(char const* name);

struct Finished {
    int status = -1; ///< exit status; -1 where a signal ended it
    std::string out;
    std::string error;
};

/// Whose rights the program has: the test's own, or nobody's where the test runs as root.
enum class Rights { Ours, Nobodys };

/// Runs a program to its end, with no terminal and TZ=UTC.
[[nodiscard]] Finished run_program(std::string const& path, std::vector<std::string> const& arguments,
                                   Rights rights = Rights::Ours);

/// A program that runs until the object is gone. It has said "ready" when the constructor returns.
class BackgroundProgram {
public:
    BackgroundProgram(std::string const& path, std::vector<std::string> const& arguments);
    BackgroundProgram(BackgroundProgram const&) = delete;
    BackgroundProgram& operator=(BackgroundProgram const&) = delete;
    ~BackgroundProgram();

private:
    pid_t m_pid = -1;
    Fd m_stdin; ///< its end tells the program to end
};

/// A program whose output is read while it runs. Killed with the object where it still runs then.
class PipedProgram {
public:
    PipedProgram(std::string const& path, std::vector<std::string> const& arguments);
    PipedProgram(PipedProgram const&) = delete;
    PipedProgram& operator=(PipedProgram const&) = delete;
    ~PipedProgram();

    /// The next line without its newline, within a deadline; empty at the end of the output.
    [[nodiscard]] std::string line();
    /// The same of what it says about itself.
    [[nodiscard]] std::string error_line();
    void signal(int number) const;
    void close_output() { m_out = Fd(); }
    /// Waits for its end: the exit status, -1 where a signal ended it.
    [[nodiscard]] int status();

private:
    pid_t m_pid = -1;
    Fd m_out;
    Fd m_error;
};

} // namespace oekd
