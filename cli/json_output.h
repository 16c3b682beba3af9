// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/report.h"

#include <nlohmann/json.hpp>
#include <span>
#include <string>

/// What --json prints. The keys are documented in oekctl(1), JSON, and do not change.
namespace oekd::cli {

using OrderedJson = nlohmann::ordered_json; ///< in the order of the manual page

/// With a newline at the end.
[[nodiscard]] std::string text_of(OrderedJson const& json);
/// What is not there is null.
[[nodiscard]] OrderedJson or_null(std::string const& text);
[[nodiscard]] OrderedJson json_of_line(LineReport const& line);
/// A flow with its SAs and its history.
[[nodiscard]] OrderedJson json_in_detail(FlowReport const& flow);

template <typename Items, typename Convert> OrderedJson to_array(Items const& items, Convert convert)
{
    auto array = OrderedJson::array();
    for (auto const& item : items)
        array.push_back(convert(item));
    return array;
}

[[nodiscard]] std::string json_text(StatusReport const& status);
[[nodiscard]] std::string json_text(std::span<FlowReport const> flows);
[[nodiscard]] std::string json_text(ShowReport const& show);

} // namespace oekd::cli
