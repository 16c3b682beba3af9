// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control_socket.h"

#include "base/plain_text.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace oekd {

namespace {

constexpr char const* default_directory =
    "/run/oekd"; // a RuntimeDirectory under systemd; by hand it may be missing
constexpr char const* group_name = "oekd";
constexpr int backlog = 16;

Result<sockaddr_un> address_of(std::filesystem::path const& path)
{
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    auto const& text = path.native();
    if (text.empty() || text.size() >= sizeof address.sun_path)
        return fail(ErrorCode::Configuration,
                    fmt::format("{}: {} bytes are no path of a socket, which has 1 to {}", plain_text(text),
                                text.size(), sizeof address.sun_path - 1));
    std::ranges::copy(text, address.sun_path);
    return address;
}

sockaddr const* generic(sockaddr_un const& address)
{
    return reinterpret_cast<sockaddr const*>(&address); // what the socket interface asks for
}

Fd unix_socket() { return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

std::string about(std::string_view what, std::filesystem::path const& path)
{
    return fmt::format("{} {}", what, plain_text(path.native()));
}

/// Makes room at the path, where only a socket without a listener may be in the way.
Result<void> remove_stale(std::filesystem::path const& path, sockaddr_un const& address)
{
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0)
        return {}; // nothing there, or bind() will say what is wrong
    if (!S_ISSOCK(status.st_mode))
        return fail(ErrorCode::Configuration,
                    fmt::format("{} is not a socket; not touched", plain_text(path.native())));
    Fd const probe = unix_socket();
    // EAGAIN: somebody listens and is busy.
    if (::connect(probe.get(), generic(address), sizeof address) == 0 || errno == EAGAIN)
        return fail(ErrorCode::Exists,
                    fmt::format("another oekd runs: it answers at {}", plain_text(path.native())));
    if (errno != ECONNREFUSED)
        return std::unexpected(system_error(errno, about("trying", path)));
    if (::unlink(path.c_str()) != 0)
        return std::unexpected(system_error(errno, about("removing the stale", path)));
    return {};
}

} // namespace

ControlSocket::ControlSocket(ControlSocket&& other) noexcept
    : m_path(std::exchange(other.m_path, {})), m_fd(std::move(other.m_fd)), m_device(other.m_device),
      m_inode(other.m_inode)
{}

ControlSocket::~ControlSocket()
{
    struct stat status{};
    if (m_inode != 0 && !m_path.empty() && ::lstat(m_path.c_str(), &status) == 0 &&
        status.st_dev == m_device && status.st_ino == m_inode)
        ::unlink(m_path.c_str());
}

Result<void> ControlSocket::bind()
{
    auto const address = address_of(m_path);
    if (!address)
        return std::unexpected(address.error());
    if (auto room = remove_stale(m_path, *address); !room)
        return room;
    // On Linux the file gets the socket's mode, so it is nobody else's from the first moment on.
    if (::fchmod(m_fd.get(), S_IRUSR | S_IWUSR) != 0 ||
        ::bind(m_fd.get(), generic(*address), sizeof *address) != 0)
        return std::unexpected(system_error(errno, about("making", m_path)));
    struct stat status{};
    if (::lstat(m_path.c_str(), &status) != 0)
        return std::unexpected(system_error(errno, about("looking at", m_path)));
    m_device = status.st_dev;
    m_inode = status.st_ino;
    return {};
}

/// The group first, then the mode: the other way round a wrong group would be let in for a moment.
Result<void> ControlSocket::admit_group()
{
    group const* const members = ::getgrnam(group_name);
    constexpr auto same_user = static_cast<uid_t>(-1);
    // Where oekd does not run as root it may not give the file away; its own group is then the one that is
    // let in.
    if (members && ::geteuid() == 0 && members->gr_gid != ::getegid() &&
        ::chown(m_path.c_str(), same_user, members->gr_gid) != 0)
        return std::unexpected(system_error(errno, about("giving group oekd", m_path)));
    if (::chmod(m_path.c_str(), S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP) != 0)
        return std::unexpected(system_error(errno, about("setting the mode of", m_path)));
    return {};
}

Result<ControlSocket> ControlSocket::listen(std::filesystem::path const& path)
{
    if (path.parent_path() == default_directory && ::mkdir(default_directory, 0755) != 0 && errno != EEXIST)
        return std::unexpected(system_error(errno, about("making", default_directory)));
    ControlSocket socket(path, unix_socket());
    if (!socket.m_fd)
        return std::unexpected(system_error(errno, "making the control socket"));
    if (auto bound = socket.bind(); !bound)
        return std::unexpected(bound.error());
    if (auto admitted = socket.admit_group(); !admitted)
        return std::unexpected(admitted.error());
    if (::listen(socket.m_fd.get(), backlog) != 0)
        return std::unexpected(system_error(errno, about("listening at", path)));
    return socket;
}

} // namespace oekd
