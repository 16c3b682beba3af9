// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/key_records.h"
#include "dns/resolver.h"
#include "policy/key_answer.h"

#include <functional>
#include <optional>
#include <string_view>

namespace oekd::dns {

/// What each search for keys needs.
struct SearchMeans {
    Resolver& resolver;
    /// While it is not, signatures seem not to be valid yet or any more, and bogus is no more than no answer:
    /// else a host without a clock would deny its own time server.
    std::function<bool()> clock_is_synchronised;
    Randomness random;
};

/// What comes of an answer without records to go on with; nullopt where there are some. `what` says for
/// people what was asked for.
[[nodiscard]] std::optional<KeyAnswer> dead_end(Answer const& answer, std::string_view what,
                                                SearchMeans const& means);

} // namespace oekd::dns
