// SPDX-License-Identifier: GPL-2.0-or-later
#include "keys/secret_file.h"

#include "base/fd.h"
#include "base/plain_text.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace oekd::keys {

namespace {

constexpr off_t max_size = off_t{64} * 1024; // an RSA key of 8192 bits has 6.4 kB
constexpr mode_t others = S_IRWXG | S_IRWXO;

Result<size_t> size_of(int fd, std::string const& name)
{
    struct stat status{};
    if (::fstat(fd, &status) != 0)
        return std::unexpected(system_error(errno, name));
    if (!S_ISREG(status.st_mode))
        return fail(ErrorCode::Configuration, fmt::format("{}: is not a regular file", name));
    if ((status.st_mode & others) != 0)
        return fail(
            ErrorCode::Permission,
            fmt::format("{}: has mode {:04o}, so that others than its owner may use this private key; "
                        "chmod 600, or make a new key if one of them may have read it",
                        name, status.st_mode & 07777U));
    if (status.st_size > max_size)
        return fail(ErrorCode::Configuration, fmt::format("{}: has {} bytes, no private key has more than {}",
                                                          name, status.st_size, max_size));
    return static_cast<size_t>(status.st_size);
}

} // namespace

Result<Secret> read_secret_file(std::filesystem::path const& path)
{
    auto const name = plain_text(path.native());
    Fd const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file)
        return std::unexpected(system_error(errno, name));
    auto const size = size_of(file.get(), name);
    if (!size)
        return std::unexpected(size.error());
    Secret content(*size);
    for (size_t at = 0; at < *size;) {
        auto const got = ::read(file.get(), content.data() + at, *size - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return std::unexpected(system_error(errno, name));
        if (got == 0)
            return fail(ErrorCode::Configuration, fmt::format("{}: was changed while it was read", name));
        at += static_cast<size_t>(got);
    }
    return content;
}

} // namespace oekd::keys
