// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "daemon/key_source.h"

#include <string>
#include <vector>

namespace oekd {

/// Answers when the test does.
struct ScriptedKeys final : KeySource {
    std::unique_ptr<dns::Lookup> ask(Address const& address, Answered answered) override
    {
        asked.push_back(address.to_string());
        answer = std::move(answered);
        return nullptr;
    }
    std::optional<KeyAnswer> known(Address const&) override { return remembered; }

    std::vector<std::string> asked; ///< about whom
    Answered answer;                ///< to the last question
    std::optional<KeyAnswer> remembered;
};

} // namespace oekd
