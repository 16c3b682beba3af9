// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/publish_check.h"

#include "base/text_file.h"
#include "cli/human.h"
#include "cli/json_output.h"
#include "cli/key.h"
#include "cli/table.h"
#include "dns/resolv_conf.h"
#include "dns/reverse_name.h"
#include "dns/unbound_resolver.h"
#include "publish/check.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <random>

namespace oekd::cli {

namespace {

using publish::Finding;
using publish::Verdict;

constexpr char const* resolv_conf = "/etc/resolv.conf";
constexpr size_t max_resolv_conf = 64 * 1024;
using Counts = std::map<Verdict, size_t>;

/// Whom to ask; nobody where the zones' own servers are to be asked.
Outcome<std::vector<dns::NameServer>> servers_to_ask(std::string const& server)
{
    if (server.empty())
        return dns::parse_resolv_conf(read_text_file(resolv_conf, max_resolv_conf).value_or(""));
    auto const address = Address::read(server);
    if (!address)
        return failed(ExitStatus::Usage,
                      fmt::format("--server: {}; with --check it must be", address.error().message));
    return std::vector{dns::NameServer{*address, {}}};
}

uint64_t random_number()
{
    std::random_device source;
    return uint64_t{source()} << 32 | source();
}

Outcome<std::vector<Finding>> ask(publish::Request const& request, PublishWords const& words)
{
    auto asked = publish::addresses_to_ask(request, random_number);
    if (!asked)
        return failed(asked.error());
    auto servers = servers_to_ask(words.server);
    if (!servers)
        return std::unexpected(servers.error());
    auto loop = EventLoop::create();
    if (!loop)
        return failed(loop.error());
    std::vector<std::filesystem::path> anchors(words.trust_anchors.begin(), words.trust_anchors.end());
    auto const resolver = dns::UnboundResolver::open(
        *loop, {.context = {.forwarders = std::move(*servers), .trust_anchors = std::move(anchors)}});
    if (!resolver)
        return failed(resolver.error());
    publish::Check check(**resolver, request, std::move(*asked), [&loop] { loop->stop(0); });
    check.start();
    if (auto const ended = loop->run(); !ended)
        return failed(ended.error());
    return check.findings();
}

Counts count(std::vector<Finding> const& findings)
{
    Counts counts;
    for (auto const& finding : findings)
        ++counts[finding.verdict];
    return counts;
}

/// What is asked for is there, at least.
bool is_there(Finding const& finding)
{
    return finding.verdict == Verdict::Matches || finding.verdict == Verdict::Unsigned;
}

/// Nothing where it was not missing anywhere, but not seen everywhere either.
Result<void> remember(keys::KeyFiles const& files, PublicKey const& next,
                      std::vector<Finding> const& findings)
{
    if (std::ranges::all_of(findings, is_there)) {
        auto const ttl = std::ranges::max(findings, {}, &Finding::ttl).ttl;
        return keys::note_next_seen(files, next, {std::chrono::system_clock::now(), ttl});
    }
    bool const unknown = std::ranges::all_of(
        findings, [](Finding const& f) { return is_there(f) || f.verdict == Verdict::NoAnswer; });
    return unknown ? Result<void>() : keys::forget_next_seen(files);
}

OrderedJson json_of(Finding const& finding)
{
    return {{"address", finding.address.to_string()},
            {"name", dns::reverse_name(finding.address)},
            {"result", to_string(finding.verdict)},
            {"why", or_null(finding.why)},
            {"ttl", finding.ttl.count()}};
}

std::string json_text(std::vector<Finding> const& findings)
{
    OrderedJson counts;
    auto const counted = count(findings);
    for (auto const verdict : publish::all_verdicts)
        counts[std::string(to_string(verdict))] = counted.contains(verdict) ? counted.at(verdict) : 0;
    return text_of({{"addresses", to_array(findings, json_of)}, {"counts", counts}});
}

/// Those that match are only counted.
std::string format_findings(std::vector<Finding> const& findings, Style const& style)
{
    std::vector<std::vector<Cell>> rows;
    for (auto const& finding : findings)
        if (finding.verdict != Verdict::Matches || !finding.why.empty()) {
            auto const paint = finding.verdict == Verdict::Matches ? Paint::Plain : Paint::Yellow;
            rows.push_back({{finding.address.to_string()},
                            {std::string(to_string(finding.verdict)), paint},
                            {finding.why}});
        }
    std::vector<std::string> sums;
    for (auto const& [verdict, number] : count(findings))
        sums.push_back(fmt::format("{} {}", grouped(number), to_string(verdict)));
    return format_table(rows, style) + fmt::format("{}\n", fmt::join(sums, style.separator()));
}

} // namespace

Outcome<TextAndStatus> check_published(PublishWords const& words, Format format)
{
    keys::KeyFiles const files{words.file};
    auto const own = require_keys(files);
    if (!own)
        return std::unexpected(own.error());
    auto request = words.request;
    request.keys = own->public_keys();
    auto const findings = ask(request, words);
    if (!findings)
        return std::unexpected(findings.error());
    TextAndStatus result{.text = format == Format::Json ? json_text(*findings)
                                                        : format_findings(*findings, Style::of_stdout())};
    auto const good = [](Finding const& f) { return f.verdict == Verdict::Matches; };
    result.status = std::ranges::all_of(*findings, good) ? ExitStatus::Ok : ExitStatus::Failure;
    if (own->next)
        if (auto const done = remember(files, own->next->public_key(), *findings); !done)
            return failed(done.error());
    return result;
}

} // namespace oekd::cli
