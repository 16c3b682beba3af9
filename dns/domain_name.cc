// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/domain_name.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <iterator>

namespace oekd::dns {

namespace {

constexpr size_t longest_label = 63; // RFC 1035 §2.3.4
constexpr size_t longest_name = 255; // on the wire, with the root's label

bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_plain(char c) { return is_letter_or_digit(c) || std::string_view("-_*/").contains(c); }

/// The byte that text begins with, which then is gone; nullopt where the escape is none.
std::optional<std::byte> take_character(std::string_view& text)
{
    constexpr size_t digits = 3;
    char const first = text.front();
    text.remove_prefix(1);
    if (first != '\\')
        return std::byte(first);
    if (text.empty())
        return std::nullopt;
    auto const is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!is_digit(text.front())) {
        auto const escaped = std::byte(text.front());
        text.remove_prefix(1);
        return escaped;
    }
    if (text.size() < digits || !std::ranges::all_of(text.substr(0, digits), is_digit))
        return std::nullopt;
    int const value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
    text.remove_prefix(digits);
    return value <= UINT8_MAX ? std::optional(std::byte(value)) : std::nullopt;
}

/// The label that text begins with, and the dot behind it, which then are gone; empty where there is none.
std::vector<std::byte> take_label(std::string_view& text)
{
    std::vector<std::byte> label;
    while (!text.empty() && text.front() != '.') {
        auto const character = take_character(text);
        if (!character)
            return {};
        label.push_back(*character);
    }
    if (!text.empty())
        text.remove_prefix(1);
    return label;
}

} // namespace

std::optional<size_t> name_size(std::span<std::byte const> wire)
{
    size_t size = 0;
    while (size < wire.size() && size < longest_name) {
        auto const label = std::to_integer<size_t>(wire[size]);
        ++size;
        if (label == 0)
            return size;
        if (label > longest_label) // or a pointer, which RFC 4025 §2.5 forbids
            return std::nullopt;
        size += label;
    }
    return std::nullopt;
}

std::string name_text(std::span<std::byte const> wire)
{
    std::string text;
    for (size_t at = 0; at < wire.size() && wire[at] != std::byte{0};) {
        auto const length = std::to_integer<size_t>(wire[at]);
        if (!text.empty())
            text += '.';
        for (auto const byte : wire.subspan(at + 1, length)) {
            if (is_plain(static_cast<char>(byte)))
                text += static_cast<char>(byte);
            else
                fmt::format_to(std::back_inserter(text), "\\{:03}", std::to_integer<unsigned>(byte));
        }
        at += 1 + length;
    }
    return text;
}

std::optional<std::vector<std::byte>> name_wire(std::string_view text)
{
    std::vector<std::byte> wire;
    if (text == ".")
        text = {};
    while (!text.empty()) {
        auto const label = take_label(text);
        if (label.empty() || label.size() > longest_label || wire.size() + 1 + label.size() >= longest_name)
            return std::nullopt;
        wire.push_back(std::byte(label.size()));
        wire.insert(wire.end(), label.begin(), label.end());
    }
    wire.push_back(std::byte{0});
    return wire;
}

bool is_host_name(std::string_view text)
{
    auto const allowed = [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; };
    return !text.empty() && text != "." && std::ranges::all_of(text, allowed) && name_wire(text).has_value();
}

} // namespace oekd::dns
