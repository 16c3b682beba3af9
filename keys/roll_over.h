// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "keys/private_key.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <vector>

/// A key is replaced in steps, so that nobody who knows the old records only is locked out: the next key is
/// made, published beside the current one, and becomes the current one when nobody can have records without
/// it any more.
namespace oekd::keys {

using WallTime = std::chrono::system_clock::time_point;

/// Where our keys lie: the names follow from that of the current one.
struct KeyFiles {
    std::filesystem::path current = "/var/lib/oekd/key.pem";

    [[nodiscard]] std::filesystem::path next() const { return beside(".next"); } ///< key.next.pem
    [[nodiscard]] std::filesystem::path old() const { return beside(".old"); }   ///< key.old.pem
    /// When the next key was first seen in the DNS: key.next.seen.pem, which holds no key.
    [[nodiscard]] std::filesystem::path seen() const;

private:
    [[nodiscard]] std::filesystem::path beside(std::string_view what) const;
};

struct OwnKeys {
    std::optional<PrivateKey> current;
    std::optional<PrivateKey> next;

    /// The public halves of those that there are, the current one first.
    [[nodiscard]] std::vector<PublicKey> public_keys() const;
};

/// A file that is not there is a key that we do not have; any other trouble is an error.
[[nodiscard]] Result<OwnKeys> load_own_keys(KeyFiles const& files);

/// What the DNS was seen to say about the next key.
struct NextSeen {
    WallTime since;             ///< it was there at this time, everywhere
    std::chrono::seconds ttl{}; ///< the longest TTL seen
    friend bool operator==(NextSeen const&, NextSeen const&) = default;
};

/// Nothing where it was not seen, or another key was.
[[nodiscard]] Result<std::optional<NextSeen>> next_seen(KeyFiles const& files, PublicKey const& next);
/// Remembers the earliest time of all calls, to the second, and the longest TTL.
[[nodiscard]] Result<void> note_next_seen(KeyFiles const& files, PublicKey const& next, NextSeen const& seen);
/// It is missing somewhere: waiting begins anew.
[[nodiscard]] Result<void> forget_next_seen(KeyFiles const& files);

/// No oekd keeps a record longer than this, whatever its TTL.
constexpr std::chrono::seconds longest_wait{86'400};

/// When the next key may become the current one: once it is seen, and every record without it has ended.
/// `old_ttl` is the TTL of the records before. Fails with Limit before.
[[nodiscard]] Result<void> may_activate(std::optional<NextSeen> const& seen, std::chrono::seconds old_ttl,
                                        WallTime now);

/// The next key becomes the current one, which is kept as the old one in place of the one before it. There is
/// a current key at all times. Fails with NotFound where there is no next key.
[[nodiscard]] Result<void> activate_next(KeyFiles const& files);

} // namespace oekd::keys
