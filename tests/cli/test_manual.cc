// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/cli/program.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <set>

using namespace oekd;

namespace {

using Options = std::set<std::string>;

Options matches_of(std::string const& text, std::regex const& pattern, std::string const& prefix)
{
    Options found;
    for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match)
        found.insert(prefix + (*match)[1].str());
    return found;
}

Options options_in_help(std::string const& program, std::vector<std::string> const& verb)
{
    auto arguments = verb;
    arguments.emplace_back("--help");
    auto const help = run_program(program, arguments);
    REQUIRE(help.status == 0);
    static std::regex const option(R"(^ +(?:-\w,)?(--?[a-z][a-z0-9-]*))", std::regex::multiline);
    static std::regex const short_option(R"(^ +(-\w)\b)", std::regex::multiline);
    auto options = matches_of(help.out, option, "");
    options.merge(matches_of(help.out, short_option, ""));
    return options;
}

/// mdoc(7): ".It Fl -socket Ar PATH" documents --socket.
Options options_in_manual(std::string const& page)
{
    auto const path = required_environment("OEKD_SOURCE") + "/man/" + page;
    std::ifstream stream(path);
    INFO(path);
    REQUIRE(stream);
    std::string const text{std::istreambuf_iterator<char>(stream), {}};
    return matches_of(text, std::regex(R"(\bFl ([a-z0-9-]+))"), "-");
}

} // namespace

TEST_CASE("oekctl's options are those of its manual page", "[manual]")
{
    auto const oekctl = required_environment("OEKCTL");
    Options in_help;
    for (auto const& verb : std::vector<std::vector<std::string>>{{},
                                                                  {"status"},
                                                                  {"list"},
                                                                  {"show"},
                                                                  {"reload"},
                                                                  {"monitor"},
                                                                  {"metrics"},
                                                                  {"why"},
                                                                  {"policy", "test"},
                                                                  {"key", "generate"},
                                                                  {"key", "show"},
                                                                  {"key", "activate"},
                                                                  {"publish"}})
        in_help.merge(options_in_help(oekctl, verb));
    CHECK(in_help.size() >= 7);
    CHECK(in_help == options_in_manual("oekctl.1"));
}

TEST_CASE("oekd's options are those of its manual page", "[manual]")
{
    auto const in_help = options_in_help(required_environment("OEKD"), {});
    CHECK(in_help.size() >= 6);
    CHECK(in_help == options_in_manual("oekd.8"));
}
