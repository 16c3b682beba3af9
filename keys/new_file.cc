// SPDX-License-Identifier: GPL-2.0-or-later
#include "keys/new_file.h"

#include "base/fd.h"
#include "base/plain_text.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

namespace oekd::keys {

namespace {

/// A file under a name of its own; gone with the object unless it was given its place.
class Draft {
public:
    Draft(Draft&& other) noexcept
        : m_name(std::exchange(other.m_name, {})), m_file(std::move(other.m_file)), m_target(other.m_target)
    {}
    Draft& operator=(Draft&&) = delete;
    ~Draft()
    {
        if (!m_name.empty())
            ::unlink(m_name.c_str());
    }

    static Result<Draft> open(std::filesystem::path const& target);
    [[nodiscard]] Result<void> write(std::string_view content) const;
    /// `flags` of renameat2(2).
    [[nodiscard]] Result<void> give_place(unsigned flags);

private:
    Draft(std::string name, Fd file, std::filesystem::path const& target)
        : m_name(std::move(name)), m_file(std::move(file)), m_target(target)
    {}
    [[nodiscard]] std::unexpected<Error> failed() const
    {
        return std::unexpected(system_error(errno, plain_text(m_target.native())));
    }

    std::string m_name;
    Fd m_file;
    std::filesystem::path const& m_target;
};

Result<Draft> Draft::open(std::filesystem::path const& target)
{
    auto name = target.native() + ".XXXXXX";
    Fd file(::mkostemp(name.data(), O_CLOEXEC)); // with O_EXCL and mode 0600
    if (!file)
        return std::unexpected(system_error(errno, plain_text(target.native())));
    return Draft(std::move(name), std::move(file), target);
}

Result<void> Draft::write(std::string_view content) const
{
    while (!content.empty()) {
        auto const written = ::write(m_file.get(), content.data(), content.size());
        if (written < 0 && errno != EINTR)
            return failed();
        content.remove_prefix(written > 0 ? static_cast<size_t>(written) : 0);
    }
    if (::fsync(m_file.get()) != 0)
        return failed();
    return {};
}

Result<void> Draft::give_place(unsigned flags)
{
    if (::renameat2(AT_FDCWD, m_name.c_str(), AT_FDCWD, m_target.c_str(), flags) != 0)
        return failed();
    m_name.clear();
    return {};
}

Result<void> write_file(std::filesystem::path const& path, std::string_view content, unsigned rename_flags)
{
    auto const directory = std::filesystem::absolute(path).parent_path();
    if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST)
        return std::unexpected(system_error(errno, plain_text(directory.native())));
    auto draft = Draft::open(path);
    if (!draft)
        return std::unexpected(draft.error());
    auto done = draft->write(content);
    if (done)
        done = draft->give_place(rename_flags);
    return done ? sync_directory(directory) : done;
}

} // namespace

Result<void> write_new_file(std::filesystem::path const& path, std::string_view content)
{
    return write_file(path, content, RENAME_NOREPLACE);
}

Result<void> write_over_file(std::filesystem::path const& path, std::string_view content)
{
    return write_file(path, content, 0);
}

Result<void> sync_directory(std::filesystem::path const& directory)
{
    Fd const opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened || ::fsync(opened.get()) != 0)
        return std::unexpected(system_error(errno, plain_text(directory.native())));
    return {};
}

} // namespace oekd::keys
