// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/failure.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

/// Reading what the daemon sent. All text is made plain; a value that is not there is empty; one of the wrong
/// type throws, which ends in guarded().
namespace oekd::cli::decode {

using Json = nlohmann::json;
using WallTime = std::chrono::system_clock::time_point;

[[nodiscard]] std::string text(Json const& object, char const* key);
[[nodiscard]] uint64_t number(Json const& object, char const* key);
/// What the clock cannot count is cut to the last moment that it can, in 2262.
[[nodiscard]] WallTime to_time(uint64_t microseconds_since_epoch);
[[nodiscard]] WallTime time(Json const& object, char const* key);
[[nodiscard]] std::vector<std::string> texts(Json const& object, char const* key);

template <typename Decode> auto list(Json const& object, char const* key, Decode decode)
{
    std::vector<decltype(decode(object))> result;
    auto const& entries = object.get_ref<Json::object_t const&>();
    if (auto const found = entries.find(key); found != entries.end()) {
        for (auto const& item : found->second.get_ref<Json::array_t const&>())
            result.push_back(decode(item));
    }
    return result;
}

/// The JSON library throws where a value is missing or of the wrong type; here that ends.
template <typename Decode> auto guarded(Decode decode) -> Outcome<decltype(decode())>
{
    try {
        return decode();
    } catch (Json::exception const&) {
        return failed(ExitStatus::Failure,
                      "oekd's answer makes no sense to this oekctl: are they of one version?");
    }
}

} // namespace oekd::cli::decode
