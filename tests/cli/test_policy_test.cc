// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/failure.h"
#include "tests/cli/program.h"
#include "tests/daemon/temporary_directory.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace oekd;
using Json = nlohmann::json;

namespace {

Finished policy_test(std::vector<std::string> words)
{
    words.insert(words.begin(), {"policy", "test"});
    return run_program(required_environment("OEKCTL"), words);
}

constexpr int failure = 1;

} // namespace

TEST_CASE("a good file is good", "[policy test]")
{
    TemporaryDirectory const directory;
    auto const file =
        directory.write("private-or-clear", "192.0.2.0/24\n::/0 # all\nhost.example tcp 0 25\n");
    auto const result = policy_test({file.native()});
    CHECK(result.status == 0);
    CHECK(result.out == "2 lines are good, 1 more name hosts\n");
}

TEST_CASE("each problem is told with its place", "[policy test]")
{
    TemporaryDirectory const directory;
    auto const clear = directory.write("clear", "192.0.2.0/33\n198.51.100.0/24\n").native();
    auto const block = directory.write("block", "198.51.100.0/24\n").native();
    auto const result = policy_test({clear, block});
    CHECK(result.status == failure);
    CHECK_THAT(result.out, Catch::StartsWith(clear + ":1: \"192.0.2.0/33\""));
    CHECK_THAT(result.out, Catch::Contains(clear + ":2: 198.51.100.0/24 is also in group block (" + block +
                                           ":1), which is stricter and holds\n"));
    CHECK_THAT(result.out, Catch::EndsWith("1 line is good; 2 are not used\n"));
    auto const json = Json::parse(policy_test({"--json", clear, block}).out);
    CHECK(json.at("lines") == 1);
    CHECK(json.at("names") == 0);
    CHECK(json.at("problems").at(1).at("file") == clear);
    CHECK(json.at("problems").at(1).at("line") == 2);
    CHECK(json.at("address").is_null());
}

TEST_CASE("the group comes from the file's name, or from --group", "[policy test]")
{
    TemporaryDirectory const directory;
    auto const draft = directory.write("privat", "192.0.2.0/24\n").native();
    auto const unknown = policy_test({draft});
    CHECK(unknown.status == failure);
    CHECK_THAT(unknown.out,
               Catch::StartsWith(draft + ": \"privat\" is not a policy group, the file is not used; "
                                         "did you mean private?\n"));
    auto const known = policy_test({draft, "--group", "private", "--address", "192.0.2.1"});
    CHECK(known.status == 0);
    CHECK(known.out == "1 line is good\n\n192.0.2.1\n  decides  private: 192.0.2.0/24 in " + draft + ":1\n");
}

TEST_CASE("a directory is checked as the daemon reads it", "[policy test]")
{
    TemporaryDirectory const directory;
    auto const block = directory.write("block", "192.0.2.0/24 tcp 0 25\n");
    auto const clear = directory.write("clear", "0.0.0.0/0\n192.0.2.0/24\n");
    auto const path = directory.path().native();
    auto const good = policy_test({"--directory", path, "--address", "192.0.2.1"});
    CHECK(good.status == 0);
    CHECK(good.out == "3 lines are good\n\n192.0.2.1\n"
                      "  decides  clear: 192.0.2.0/24 in " +
                          clear.native() +
                          ":2\n"
                          "  but      block: 192.0.2.0/24 tcp 0 25 in " +
                          block.native() +
                          ":1\n"
                          "  not      clear: 0.0.0.0/0 in " +
                          clear.native() + ":1\n");
    auto const json = Json::parse(policy_test({"--directory", path, "--address", "192.0.2.1", "--json"}).out);
    CHECK(json.at("address").at("line").at("line") == 2);
    CHECK(json.at("address").at("exceptions").at(0).at("group") == "block");
    directory.write("README", "");
    CHECK(policy_test({"--directory", path}).status == failure);
}

TEST_CASE("what cannot be read is a problem that names it", "[policy test]")
{
    TemporaryDirectory const directory;
    auto const missing = (directory.path() / "private").native();
    auto const file = policy_test({missing});
    CHECK(file.status == failure);
    CHECK(file.out == missing + ": No such file or directory\n0 lines are good; 1 is not used\n");
    CHECK(policy_test({"--directory", missing}).out.starts_with(missing + ": No such file or directory\n"));
}

TEST_CASE("policy test says what it wants", "[policy test]")
{
    struct Row {
        std::vector<std::string> words;
        std::string complaint;
    };
    for (auto const& row : {
             Row{{}, "FILE or --directory is required"},
             Row{{"clear", "--directory", "/"}, "excludes"},
             Row{{"clear", "--group", "privat"}, "expected one of clear, clear-or-private,"},
             Row{{"clear", "--address", "192.0.2.0/24"}, "\"192.0.2.0/24\""},
         }) {
        auto const result = policy_test(row.words);
        INFO(row.complaint);
        CHECK(result.status == 64);
        CHECK_THAT(result.error, Catch::Contains(row.complaint));
    }
    CHECK(run_program(required_environment("OEKCTL"), {"policy"}).status == 64);
}
