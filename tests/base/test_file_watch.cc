// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/file_watch.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <functional>

using namespace oekd;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

void write(fs::path const& path, std::string_view text) { std::ofstream(path) << text; }

/// A watch on one path, and a loop that runs until it speaks.
struct Watched {
    explicit Watched(fs::path const& path)
        : watch(FileWatch::start(loop, {path}, [this] { loop.stop(1); }).value())
    {}

    /// Does the watch speak after this?
    bool tells_of(std::function<void()> const& change)
    {
        change();
        auto const limit = loop.after(10s, [this] { loop.stop(0); }).value();
        return loop.run().value() == 1;
    }

    EventLoop loop = EventLoop::create().value();
    FileWatch watch;
};

struct Directory {
    Directory()
    {
        auto name = (fs::temp_directory_path() / "oekd-test-XXXXXX").native();
        REQUIRE(::mkdtemp(name.data()));
        path = name;
    }
    ~Directory() { fs::remove_all(path); }
    fs::path path;
};

} // namespace

TEST_CASE("a file is written, replaced, removed, made", "[base][file-watch]")
{
    Directory const directory;
    auto const file = directory.path / "resolv.conf";
    write(file, "1");
    auto const change = GENERATE(0, 1, 2, 3);
    if (change == 3)
        fs::remove(file);
    std::vector<std::function<void()>> const changes{
        [&] { write(file, "2"); },
        [&] {
            write(directory.path / "new", "2");
            fs::rename(directory.path / "new", file);
        },
        [&] { fs::remove(file); },
        [&] { write(file, "2"); },
    };
    Watched watched(file);
    CHECK(watched.tells_of(changes.at(size_t(change))));
}

TEST_CASE("a file that is changed again is told of again", "[base][file-watch]")
{
    Directory const directory;
    auto const file = directory.path / "resolv.conf";
    write(file, "1");
    int told = 0;
    auto loop = EventLoop::create().value();
    auto const limit = loop.after(10s, [&] { loop.stop(0); }).value();
    auto const watch = FileWatch::start(loop, {file}, [&] {
        if (++told == 3)
            loop.stop(1);
        else
            write(file, "again");
    });
    write(file, "2");
    CHECK(loop.run().value() == 1);
}

TEST_CASE("directories on the way may come later", "[base][file-watch]")
{
    Directory const directory;
    auto const made = directory.path / GENERATE("systemd", "systemd/resolve");
    Watched watched(directory.path / "systemd" / "resolve" / "resolv.conf");
    CHECK(watched.tells_of([&] { fs::create_directories(made); }));
}

TEST_CASE("a link may lead elsewhere, and what it leads to may change", "[base][file-watch]")
{
    Directory const directory;
    auto const link = directory.path / "etc" / "resolv.conf";
    fs::create_directory(directory.path / "etc");
    fs::create_directory(directory.path / "run");
    write(directory.path / "run" / "stub.conf", "1");
    write(directory.path / "run" / "other.conf", "1");
    bool const relative = GENERATE(true, false);
    fs::create_symlink(relative ? fs::path("../run/stub.conf") : directory.path / "run" / "stub.conf", link);
    SECTION("what it leads to")
    {
        Watched watched(link);
        CHECK(watched.tells_of([&] { write(directory.path / "run" / "stub.conf", "2"); }));
    }
    SECTION("the link")
    {
        Watched watched(link);
        CHECK(watched.tells_of([&] {
            fs::create_symlink("../run/other.conf", directory.path / "etc" / "new");
            fs::rename(directory.path / "etc" / "new", link);
        }));
    }
    SECTION("a link to nothing yet")
    {
        fs::remove(directory.path / "run" / "stub.conf");
        Watched watched(link);
        CHECK(watched.tells_of([&] { write(directory.path / "run" / "stub.conf", "2"); }));
    }
}

TEST_CASE("links in a circle end", "[base][file-watch]")
{
    Directory const directory;
    fs::create_symlink("b", directory.path / "a");
    fs::create_symlink("a", directory.path / "b");
    Watched watched(directory.path / "a");
    CHECK(watched.tells_of([&] {
        fs::remove(directory.path / "a");
        write(directory.path / "a", "1");
    }));
}

TEST_CASE("what happens to other files is nobody's business", "[base][file-watch]")
{
    Directory const directory;
    auto const file = directory.path / "resolv.conf";
    write(file, "1");
    int told = 0;
    auto loop = EventLoop::create().value();
    auto const watch = FileWatch::start(loop, {file}, [&] { ++told; });
    auto const limit = loop.after(10s, [&] { loop.stop(0); }).value();
    // Whoever watches the other one hears of it twice; by then the first is told of for sure.
    int told_other = 0;
    auto const other = FileWatch::start(loop, {directory.path / "other"}, [&] {
        if (++told_other == 2)
            loop.stop(1);
        else
            write(directory.path / "other", "2");
    });
    write(directory.path / "other", "1");
    CHECK(loop.run().value() == 1);
    CHECK(told == 0);
}
