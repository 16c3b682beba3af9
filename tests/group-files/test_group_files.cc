// SPDX-License-Identifier: GPL-2.0-or-later
#include "group-files/group_files.h"
#include "tests/daemon/manual.h"
#include "tests/daemon/temporary_directory.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

using namespace oekd;

namespace {

std::vector<std::string> messages_of(GroupFile const& groups)
{
    std::vector<std::string> messages;
    for (auto const& error : groups.errors)
        messages.push_back(error.message);
    return messages;
}

Error failure_of(std::filesystem::path const& directory)
{
    auto const groups = read_group_directory(directory);
    REQUIRE(!groups);
    return groups.error();
}

/// The group files that the manual shows as examples: name and text.
std::vector<std::pair<std::string, std::string>> examples_in_manual()
{
    std::vector<std::pair<std::string, std::string>> files;
    std::istringstream manual(manual_text("oekd-policies.5"));
    std::string const heading = ".Pa /etc/oekd/policies/";
    bool inside = false;
    for (std::string line; std::getline(manual, line);) {
        if (line.starts_with(heading) && line.ends_with(" :"))
            files.emplace_back(line.substr(heading.size(), line.size() - heading.size() - 2), "");
        else if (line.starts_with(".Bd -literal"))
            inside = !files.empty();
        else if (line == ".Ed")
            inside = false;
        else if (inside)
            files.back().second += line + '\n';
    }
    return files;
}

} // namespace

TEST_CASE("the manual's examples are group files", "[groups][manual]")
{
    auto const files = examples_in_manual();
    CHECK(files.size() >= 5);
    for (auto const& [name, text] : files) {
        INFO(name << ":\n" << text);
        auto const group = parse_policy_group(name);
        REQUIRE(group);
        auto const parsed = parse_group_file(text, *group, name);
        CHECK(parsed.errors.empty());
        CHECK(!parsed.lines.empty());
    }
}

TEST_CASE("each group's file is read; a bad line spoils only itself", "[groups]")
{
    TemporaryDirectory const directory;
    directory.write("private", "192.0.2.0/24\n");
    auto const clear = directory.write("clear", "0.0.0.0/0\n198.51.100.0/33 # no such length\n::/0\n");
    auto const groups = read_group_directory(directory.path());
    REQUIRE(groups);
    CHECK(groups->lines.size() == 3);
    auto const line = std::ranges::find(groups->lines, PolicyGroup::Private, &GroupLine::group);
    REQUIRE(line != groups->lines.end());
    CHECK(line->file == directory.path() / "private");
    CHECK(line->line == 1);
    REQUIRE(groups->errors.size() == 1);
    CHECK(groups->errors[0].file == clear);
    CHECK(groups->errors[0].line == 2);
}

TEST_CASE("an empty directory asks for nothing", "[groups]")
{
    TemporaryDirectory const directory;
    auto const groups = read_group_directory(directory.path());
    REQUIRE(groups);
    CHECK(groups->lines.empty());
    CHECK(groups->errors.empty());
}

TEST_CASE("a file that is no group is told, what tools leave behind is not", "[groups]")
{
    TemporaryDirectory const directory;
    for (auto const* left_over :
         {"clear~", ".private.swp", "private.rpmsave", "private.rpmnew", "clear.dpkg-old", "clear.dpkg-dist"})
        directory.write(left_over, "10.0.0.0/8\n");
    directory.write("privat", "192.0.2.0/24\n");
    directory.write("README", "networks\n");
    auto const groups = read_group_directory(directory.path());
    REQUIRE(groups);
    CHECK(groups->lines.empty());
    CHECK(messages_of(*groups) ==
          std::vector<std::string>{
              "\"README\" is not a policy group, the file is not used",
              "\"privat\" is not a policy group, the file is not used; did you mean private?"});
    auto const readme = directory.path() / "README";
    CHECK(groups->errors[0].to_string() ==
          readme.native() + ": \"README\" is not a policy group, the file is not used");
}

TEST_CASE("what cannot be read is an error that names it", "[groups]")
{
    TemporaryDirectory const directory;
    SECTION("no directory")
    {
        auto const missing = directory.path() / "none";
        auto const failure = failure_of(missing);
        CHECK(failure.code == ErrorCode::Configuration);
        CHECK(failure.message == missing.native() + ": No such file or directory");
    }
    SECTION("a file in its place")
    {
        auto const file = directory.write("file", "");
        auto const failure = failure_of(file);
        CHECK(failure.code == ErrorCode::Configuration);
        CHECK(failure.message == file.native() + ": Not a directory");
    }
    SECTION("a directory in the place of a group's file")
    {
        std::filesystem::create_directory(directory.path() / "private");
        auto const failure = failure_of(directory.path());
        CHECK(failure.code == ErrorCode::Configuration);
        CHECK(failure.message ==
              (directory.path() / "private").native() + ": is a directory, expected a file");
    }
    SECTION("a link that leads nowhere but to itself")
    {
        std::filesystem::create_symlink("private", directory.path() / "private");
        auto const failure = failure_of(directory.path());
        CHECK(failure.code == ErrorCode::System);
        CHECK(failure.message ==
              (directory.path() / "private").native() + ": Too many levels of symbolic links");
    }
    SECTION("a file without end")
    {
        std::filesystem::create_symlink("/dev/zero", directory.path() / "clear");
        auto const failure = failure_of(directory.path());
        CHECK(failure.code == ErrorCode::Configuration);
        CHECK(failure.message == (directory.path() / "clear").native() + ": is larger than 67108864 bytes");
    }
}

TEST_CASE("one file may have any name, if somebody says its group", "[groups]")
{
    TemporaryDirectory const directory;
    auto const file =
        read_group_file(directory.write("networks", "192.0.2.0/24\nhost.example\n/\n"), PolicyGroup::Block);
    REQUIRE(file);
    CHECK(file->lines.at(0).group == PolicyGroup::Block);
    CHECK(file->names.at(0).name == "host.example");
    CHECK(file->errors.at(0).line == 3);
    auto const missing = read_group_file(directory.path() / "none", PolicyGroup::Block);
    REQUIRE(!missing);
    CHECK(missing.error().code == ErrorCode::NotFound);
}
