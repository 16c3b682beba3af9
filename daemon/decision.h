// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/connection.h"

#include <chrono>
#include <string>

namespace oekd {

/// One change of a flow's state, as it happens.
struct Decision {
    std::chrono::system_clock::time_point when;
    Flow flow;
    PolicyGroup group = PolicyGroup::Clear;
    std::string file; ///< the group line that decided
    int line = 0;
    ConnectionState before = ConnectionState::Expired;
    ConnectionState after = ConnectionState::Expired;
    Protection protection = Protection::Clear; ///< from now on
    std::string why;                           ///< one line for people

    /// What a flow ends up as is for everybody; deciding, and a flow's end, for those who look closely.
    [[nodiscard]] bool is_outcome() const;
    [[nodiscard]] std::string change() const; ///< "pending -> keyed"
};

} // namespace oekd
