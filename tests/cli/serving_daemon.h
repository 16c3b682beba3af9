// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/failure.h"
#include "tests/cli/program.h"
#include "tests/daemon/temporary_directory.h"

namespace oekd {

/// The real control server with example values in a directory of its own.
class ServingDaemon {
public:
    explicit ServingDaemon(std::vector<std::string> more = {})
        : m_program(required_environment("CONTROL_TEST_SERVER"), with(std::move(more)))
    {}

    [[nodiscard]] std::string socket() const { return (m_directory.path() / "control").native(); }

    [[nodiscard]] Finished oekctl(std::vector<std::string> words, Rights rights = Rights::Ours) const
    {
        return run_program(required_environment("OEKCTL"), arguments(std::move(words)), rights);
    }

    /// The command line of an oekctl that talks to it.
    [[nodiscard]] std::vector<std::string> arguments(std::vector<std::string> words) const
    {
        words.insert(words.begin(), {"--socket", socket()});
        return words;
    }

private:
    std::vector<std::string> with(std::vector<std::string> more) const
    {
        more.insert(more.begin(), socket());
        return more;
    }

    TemporaryDirectory m_directory;
    BackgroundProgram m_program;
};

[[nodiscard]] inline int code(cli::ExitStatus status) { return static_cast<int>(status); }

} // namespace oekd
