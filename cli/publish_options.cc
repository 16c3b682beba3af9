// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/publish_options.h"

#include "cli/validators.h"
#include "dns/domain_name.h"
#include "policy/printable.h"

namespace oekd::cli {

namespace {

using Words = std::vector<std::string>;

constexpr uint32_t longest_ttl = 0x7fffffff; // RFC 2181 §8

/// A name that is not the root's, as dns/ writes it; nullopt where it is none.
std::optional<std::string> read_name(std::string const& text)
{
    auto const wire = dns::name_wire(text);
    auto name = wire ? dns::name_text(*wire) : std::string();
    return name.empty() ? std::nullopt : std::optional(std::move(name));
}

[[noreturn]] void refuse(std::string const& option, std::string const& why)
{
    throw CLI::ValidationError(option, why);
}

std::vector<Prefix> read_ranges(Words const& words)
{
    std::vector<Prefix> ranges;
    for (auto const& word : words) {
        auto range = Prefix::read(word);
        if (!range)
            refuse("RANGE", range.error().message);
        ranges.push_back(*range);
    }
    return ranges;
}

publish::GatewayChoice read_gateway(std::string const& word)
{
    if (word == "none")
        return dns::NoGateway{};
    if (auto const address = Address::parse(word))
        return *address;
    auto name = read_name(word);
    if (!name || !dns::is_host_name(*name))
        refuse("--gateway", oekd::quoted(word) + ": neither an address nor a host's name nor \"none\"");
    return dns::GatewayName{std::move(*name)};
}

std::string read_zone(std::string const& word)
{
    auto name = read_name(word);
    if (!name)
        refuse("--zone", oekd::quoted(word) + ": not the name of a zone");
    return std::move(*name);
}

void add_record_options(CLI::App& verb, PublishWords& words)
{
    auto& request = words.request;
    verb.add_option_function<Words>(
            "RANGE", [&request](Words const& ranges) { request.ranges = read_ranges(ranges); },
            "addresses or networks: 192.0.2.7, 192.0.2.0/24, 2001:db8::/64")
        ->required();
    verb.add_option("--file", words.file, "the current key; the next one lies beside it")
        ->capture_default_str();
    verb.add_option_function<std::string>(
        "--gateway", [&request](std::string const& word) { request.gateway = read_gateway(word); },
        "who speaks for them: an address or a name; \"none\" or nothing: each for itself");
    verb.add_option_function<unsigned>(
            "--precedence", [&request](unsigned value) { request.precedence = static_cast<uint8_t>(value); },
            "of the gateway, lower ones are tried first; 10 without it")
        ->check(CLI::Range(0U, 255U));
    verb.add_option_function<uint32_t>(
            "--ttl", [&request](uint32_t ttl) { request.ttl = std::chrono::seconds(ttl); },
            "of the records, in seconds; 3600 without it")
        ->check(CLI::Range(1U, longest_ttl));
    verb.add_flag_callback(
        "--rfc2317", [&request] { request.small_networks = publish::SmallNetworks::Rfc2317; },
        "names of a zone of its own for what is smaller than /24");
    verb.add_flag_callback(
        "--wildcard", [&request] { request.wildcards = publish::Wildcards::Always; },
        "few names for whole networks; large IPv6 networks have them anyway");
}

} // namespace

void add_publish_options(CLI::App& verb, PublishWords& words)
{
    add_record_options(verb, words);
    auto* format = verb.add_option("--format", words.format, "zone, nsupdate, json");
    format->check(one_of({"zone", "nsupdate", "json"}))->capture_default_str();
    auto* zone = verb.add_option_function<std::string>(
        "--zone", [&words](std::string const& word) { words.zone = read_zone(word); },
        "the zone that all of it belongs to");
    auto* server = verb.add_option("--server", words.server, "send to this one; --check: ask this resolver");
    auto* tsig = verb.add_option("--tsig", words.tsig, "the file with the key that the server knows us by");
    auto* send = verb.add_flag("--send", words.send, "send it instead of printing it");
    send->needs(server)->needs(tsig)->needs(zone)->excludes(format);
    auto* check = verb.add_flag("--check", words.check, "ask the DNS whether it is there");
    check->excludes(send)->excludes(format)->excludes(tsig)->excludes(zone);
    verb.add_option("--trust-anchor", words.trust_anchors, "a file where DNSSEC begins, for --check")
        ->needs(check)
        ->allow_extra_args(false)
        ->capture_default_str();
}

} // namespace oekd::cli
