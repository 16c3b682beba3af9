// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/stat.h>

namespace oekd {

/// Puts a pipe in the place of stderr; text() is what was written so far. Puts stderr back at the end.
class CapturedStderr {
public:
    CapturedStderr() : m_saved(::dup(STDERR_FILENO))
    {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
        m_read = Fd(ends[0]);
        Fd const write_end(ends[1]);
        REQUIRE(::dup2(write_end.get(), STDERR_FILENO) == STDERR_FILENO);
    }
    ~CapturedStderr()
    {
        ::dup2(m_saved.get(), STDERR_FILENO);
        ::unsetenv("JOURNAL_STREAM");
    }

    [[nodiscard]] std::string text() const
    {
        std::array<char, 4096> buffer{};
        auto const size = ::read(m_read.get(), buffer.data(), buffer.size());
        return size > 0 ? std::string(buffer.data(), static_cast<size_t>(size)) : std::string();
    }

    enum class Stream { Ours, Another };
    static void announce(Stream stream)
    {
        struct stat status{};
        REQUIRE(::fstat(STDERR_FILENO, &status) == 0);
        auto const inode = status.st_ino + (stream == Stream::Ours ? 0 : 1);
        ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", status.st_dev, inode).c_str(), 1);
    }

private:
    Fd m_saved;
    Fd m_read;
};

} // namespace oekd
