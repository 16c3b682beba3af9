// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text_file.h"

#include "base/fd.h"
#include "base/plain_text.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace oekd {

namespace {

/// A directory has no text, and a FIFO or a terminal might let us wait for ever.
Result<void> require_file(int fd, std::string const& name)
{
    struct stat status{};
    if (::fstat(fd, &status) != 0)
        return std::unexpected(system_error(errno, name));
    if (S_ISDIR(status.st_mode))
        return fail(ErrorCode::Configuration, fmt::format("{}: is a directory, expected a file", name));
    if (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode))
        return fail(ErrorCode::Configuration, fmt::format("{}: is not a regular file", name));
    return {};
}

Result<std::string> read_all(int fd, std::string const& name, size_t limit)
{
    std::string text;
    std::array<char, 65'536> buffer;
    for (;;) {
        auto const size = ::read(fd, buffer.data(), buffer.size());
        if (size == 0)
            return text;
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return std::unexpected(system_error(errno, name));
        text.append(buffer.data(), static_cast<size_t>(size));
        if (text.size() > limit)
            return fail(ErrorCode::Configuration, fmt::format("{}: is larger than {} bytes", name, limit));
    }
}

} // namespace

Result<std::string> read_text_file(std::filesystem::path const& path, size_t limit)
{
    auto const name = plain_text(path.native());
    Fd const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file)
        return std::unexpected(system_error(errno, name));
    if (auto usable = require_file(file.get(), name); !usable)
        return std::unexpected(usable.error());
    return read_all(file.get(), name, limit);
}

} // namespace oekd
