// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/failure.h"
#include "cli/format.h"
#include "cli/json_output.h"
#include "keys/roll_over.h"

#include <optional>
#include <string>

/// oekctl key generate, show, activate: our own keys. Needs no daemon.
namespace oekd::cli {

struct KeyWords {
    std::string file = keys::KeyFiles{}.current.native(); ///< of the current key
    std::string type{keys::to_string(keys::KeyType::Ed25519)};
    std::optional<unsigned> bits;                                         ///< of an RSA key
    bool next = false;                                                    ///< generate: the key for later
    uint32_t old_ttl = static_cast<uint32_t>(keys::longest_wait.count()); ///< activate: of the records before
    bool now = false;                                                     ///< activate: do not wait
};

[[nodiscard]] Outcome<std::string> generate_key(KeyWords const& words, Format format);
[[nodiscard]] Outcome<std::string> show_keys(KeyWords const& words, Format format);
[[nodiscard]] Outcome<std::string> activate_key(KeyWords const& words, Format format);

/// Both keys, of which the current one at least must be there.
[[nodiscard]] Outcome<keys::OwnKeys> require_keys(keys::KeyFiles const& files);
[[nodiscard]] std::unexpected<Failure> failed(Error const& error);

} // namespace oekd::cli
