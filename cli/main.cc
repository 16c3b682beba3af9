// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/daemon_client.h"
#include "cli/list.h"
#include "cli/show.h"
#include "cli/status.h"
#include "policy/connection.h"
#include "policy/group.h"

#include <CLI/CLI.hpp>
#include <clocale>
#include <cstdio>
#include <fmt/format.h>

using namespace oekd;
using namespace oekd::cli;

namespace {

struct CommandLine {
    std::string socket = "/run/oekd/control";
    bool json = false;
    std::string address; ///< of show; for list it is in the filter
    FlowFilter filter;
};

/// The names of all values, for an option that takes one of them.
template <typename Values> std::vector<std::string> names_of(Values const& values)
{
    std::vector<std::string> names;
    for (auto const value : values)
        names.emplace_back(to_string(value));
    return names;
}

CLI::Validator one_of(std::vector<std::string> names)
{
    auto const all = fmt::format("{}", CLI::detail::join(names, ", "));
    return {[names = std::move(names), all](std::string& text) {
                bool const known = std::ranges::find(names, text) != names.end();
                return known ? std::string() : fmt::format("expected one of {}", all);
            },
            ""};
}

CLI::Validator address_or_prefix(FlowFilter& filter)
{
    return {[&filter](std::string& text) {
                auto prefix = Prefix::read(text);
                if (!prefix)
                    return prefix.error().message;
                filter.remote = *prefix;
                return std::string();
            },
            ""};
}

std::string complaint_about_address(std::string const& text)
{
    auto const address = Address::read(text);
    return address ? std::string() : address.error().message;
}

CLI::App* add_verb(CLI::App& app, CommandLine& line, std::string const& name, std::string const& description)
{
    auto* verb = app.add_subcommand(name, description);
    verb->add_flag("--json", line.json, "print JSON, for programs; the keys are in oekctl(1)");
    verb->fallthrough(); // --socket may follow the verb
    return verb;
}

void add_list(CLI::App& app, CommandLine& line)
{
    constexpr std::array states{ConnectionState::PendingOe, ConnectionState::Keyed,
                                ConnectionState::ClearText, ConnectionState::Deny};
    constexpr std::array protections{Protection::Clear, Protection::Anonymous, Protection::Blocked};
    auto* verb = add_verb(app, line, "list", "one line for each flow");
    auto const add_filter = [verb](std::string const& name, std::string& target,
                                   std::vector<std::string> names) {
        auto const help = fmt::format("only these: {}", CLI::detail::join(names, ", "));
        verb->add_option(name, target, help)->check(one_of(std::move(names)));
    };
    add_filter("--state", line.filter.state, names_of(states));
    add_filter("--protection", line.filter.protection, names_of(protections));
    add_filter("--group", line.filter.group, names_of(all_groups));
    verb->add_option("ADDRESS|PREFIX", line.address, "only flows with this peer or network")
        ->check(address_or_prefix(line.filter));
    verb->footer("Example: oekctl list --protection clear 192.0.2.0/24");
}

void add_show(CLI::App& app, CommandLine& line)
{
    auto* verb = add_verb(app, line, "show", "everything about the flows with one peer");
    verb->add_option("ADDRESS", line.address, "the peer's IPv4 or IPv6 address")
        ->required()
        ->check(CLI::Validator(complaint_about_address, ""));
    verb->footer("Example: oekctl show 192.0.2.80");
}

void describe(CLI::App& app, CommandLine& line)
{
    app.add_option("--socket", line.socket, "oekd's control socket")->capture_default_str();
    app.set_version_flag("--version", "oekctl " OEKCTL_VERSION);
    app.require_subcommand(0, 1); // none is told in main(), where an unknown one has been told before
    add_verb(app, line, "status", "what oekd does, in a few lines")
        ->footer("Example: oekctl status --json | jq .flows");
    add_list(app, line);
    add_show(app, line);
    app.footer("Examples:\n"
               "  oekctl status                     is it on, and for how many flows?\n"
               "  oekctl list --protection clear    who is not encrypted, and why\n"
               "  oekctl show 192.0.2.80            everything about one peer\n"
               "See oekctl(1).");
}

Outcome<std::string> text_to_print(std::string const& verb, CommandLine const& line)
{
    auto daemon = DaemonClient::connect(line.socket);
    if (!daemon)
        return std::unexpected(daemon.error());
    auto const format = line.json ? Format::Json : Format::People;
    if (verb == "status")
        return status(*daemon, format);
    if (verb == "list")
        return list(*daemon, line.filter, format);
    return show(*daemon, line.address, format);
}

ExitStatus print(Outcome<std::string> const& text)
{
    if (!text) {
        fmt::print(stderr, "oekctl: {}\n", text.error().message);
        return text.error().status;
    }
    bool const written =
        std::fwrite(text->data(), 1, text->size(), stdout) == text->size() && std::fflush(stdout) == 0;
    return written ? ExitStatus::Ok : ExitStatus::Failure;
}

} // namespace

int main(int argc, char** argv)
{
    std::setlocale(LC_CTYPE, "");
    CommandLine line;
    CLI::App app("Looks at oekd, the daemon for opportunistic IPsec.", "oekctl");
    describe(app, line);
    try {
        app.parse(argc, argv);
        if (app.get_subcommands().empty())
            throw CLI::RequiredError("A verb (status, list or show)");
    } catch (CLI::ParseError const& error) {
        return static_cast<int>(app.exit(error) == 0 ? ExitStatus::Ok : ExitStatus::Usage);
    }
    auto const verb = app.get_subcommands().front()->get_name();
    return static_cast<int>(print(text_to_print(verb, line)));
}
