// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace oekd {

/// Text that may hold a stranger's bytes, fit for a terminal and one line of a log: everything but printable
/// ASCII becomes
/// \xNN. Text that has been through it once comes out unchanged. (quoted() in policy/printable.h also marks
/// where the text begins and ends.)
[[nodiscard]] std::string plain_text(std::string_view text);

} // namespace oekd
