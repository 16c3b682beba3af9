// SPDX-License-Identifier: GPL-2.0-or-later
#include "keys/roll_over.h"

#include "base/plain_text.h"
#include "base/text_file.h"
#include "keys/fingerprint.h"
#include "keys/new_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sstream>
#include <unistd.h>

namespace oekd::keys {

namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr size_t max_seen_size = 256;
constexpr int64_t last_second = 1LL << 33; // in the year 2242, which the clock can count

Result<std::optional<PrivateKey>> load_if_there(fs::path const& path)
{
    auto key = PrivateKey::load(path);
    if (key)
        return std::optional(std::move(*key));
    if (key.error().code == ErrorCode::NotFound)
        return std::nullopt;
    return std::unexpected(key.error());
}

Result<void> remove_if_there(fs::path const& path)
{
    if (::unlink(path.c_str()) == 0 || errno == ENOENT)
        return {};
    return std::unexpected(system_error(errno, plain_text(path.native())));
}

std::unexpected<Error> malformed(fs::path const& path)
{
    return fail(ErrorCode::Configuration,
                fmt::format("{}: makes no sense; remove it, and wait for the records' TTL anew",
                            plain_text(path.native())));
}

int64_t seconds_of(WallTime time)
{
    return std::chrono::duration_cast<seconds>(time.time_since_epoch()).count();
}

std::string text_of(WallTime time)
{
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

/// Gives the key, if there is one, a second name, whatever that stood for.
Result<void> keep_as(fs::path const& key, fs::path const& name)
{
    auto const linked = [&] { return ::link(key.c_str(), name.c_str()) == 0; };
    if (linked() || errno == ENOENT)
        return {};
    if (errno == EEXIST && ::unlink(name.c_str()) == 0 && linked())
        return {};
    return std::unexpected(system_error(errno, plain_text(name.native())));
}

} // namespace

fs::path KeyFiles::beside(std::string_view what) const
{
    auto path = current;
    path.replace_filename(fmt::format("{}{}{}", current.stem().native(), what, current.extension().native()));
    return path;
}

fs::path KeyFiles::seen() const
{
    auto path = current;
    path.replace_filename(current.stem().native() + ".next.seen");
    return path;
}

std::vector<PublicKey> OwnKeys::public_keys() const
{
    std::vector<PublicKey> keys;
    for (auto const* key : {&current, &next})
        if (*key)
            keys.push_back((*key)->public_key());
    return keys;
}

Result<OwnKeys> load_own_keys(KeyFiles const& files)
{
    auto current = load_if_there(files.current);
    if (!current)
        return std::unexpected(current.error());
    auto next = load_if_there(files.next());
    if (!next)
        return std::unexpected(next.error());
    return OwnKeys{std::move(*current), std::move(*next)};
}

/// One line: the key's fingerprint, seconds since 1970, the TTL.
Result<std::optional<NextSeen>> next_seen(KeyFiles const& files, PublicKey const& next)
{
    auto const text = read_text_file(files.seen(), max_seen_size);
    if (!text && text.error().code == ErrorCode::NotFound)
        return std::nullopt;
    if (!text)
        return std::unexpected(text.error());
    std::istringstream words(*text);
    std::string key;
    int64_t since = 0;
    int64_t ttl = 0;
    words >> key >> since >> ttl;
    if (!words || since < 0 || since > last_second || ttl < 0 || ttl > last_second)
        return malformed(files.seen());
    if (key != fingerprint(next))
        return std::nullopt;
    return NextSeen{WallTime(seconds(since)), seconds(ttl)};
}

Result<void> note_next_seen(KeyFiles const& files, PublicKey const& next, NextSeen const& seen)
{
    auto const before = next_seen(files, next);
    if (!before)
        return std::unexpected(before.error());
    auto const known = before->value_or(seen);
    return write_over_file(files.seen(), fmt::format("{} {} {}\n", fingerprint(next),
                                                     seconds_of(std::min(known.since, seen.since)),
                                                     std::max(known.ttl, seen.ttl).count()));
}

Result<void> forget_next_seen(KeyFiles const& files) { return remove_if_there(files.seen()); }

Result<void> may_activate(std::optional<NextSeen> const& seen, seconds old_ttl, WallTime now)
{
    if (!seen)
        return fail(ErrorCode::Limit, "the next key was not seen in the DNS yet: publish it, then run "
                                      "`oekctl publish --check` for all addresses that have the current one");
    auto const end = seen->since + std::max(seen->ttl, old_ttl);
    if (now >= end)
        return {};
    return fail(
        ErrorCode::Limit,
        fmt::format("the next key is known to be in the DNS since {}; peers may have records without it "
                    "until {}, and would refuse it",
                    text_of(seen->since), text_of(end)));
}

Result<void> activate_next(KeyFiles const& files)
{
    if (auto const next = PrivateKey::load(files.next()); !next)
        return std::unexpected(next.error());
    if (auto kept = keep_as(files.current, files.old()); !kept)
        return kept;
    if (::rename(files.next().c_str(), files.current.c_str()) != 0)
        return std::unexpected(system_error(errno, plain_text(files.current.native())));
    if (auto removed = remove_if_there(files.seen()); !removed)
        return removed;
    return sync_directory(fs::absolute(files.current).parent_path());
}

} // namespace oekd::keys
