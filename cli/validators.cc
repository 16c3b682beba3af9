// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/validators.h"

#include <fmt/format.h>

namespace oekd::cli {

CLI::Validator one_of(std::vector<std::string> names)
{
    auto const all = CLI::detail::join(names, ", ");
    return {[names = std::move(names), all](std::string& text) {
                bool const known = std::ranges::find(names, text) != names.end();
                return known ? std::string() : fmt::format("expected one of {}", all);
            },
            ""};
}

CLI::Validator an_address()
{
    return {[](std::string& text) {
                auto const address = Address::read(text);
                return address ? std::string() : address.error().message;
            },
            ""};
}

CLI::Validator address_or_prefix(std::optional<Prefix>& target)
{
    return {[&target](std::string& text) {
                auto prefix = Prefix::read(text);
                if (!prefix)
                    return prefix.error().message;
                target = *prefix;
                return std::string();
            },
            ""};
}

} // namespace oekd::cli
