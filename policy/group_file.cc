// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/group.h"
#include "policy/printable.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace oekd {

namespace {

constexpr std::string_view byte_order_mark =
    "\xef\xbb\xbf";                          // UTF-8; some editors put it at the start of a file
constexpr std::string_view blanks = " \t\r"; // the carriage return is what CRLF leaves

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string_view trim(std::string_view text)
{
    auto const begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string_view without_comment(std::string_view line) { return trim(line.substr(0, line.find('#'))); }

/// The first word, which is taken off the text; empty at the end.
std::string_view take_word(std::string_view& text)
{
    text = trim(text);
    auto const word = text.substr(0, text.find_first_of(blanks));
    text.remove_prefix(word.size());
    return word;
}

/// A name with a dot whose last label begins with a letter: nothing that a slip makes of an address.
bool is_host_name(std::string_view word)
{
    constexpr size_t longest = 253; // RFC 1035 §2.3.4, as text
    constexpr size_t longest_label = 63;
    if (word.ends_with('.'))
        word.remove_suffix(1);
    if (word.size() > longest || !word.contains('.'))
        return false;
    while (true) {
        auto const label = word.substr(0, word.find('.'));
        auto const good = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; };
        if (label.empty() || label.size() > longest_label || !std::ranges::all_of(label, good))
            return false;
        if (label.size() == word.size())
            return label.size() > 1 && is_letter(label.front());
        word.remove_prefix(label.size() + 1);
    }
}

std::string_view without_last_dot(std::string_view name)
{
    return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

/// FreeS/WAN's short form, "10.1/16" and "0/0": the octets that are missing are zero.
std::string with_all_octets(std::string_view word)
{
    auto const slash = word.find('/');
    auto const address = word.substr(0, slash);
    auto const is_octets = [](char c) { return is_digit(c) || c == '.'; };
    std::string text(address);
    if (slash == std::string_view::npos || address.empty() || !std::ranges::all_of(address, is_octets))
        return std::string(word);
    for (auto dots = std::ranges::count(address, '.'); dots < 3; ++dots)
        text += ".0";
    return text.append(word.substr(slash));
}

/// "proto local-port remote-port", or nothing.
Result<Service> parse_service(std::string_view text)
{
    auto rest = text;
    auto const protocol = take_word(rest);
    auto const local_port = take_word(rest);
    auto const remote_port = take_word(rest);
    if (protocol.empty())
        return Service{};
    if (remote_port.empty() || !trim(rest).empty())
        return fail(
            ErrorCode::Configuration,
            fmt::format("{}: after the network nothing is expected, or protocol, local port and remote port",
                        quoted(trim(text))));
    return Service::read(protocol, local_port, remote_port);
}

/// One line that is not blank, into `file`. The error is a message without file and line.
Result<void> parse_line(std::string_view text, GroupLine line, GroupFile& file)
{
    auto const word = take_word(text);
    auto const service = parse_service(text);
    if (is_host_name(word) && service) {
        file.names.push_back(
            {lower_case(without_last_dot(word)), line.group, std::move(line.file), line.line, *service});
        return {};
    }
    auto const network = Prefix::read(with_all_octets(word));
    if (!network)
        return std::unexpected(network.error());
    if (!service)
        return std::unexpected(service.error());
    line.network = *network;
    line.service = *service;
    file.lines.push_back(std::move(line));
    return {};
}

} // namespace

GroupFile parse_group_file(std::string_view text, PolicyGroup group, std::string_view file)
{
    if (text.starts_with(byte_order_mark))
        text.remove_prefix(byte_order_mark.size());

    GroupFile result;
    for (int number = 1; !text.empty(); ++number) {
        auto const end = text.find('\n');
        auto const content = without_comment(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        if (content.empty())
            continue;
        if (auto parsed = parse_line(content, {{}, group, std::string(file), number}, result); !parsed)
            result.errors.push_back({std::string(file), number, std::move(parsed.error().message)});
    }
    return result;
}

} // namespace oekd
