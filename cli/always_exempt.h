// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <string_view>

namespace oekd::cli {

/// What is exempt on every host, without configuration: oekd-policies(5).
inline constexpr std::array<std::string_view, 6> always_exempt{
    "IKE", "DHCP", "loopback", "link-local", "multicast", "neighbour discovery"};

} // namespace oekd::cli
