// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/fd.h"
#include "base/journal.h"
#include "base/journal_entry.h"
#include "base/plain_text.h"

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace oekd;

namespace {

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

} // namespace

TEST_CASE("without a journal an entry is one line of text", "[journal]")
{
    CapturedStderr const captured;
    auto const journal = Journal::open(LogLevel::Info);
    journal.log(LogLevel::Warning, "peer said \"\x1b[2J\nerror: all is lost\"",
                {{"OEKD_REMOTE", "192.0.2.1"}});
    CHECK(captured.text() == "warning: peer said \"\\x1b[2J\\x0aerror: all is lost\"\n");
}

TEST_CASE("entries more detailed than asked for are left out", "[journal]")
{
    CapturedStderr const captured;
    auto journal = Journal::open(LogLevel::Notice);
    journal.log(LogLevel::Info, "detail");
    CHECK(captured.text().empty());
    journal.set_level(LogLevel::Debug);
    journal.log(LogLevel::Debug, "more detail");
    CHECK(captured.text() == "debug: more detail\n");
}

TEST_CASE("entries go to the journal only where stderr is the stream that systemd named", "[journal]")
{
    CapturedStderr const captured;
    SECTION("an inherited JOURNAL_STREAM of another file")
    {
        CapturedStderr::announce(CapturedStderr::Stream::Another);
        Journal::open(LogLevel::Info).log(LogLevel::Info, "hello");
        CHECK(captured.text() == "info: hello\n");
    }
    SECTION("our own")
    {
        CapturedStderr::announce(CapturedStderr::Stream::Ours);
        Journal::open(LogLevel::Info).log(LogLevel::Info, "a line of oekd's unit tests");
        CHECK(captured.text().empty());
    }
}

TEST_CASE("JOURNAL_STREAM names a file by device and inode", "[journal]")
{
    struct Row {
        std::string_view why;
        std::string_view value;
        bool same;
    };
    auto const row =
        GENERATE(Row{"as systemd writes it", "8:1234", true}, Row{"another inode", "8:1235", false},
                 Row{"another device", "9:1234", false}, Row{"no inode", "8:", false},
                 Row{"nothing", "", false}, Row{"more behind it", "8:12345", false});
    INFO(row.why);
    CHECK(journal_entry::names(row.value, 8, 1234) == row.same);
}

TEST_CASE("a journal entry carries priority, message and fields", "[journal]")
{
    auto const fields = journal_entry::fields(LogLevel::Error, "bad\tline",
                                              {{"OEKD_REMOTE", "2001:db8::1"}, {"OEKD_X", "a\nb"}});
    CHECK(fields == std::vector<std::string>{"PRIORITY=3", "MESSAGE=bad\\x09line", "OEKD_REMOTE=2001:db8::1",
                                             "OEKD_X=a\nb"});
}

TEST_CASE("plain text has printable ASCII only, and stays as it is the second time", "[plain_text]")
{
    auto const plain = plain_text(std::string_view("a\\b \xc3\xa4\x9b\x7f\0", 9));
    CHECK(plain == "a\\b \\xc3\\xa4\\x9b\\x7f\\x00");
    CHECK(plain_text(plain) == plain);
}
