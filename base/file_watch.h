// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/event_loop.h"

#include <filesystem>
#include <memory>
#include <vector>

namespace oekd {

/// Tells when what a path leads to may have changed: written, replaced by rename, made, removed, also where
/// a symbolic link or a directory on the way does so, or does not exist yet. For the loop's thread.
class FileWatch {
public:
    /// All paths are absolute. Calls back once for what happens within a moment, and not before this has
    /// returned: read the files after it. Fails where the system has no watches left.
    static Result<FileWatch> start(EventLoop& loop, std::vector<std::filesystem::path> paths,
                                   EventLoop::Callback changed);

    FileWatch(FileWatch&&) noexcept;
    FileWatch& operator=(FileWatch&&) noexcept;
    ~FileWatch();

private:
    class Watching;
    explicit FileWatch(std::unique_ptr<Watching> watching);
    std::unique_ptr<Watching> m_watching;
};

} // namespace oekd
