// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/command_line.h"

#include "cli/publish_options.h"
#include "cli/validators.h"
#include "policy/connection.h"
#include "policy/group.h"

#include <array>
#include <fmt/format.h>

namespace oekd::cli {

namespace {

CLI::App* add_verb(CLI::App& app, CommandLine& line, std::string const& name, std::string const& description)
{
    auto* verb = app.add_subcommand(name, description);
    verb->add_flag("--json", line.json, "print JSON, for programs; the keys are in oekctl(1)");
    verb->fallthrough(); // --socket may follow the verb
    return verb;
}

void add_list(CLI::App& app, CommandLine& line)
{
    constexpr std::array states{ConnectionState::PotentialOe, ConnectionState::PendingOe,
                                ConnectionState::Keyed, ConnectionState::ClearText, ConnectionState::Deny};
    constexpr std::array protections{Protection::Clear, Protection::Anonymous, Protection::Dns,
                                     Protection::Dnssec, Protection::Blocked};
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
        ->check(address_or_prefix(line.filter.remote));
    verb->footer("Example: oekctl list --protection clear 192.0.2.0/24");
}

void add_show(CLI::App& app, CommandLine& line)
{
    auto* verb = add_verb(app, line, "show", "everything about the flows with one peer");
    verb->add_option("ADDRESS", line.address, "the peer's IPv4 or IPv6 address")
        ->required()
        ->check(an_address());
    verb->footer("Example: oekctl show 192.0.2.80");
}

struct ServiceWords {
    std::string protocol;
    std::string local_port = "0";
    std::string remote_port = "0";
};

void add_why(CLI::App& app, CommandLine& line, ServiceWords& service)
{
    auto* verb = add_verb(app, line, "why", "which line decides, and what happens to the next packet");
    verb->add_option("ADDRESS", line.why.remote, "the peer, contacted or not")
        ->required()
        ->check(an_address());
    verb->add_option("--local", line.why.local, "only flows from this address of ours")->check(an_address());
    auto* protocol = verb->add_option("--proto", service.protocol, "only this protocol, by name or number");
    verb->add_option("--local-port", service.local_port, "of it, only our port")->needs(protocol);
    verb->add_option("--remote-port", service.remote_port, "of it, only the peer's port")->needs(protocol);
    verb->footer("Example: oekctl why 192.0.2.80 --proto tcp --remote-port 22");
}

void add_policy_test(CLI::App& app, CommandLine& line)
{
    auto* policy = app.add_subcommand("policy", "group files");
    policy->require_subcommand(1);
    policy->fallthrough();
    auto* verb = add_verb(*policy, line, "test", "check group files, without the daemon");
    auto* files = verb->add_option("FILE", line.test.files, "group files, each named like its group");
    auto* directory = verb->add_option("--directory", line.test.directory, "or all files of a directory");
    directory->excludes(files);
    verb->add_option("--group", line.test.group, "the group of files that are named otherwise")
        ->check(one_of(names_of(all_groups)))
        ->needs(files);
    verb->add_option("--address", line.test.address, "also tell which line would decide about it")
        ->check(an_address());
    verb->final_callback([files, directory] {
        if (files->count() == 0 && directory->count() == 0)
            throw CLI::RequiredError("FILE or --directory");
    });
    verb->footer("Example: oekctl policy test --directory /etc/oekd/policies --address 192.0.2.80");
}

void add_key(CLI::App& app, CommandLine& line)
{
    auto* key = app.add_subcommand("key", "our own keys, without the daemon");
    key->require_subcommand(1);
    key->fallthrough();
    auto const add = [&](std::string const& name, std::string const& description) {
        auto* verb = add_verb(*key, line, name, description);
        verb->add_option("--file", line.key.file, "the current key; the others lie beside it")
            ->capture_default_str();
        return verb;
    };
    auto* generate = add("generate", "make a key; none is overwritten");
    auto const types = names_of(keys::all_key_types);
    auto* type = generate->add_option("--type", line.key.type, CLI::detail::join(types, ", "));
    type->check(one_of(types))->capture_default_str();
    generate->add_option("--bits", line.key.bits, "of an RSA key; 3072 without it")->needs(type);
    generate->add_flag("--next", line.key.next, "make the key that will follow the current one");
    generate->footer("Example: oekctl key generate && oekctl publish 192.0.2.7");
    add("show", "our keys as records have them")
        ->footer("Example: oekctl key show --json | jq -r .current.fingerprint");
    auto* activate = add("activate", "the next key becomes the current one");
    activate->add_option("--ttl", line.key.old_ttl, "seconds that the records before may live")
        ->capture_default_str();
    activate->add_flag("--now", line.key.now, "do not wait: peers with old records will refuse us");
    activate->footer("Example: oekctl publish --check 192.0.2.7 && oekctl key activate --ttl 3600");
}

void add_publish(CLI::App& app, CommandLine& line)
{
    auto* verb = add_verb(app, line, "publish", "our key's records for the DNS, without the daemon");
    add_publish_options(*verb, line.publish);
    verb->footer("Example: oekctl publish 192.0.2.0/24 2001:db8::7 >>2.0.192.in-addr.arpa.zone");
}

void add_monitor(CLI::App& app, CommandLine& line)
{
    auto* verb = add_verb(app, line, "monitor", "every decision as it happens");
    verb->add_option("ADDRESS|PREFIX", line.address, "only decisions about this peer or network")
        ->check(address_or_prefix(line.filter.remote));
    verb->footer("Example: oekctl monitor 192.0.2.0/24");
}

void describe(CLI::App& app, CommandLine& line, ServiceWords& service)
{
    app.add_option("--socket", line.socket, "oekd's control socket")->capture_default_str();
    app.set_version_flag("--version", "oekctl " OEKCTL_VERSION);
    app.require_subcommand(0, 1); // none is told below, where an unknown one has been told before
    add_verb(app, line, "status", "what oekd does, in a few lines")
        ->footer("Example: oekctl status --json | jq .flows");
    add_list(app, line);
    add_show(app, line);
    add_why(app, line, service);
    add_monitor(app, line);
    add_policy_test(app, line);
    add_verb(app, line, "metrics", "counters and gauges as OpenMetrics text")
        ->footer("Example: oekctl metrics | grep ^oekd_flows");
    add_verb(app, line, "reload", "read the group files again")
        ->footer("Example: oekctl reload || journalctl -u oekd");
    add_key(app, line);
    add_publish(app, line);
    app.footer("Examples:\n"
               "  oekctl status                     is it on, and for how many flows?\n"
               "  oekctl list --protection clear    who is not encrypted, and why\n"
               "  oekctl show 192.0.2.80            everything about one peer\n"
               "  oekctl why 192.0.2.80             what decides about it, and what would happen\n"
               "  oekctl monitor                    what is decided now\n"
               "  oekctl reload                     after a change of the group files\n"
               "  oekctl key generate               a key, so that others know who we are\n"
               "  oekctl publish 192.0.2.7          what to put into the DNS for that\n"
               "See oekctl(1).");
}

Service read_service(ServiceWords const& words)
{
    auto const service = Service::read(words.protocol, words.local_port, words.remote_port);
    if (!service)
        throw CLI::ValidationError("--proto", service.error().message);
    return *service;
}

/// Also of two words.
std::string verb_of(CLI::App const& app)
{
    auto const* first = app.get_subcommands().front();
    auto const second = first->get_subcommands();
    return second.empty() ? first->get_name()
                          : fmt::format("{} {}", first->get_name(), second.front()->get_name());
}

std::string all_verbs(CLI::App const& app)
{
    std::vector<std::string> names;
    for (auto const* verb : app.get_subcommands({}))
        names.push_back(verb->get_name());
    return CLI::detail::join(names, ", ");
}

} // namespace

std::expected<CommandLine, ExitStatus> parse_command_line(int argc, char** argv)
{
    CommandLine line;
    CLI::App app("Looks at oekd, the daemon for opportunistic IPsec.", "oekctl");
    ServiceWords service;
    describe(app, line, service);
    try {
        app.parse(argc, argv);
        if (app.get_subcommands().empty())
            throw CLI::RequiredError(fmt::format("A verb ({})", all_verbs(app)));
        if (!service.protocol.empty())
            line.why.service = read_service(service);
    } catch (CLI::ParseError const& error) {
        return std::unexpected(app.exit(error) == 0 ? ExitStatus::Ok : ExitStatus::Usage);
    }
    line.verb = verb_of(app);
    return line;
}

} // namespace oekd::cli
