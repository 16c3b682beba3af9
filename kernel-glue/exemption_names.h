// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel-glue/xfrm.h"

#include <span>
#include <string>
#include <vector>

namespace oekd {

/// An exemption that has to do with one peer, as people call it.
struct NamedExemption {
    enum class Covers {
        All, ///< of the traffic that was asked about
        Some
    };

    std::string name; ///< "multicast", "DNS"
    Covers covers = Covers::Some;
    Prefix network;           ///< the peers that it is for
    bool before_lines = true; ///< false: a line for this network or a longer one comes first
};

/// Of these policies those that have to do with packets to `remote`, each name once.
[[nodiscard]] std::vector<NamedExemption> exemptions_of(Address const& remote, Service const& service,
                                                        std::span<xfrm::Policy const> exemptions);

} // namespace oekd
