// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/settings.h"

#include "daemon/duration.h"

#include <algorithm>
#include <fmt/format.h>

namespace oekd {

Setting path_setting(std::string_view name, std::filesystem::path& target, size_t max_bytes)
{
    return {name, fmt::format("an absolute path of at most {} bytes", max_bytes),
            [&target, max_bytes](std::string const& text) {
                // A path with a NUL byte would be cut there by the kernel.
                if (!text.starts_with('/') || text.size() > max_bytes || text.contains('\0'))
                    return false;
                target = text;
                return true;
            }};
}

Setting list_setting(std::string_view name, std::vector<std::string>& target, size_t max_entries,
                     size_t max_bytes)
{
    return {name, fmt::format("a list of at most {} strings of 1 to {} bytes each", max_entries, max_bytes),
            [&target, max_entries, max_bytes](std::vector<std::string> const& texts) {
                auto const fits = [max_bytes](std::string const& text) {
                    return !text.empty() && text.size() <= max_bytes && !text.contains('\0');
                };
                if (texts.size() > max_entries || !std::ranges::all_of(texts, fits))
                    return false;
                target = texts;
                return true;
            }};
}

Setting duration_setting(std::string_view name, std::chrono::milliseconds& target,
                         std::chrono::milliseconds min, std::chrono::milliseconds max)
{
    return {name, fmt::format("a duration from \"{}\" to \"{}\"", duration_text(min), duration_text(max)),
            [&target, min, max](std::string const& text) {
                auto const value = parse_duration(text);
                if (!value || *value < min || *value > max)
                    return false;
                target = *value;
                return true;
            }};
}

Setting seconds_setting(std::string_view name, std::chrono::seconds& target, std::chrono::seconds min,
                        std::chrono::seconds max)
{
    return {name,
            fmt::format("a duration in whole seconds from \"{}\" to \"{}\"", duration_text(min),
                        duration_text(max)),
            [&target, min, max](std::string const& text) {
                auto const value = parse_duration(text);
                if (!value || *value < min || *value > max ||
                    *value % std::chrono::seconds{1} != std::chrono::milliseconds{0})
                    return false;
                target = std::chrono::duration_cast<std::chrono::seconds>(*value);
                return true;
            }};
}

Setting number_setting(std::string_view name, int64_t min, int64_t max, std::function<void(int64_t)> set)
{
    return {name, fmt::format("a number from {} to {}", min, max),
            [set = std::move(set), min, max](int64_t value) {
                if (value < min || value > max)
                    return false;
                set(value);
                return true;
            }};
}

} // namespace oekd
