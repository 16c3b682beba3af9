// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/file_watch.h"

#include "base/fd.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <set>
#include <span>
#include <string>
#include <sys/inotify.h>

namespace oekd {

namespace {

using namespace std::chrono_literals;

// A file that is made and then written is not read in between, and ten renames are one.
constexpr auto moment = 100ms;
constexpr auto out_of_watches = 10s; // as long as others have them all, the files are looked at now and then
constexpr int most_links = 40;       // path_resolution(7)
constexpr uint32_t in_directory = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                  IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
// A file that is mounted there has another directory, which tells nothing of it to ours.
constexpr uint32_t in_file = IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW;

std::deque<std::string> components_of(std::filesystem::path const& path)
{
    std::deque<std::string> components;
    for (auto const& component : path.relative_path())
        components.push_back(component.native());
    return components;
}

} // namespace

/// The inotify instance, and what each of its watches is for.
class FileWatch::Watching {
public:
    Watching(EventLoop& loop, std::vector<std::filesystem::path> paths, EventLoop::Callback changed)
        : m_loop(loop), m_paths(std::move(paths)), m_changed(std::move(changed))
    {}

    Result<void> arm();

private:
    Result<void> follow(std::filesystem::path const& path);
    Result<void> watch(std::filesystem::path const& path, uint32_t events, std::string const& name);
    void readable();
    [[nodiscard]] bool concerns_us(inotify_event const& event, std::string const& name) const;
    void look_again(std::chrono::milliseconds delay);

    EventLoop& m_loop;
    std::vector<std::filesystem::path> m_paths;
    EventLoop::Callback m_changed;
    Fd m_inotify;
    std::map<int, std::set<std::string>> m_names; ///< by watch; an empty name: whatever happens to it
    EventSource m_source;
    EventSource m_timer;
};

/// Anew each time, as the way to a file may be another one now.
Result<void> FileWatch::Watching::arm()
{
    m_source = {};
    m_names.clear();
    m_inotify = Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!m_inotify)
        return std::unexpected(system_error(errno, "watching files"));
    for (auto const& path : m_paths)
        if (auto followed = follow(path); !followed)
            return followed;
    auto source = m_loop.on_readable(m_inotify.get(), [this] { readable(); });
    if (!source)
        return std::unexpected(source.error());
    m_source = std::move(*source);
    return {};
}

/// Watches each directory on the way for the name that comes next, up to the first that does not exist.
Result<void> FileWatch::Watching::follow(std::filesystem::path const& path)
{
    std::filesystem::path directory = "/";
    auto left = components_of(path);
    for (int links = 0; !left.empty() && links <= most_links;) {
        auto const name = left.front();
        left.pop_front();
        auto const next = name == ".." ? directory.parent_path() : directory / name;
        if (auto watched = watch(directory, in_directory, name); !watched)
            return watched;
        std::error_code error;
        auto const status = std::filesystem::symlink_status(next, error);
        if (std::filesystem::is_symlink(status)) {
            auto const target = std::filesystem::read_symlink(next, error);
            auto const first = components_of(target);
            left.insert(left.begin(), first.begin(), first.end());
            directory = target.is_absolute() ? "/" : directory;
            ++links;
        } else if (std::filesystem::is_directory(status)) {
            directory = next;
        } else {
            return std::filesystem::exists(status) ? watch(next, in_file, "") : Result<void>{};
        }
    }
    return {};
}

/// What is gone again, or not for us to see, is no error: the directory before it is watched.
Result<void> FileWatch::Watching::watch(std::filesystem::path const& path, uint32_t events,
                                        std::string const& name)
{
    int const watch = ::inotify_add_watch(m_inotify.get(), path.c_str(), events);
    if (watch >= 0)
        m_names[watch].insert(name);
    else if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
        return std::unexpected(system_error(errno, "watching " + path.native()));
    return {};
}

void FileWatch::Watching::readable()
{
    alignas(inotify_event) std::array<char, 8192> buffer;
    for (;;) {
        auto const size = ::read(m_inotify.get(), buffer.data(), buffer.size());
        if (size <= 0)
            return;
        std::span<char const> left(buffer.data(), static_cast<size_t>(size));
        while (left.size() >= sizeof(inotify_event)) {
            inotify_event event{};
            std::memcpy(&event, left.data(), sizeof event);
            left = left.subspan(sizeof event);
            auto const length = std::min<size_t>(event.len, left.size());
            std::string const name(left.data(), ::strnlen(left.data(), length));
            left = left.subspan(length);
            if (concerns_us(event, name))
                look_again(moment);
        }
    }
}

bool FileWatch::Watching::concerns_us(inotify_event const& event, std::string const& name) const
{
    if ((event.mask & (IN_Q_OVERFLOW | IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF | IN_MOVE_SELF)) != 0)
        return true;
    auto const found = m_names.find(event.wd);
    return found != m_names.end() && (found->second.contains(name) || found->second.contains(""));
}

void FileWatch::Watching::look_again(std::chrono::milliseconds delay)
{
    if (m_timer)
        return;
    auto timer = m_loop.after(delay, [this] {
        m_timer = {};
        if (!arm())
            look_again(out_of_watches);
        m_changed();
    });
    if (timer)
        m_timer = std::move(*timer);
}

Result<FileWatch> FileWatch::start(EventLoop& loop, std::vector<std::filesystem::path> paths,
                                   EventLoop::Callback changed)
{
    auto watching = std::make_unique<Watching>(loop, std::move(paths), std::move(changed));
    if (auto armed = watching->arm(); !armed)
        return std::unexpected(armed.error());
    return FileWatch(std::move(watching));
}

FileWatch::FileWatch(std::unique_ptr<Watching> watching) : m_watching(std::move(watching)) {}
FileWatch::FileWatch(FileWatch&&) noexcept = default;
FileWatch& FileWatch::operator=(FileWatch&&) noexcept = default;
FileWatch::~FileWatch() = default;

} // namespace oekd
