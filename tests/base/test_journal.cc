// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/journal.h"
#include "base/journal_entry.h"
#include "base/plain_text.h"
#include "tests/base/captured_stderr.h"

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace oekd;

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
