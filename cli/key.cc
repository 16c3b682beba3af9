// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/key.h"

#include "base/plain_text.h"
#include "cli/human.h"
#include "dns/ipseckey.h"
#include "keys/fingerprint.h"

#include <fmt/format.h>

namespace oekd::cli {

namespace {

using keys::KeyFiles;
using keys::NextSeen;
using keys::PrivateKey;

/// One key and where it lies.
struct KeyReport {
    std::string file;
    std::string type;
    PublicKey key;
    std::optional<NextSeen> seen; ///< of the next key
};

KeyReport report_of(PrivateKey const& key, std::filesystem::path const& file)
{
    return {plain_text(file.native()), std::string(to_string(key.type())), key.public_key(), std::nullopt};
}

/// As a record of a host that speaks for itself.
std::string ipseckey_text(PublicKey const& key) { return dns::zone_text_of({.key = key}); }

OrderedJson json_of(KeyReport const& report)
{
    return {{"type", report.type},
            {"kind", keys::kind_of(report.key)},
            {"fingerprint", keys::fingerprint(report.key)},
            {"file", report.file},
            {"ipseckey", ipseckey_text(report.key)},
            {"seen_in_dns", report.seen ? OrderedJson(rfc3339(report.seen->since)) : OrderedJson()}};
}

std::string format_key(std::string_view role, KeyReport const& report)
{
    return fmt::format("{:<9} {} {}\n          in {}\n          IPSECKEY {}\n", role,
                       keys::kind_of(report.key), keys::short_fingerprint(report.key), report.file,
                       ipseckey_text(report.key));
}

std::string format_seen(std::optional<NextSeen> const& seen)
{
    return seen ? fmt::format("          in the DNS since {}\n", local_time(seen->since))
                : "          not seen in the DNS yet: oekctl publish --check\n";
}

std::string how_to_go_on(KeyWords const& words)
{
    return words.next
               ? "Publish it beside the current one (oekctl publish), see that all have it (oekctl publish\n"
                 "--check), and when the old records have ended: oekctl key activate.\n"
               : "Publish it: oekctl publish.\n";
}

} // namespace

std::unexpected<Failure> failed(Error const& error)
{
    switch (error.code) {
    case ErrorCode::Permission: return failed(ExitStatus::NoPermission, error.message);
    case ErrorCode::Usage: return failed(ExitStatus::Usage, error.message);
    case ErrorCode::System:
    case ErrorCode::Configuration:
    case ErrorCode::PortInUse:
    case ErrorCode::KernelWithoutEsp:
    case ErrorCode::Malformed:
    case ErrorCode::Exists:
    case ErrorCode::NotFound:
    case ErrorCode::Limit: break;
    }
    return failed(ExitStatus::Failure, error.message);
}

Outcome<keys::OwnKeys> require_keys(KeyFiles const& files)
{
    auto own = keys::load_own_keys(files);
    if (!own)
        return failed(own.error());
    if (!own->current)
        return failed(ExitStatus::Failure, fmt::format("{}: there is no key yet: oekctl key generate",
                                                       plain_text(files.current.native())));
    return std::move(*own);
}

Outcome<std::string> generate_key(KeyWords const& words, Format format)
{
    KeyFiles const files{words.file};
    auto const file = words.next ? files.next() : files.current;
    auto const type = keys::parse_key_type(words.type).value_or(keys::KeyType::Ed25519);
    if (words.bits && type != keys::KeyType::Rsa)
        return failed(ExitStatus::Usage, fmt::format("--bits: every {} key has the same size", words.type));
    auto const key = PrivateKey::generate(type, words.bits.value_or(keys::default_rsa_bits));
    if (!key)
        return failed(key.error());
    auto const saved = key->save(file);
    if (!saved && saved.error().code == ErrorCode::Exists)
        return failed(
            ExitStatus::Failure,
            fmt::format("{}: there is a key already, and it is not overwritten", plain_text(file.native())));
    if (!saved)
        return failed(saved.error());
    auto const report = report_of(*key, file);
    return format == Format::Json ? text_of(json_of(report))
                                  : format_key(words.next ? "next" : "current", report) + how_to_go_on(words);
}

Outcome<std::string> show_keys(KeyWords const& words, Format format)
{
    KeyFiles const files{words.file};
    auto const own = require_keys(files);
    if (!own)
        return std::unexpected(own.error());
    auto const current = report_of(*own->current, files.current);
    std::optional<KeyReport> next;
    if (own->next) {
        auto const seen = keys::next_seen(files, own->next->public_key());
        if (!seen)
            return failed(seen.error());
        next = report_of(*own->next, files.next());
        next->seen = *seen;
    }
    if (format == Format::Json)
        return text_of({{"current", json_of(current)}, {"next", next ? json_of(*next) : OrderedJson()}});
    auto const text = format_key("current", current);
    return next ? text + format_key("next", *next) + format_seen(next->seen) : text;
}

Outcome<std::string> activate_key(KeyWords const& words, Format format)
{
    KeyFiles const files{words.file};
    auto const own = keys::load_own_keys(files);
    if (!own)
        return failed(own.error());
    if (!own->next)
        return failed(ExitStatus::Failure, fmt::format("{}: there is no next key: oekctl key generate --next",
                                                       plain_text(files.next().native())));
    auto const seen = keys::next_seen(files, own->next->public_key());
    if (!seen)
        return failed(seen.error());
    bool const anybody_knows_us = own->current.has_value();
    auto const may =
        keys::may_activate(*seen, std::chrono::seconds(words.old_ttl), std::chrono::system_clock::now());
    if (anybody_knows_us && !words.now && !may)
        return failed(may.error().with("the current key stays"));
    if (auto const done = keys::activate_next(files); !done)
        return failed(done.error());
    auto const report = report_of(*own->next, files.current);
    if (format == Format::Json)
        return text_of(json_of(report));
    return format_key("current", report) +
           fmt::format("The key before is kept in {}. Tell oekd: oekctl reload.\n",
                       plain_text(files.old().native()));
}

} // namespace oekd::cli
