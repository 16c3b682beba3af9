// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace oekd {

/// RFC 4648 §4, with padding and without line breaks.
[[nodiscard]] std::string base64(std::span<std::byte const> bytes);

} // namespace oekd
