// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/address.h"

#include <string>

namespace oekd::dns {

/// Where the DNS speaks about an address: 1.2.0.192.in-addr.arpa (RFC 1035 §3.5), or its nibbles under
/// ip6.arpa (RFC 3596 §2.5). Without the dot at the end.
[[nodiscard]] std::string reverse_name(Address const& address);

} // namespace oekd::dns
