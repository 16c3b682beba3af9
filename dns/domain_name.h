// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Names in records (RFC 1035 §3.1) and as text: pure functions.
///
/// As text a name has no dot at the end. Letters, digits and -_*/ stand for themselves, every other byte is
/// \DDD (§5.1), so that the text is safe in a zone file and for a terminal. The root is the empty text.
namespace oekd::dns {

/// The size of the name that `wire` begins with; nullopt where none does: one that is cut off, compressed or
/// too long.
[[nodiscard]] std::optional<size_t> name_size(std::span<std::byte const> wire);
/// Requires that all of `wire` is one name.
[[nodiscard]] std::string name_text(std::span<std::byte const> wire);
/// nullopt where the text is no name. A dot at the end, and escapes of harmless characters, are allowed here.
[[nodiscard]] std::optional<std::vector<std::byte>> name_wire(std::string_view text);

/// A name that a host may have (RFC 1123 §2.1, and underscores): what may be asked for because a stranger
/// said so.
[[nodiscard]] bool is_host_name(std::string_view text);

} // namespace oekd::dns
