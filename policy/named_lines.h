// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/group_table.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace oekd {

/// One address of a host, as the DNS gave it.
struct HostAddress {
    enum class Provenance { Signed, Unsigned } provenance = Provenance::Unsigned; ///< by DNSSEC
    Address address;

    friend auto operator<=>(HostAddress const&, HostAddress const&) = default;
};

/// What is known of a name's addresses now.
using AddressesOf = std::function<std::span<HostAddress const>(std::string const& name)>;

/// The group lines that the named lines stand for, to be built into a table together with the written ones.
/// Each names one address.
///
/// Who signs with DNSSEC is believed like the file itself. An unsigned address, which anybody may have sent,
/// only ever makes its host stricter: it adds no line to `clear`, and none that is more open than what
/// decides about the address without it. What is left out, or contradicts another line, is told among the
/// errors.
[[nodiscard]] std::vector<GroupLine> lines_of_names(std::span<NamedLine const> names,
                                                    AddressesOf const& addresses_of,
                                                    GroupTable const& written,
                                                    std::vector<LineError>& errors);

} // namespace oekd
