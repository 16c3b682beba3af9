// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/address.h"

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

/// What an argument may be; each complains in words that say what was expected.
namespace oekd::cli {

/// The names of all values, for an option that takes one of them.
template <typename Values> std::vector<std::string> names_of(Values const& values)
{
    std::vector<std::string> names;
    for (auto const value : values)
        names.emplace_back(to_string(value));
    return names;
}

[[nodiscard]] CLI::Validator one_of(std::vector<std::string> names);
[[nodiscard]] CLI::Validator an_address();
/// Puts what it reads into `target`, which must outlive the parser.
[[nodiscard]] CLI::Validator address_or_prefix(std::optional<Prefix>& target);

} // namespace oekd::cli
