// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Configuration keys as data: what they are called, what they take, where the value goes.
namespace oekd {

/// One key of a TOML file.
struct Setting {
    /// Takes a value of the right type; false where it is not a possible one.
    using TextSetter = std::function<bool(std::string const&)>;
    using NumberSetter = std::function<bool(int64_t)>;
    using ListSetter = std::function<bool(std::vector<std::string> const&)>;

    std::string_view name; ///< with its section: "hold.silence"
    std::string expected;  ///< for messages: "a number from 1 to 65535"
    std::variant<TextSetter, NumberSetter, ListSetter> set;
};

/// The line of each key that the file has.
using SettingLines = std::map<std::string, int, std::less<>>;

/// Parses `text` and hands each value to its setting. The error is the first problem in the file, "file:line:
/// what is wrong, what is expected", and Configuration.
[[nodiscard]] Result<SettingLines> read_settings(std::string_view text, std::string_view file,
                                                 std::span<Setting const> settings);

// ---- what keys take; `target` must outlive the setting

/// An absolute path of at most `max_bytes`.
[[nodiscard]] Setting path_setting(std::string_view name, std::filesystem::path& target, size_t max_bytes);
/// A list of at most `max_entries` strings, none of them empty or longer than `max_bytes`.
[[nodiscard]] Setting list_setting(std::string_view name, std::vector<std::string>& target,
                                   size_t max_entries, size_t max_bytes);
/// A duration like "200ms" within the bounds, both included.
[[nodiscard]] Setting duration_setting(std::string_view name, std::chrono::milliseconds& target,
                                       std::chrono::milliseconds min, std::chrono::milliseconds max);
/// The same in whole seconds.
[[nodiscard]] Setting seconds_setting(std::string_view name, std::chrono::seconds& target,
                                      std::chrono::seconds min, std::chrono::seconds max);
/// A whole number within the bounds, both included; `set` stores it.
[[nodiscard]] Setting number_setting(std::string_view name, int64_t min, int64_t max,
                                     std::function<void(int64_t)> set);

template <std::integral T> [[nodiscard]] Setting number_setting(std::string_view name, T& target, T min,
                                                                T max)
{
    return number_setting(name, static_cast<int64_t>(min), static_cast<int64_t>(max),
                          [&target](int64_t value) { target = static_cast<T>(value); });
}

} // namespace oekd
