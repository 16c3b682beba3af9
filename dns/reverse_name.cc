// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/reverse_name.h"

#include <fmt/format.h>
#include <iterator>
#include <ranges>

namespace oekd::dns {

std::string reverse_name(Address const& address)
{
    bool const v4 = address.family() == Family::V4;
    std::string name;
    for (auto const byte : address.bytes() | std::views::reverse) {
        auto const value = std::to_integer<unsigned>(byte);
        if (v4)
            fmt::format_to(std::back_inserter(name), "{}.", value);
        else
            fmt::format_to(std::back_inserter(name), "{:x}.{:x}.", value & 15U, value >> 4U);
    }
    return name + (v4 ? "in-addr.arpa" : "ip6.arpa");
}

} // namespace oekd::dns
