// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <filesystem>
#include <sys/types.h>

namespace oekd {

/// The listening Unix socket at a path: mode 0660, of group oekd where there is one. Removed with the object,
/// unless somebody else has put another file there since.
class ControlSocket {
public:
    /// Replaces a socket that nobody listens at. Errors: Exists where another oekd answers, Configuration
    /// where the path holds something else, else as the kernel says. The directory must exist; /run/oekd is
    /// made.
    static Result<ControlSocket> listen(std::filesystem::path const& path);
    ControlSocket(ControlSocket&& other) noexcept;
    ControlSocket& operator=(ControlSocket&&) = delete;
    ~ControlSocket();

    [[nodiscard]] int fd() const { return m_fd.get(); }

private:
    ControlSocket(std::filesystem::path path, Fd fd) : m_path(std::move(path)), m_fd(std::move(fd)) {}
    Result<void> bind();
    Result<void> admit_group();

    std::filesystem::path m_path; ///< empty when moved from
    Fd m_fd;
    dev_t m_device = 0; ///< of the file that bind() made
    ino_t m_inode = 0;
};

} // namespace oekd
