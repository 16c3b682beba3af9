// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/decision.h"

#include <fmt/format.h>
#include <utility>

namespace oekd {

bool Decision::is_outcome() const
{
    switch (after) {
    case ConnectionState::Expired:
    case ConnectionState::PotentialOe:
    case ConnectionState::PendingOe: return false;
    case ConnectionState::Keyed:
    case ConnectionState::ClearText:
    case ConnectionState::Deny: return true;
    }
    std::unreachable();
}

std::string Decision::change() const { return fmt::format("{} -> {}", to_string(before), to_string(after)); }

} // namespace oekd
