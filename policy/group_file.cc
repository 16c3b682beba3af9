// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/group.h"
#include "policy/printable.h"

#include <fmt/format.h>

namespace oekd {

namespace {

constexpr std::string_view byte_order_mark =
    "\xef\xbb\xbf";                          // UTF-8; some editors put it at the start of a file
constexpr std::string_view blanks = " \t\r"; // the carriage return is what CRLF leaves

std::string_view trim(std::string_view text)
{
    auto const begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string_view without_comment(std::string_view line) { return trim(line.substr(0, line.find('#'))); }

/// The network of one line that is not blank. The error is a message without file and line.
Result<Prefix> parse_line(std::string_view text)
{
    auto const network_end = text.find_first_of(blanks);
    auto network = Prefix::read(text.substr(0, network_end));
    if (!network || network_end == std::string_view::npos)
        return network;
    // FreeS/WAN's "CIDR proto local-port remote-port". Taken without its ports, such a line would decide
    // about far more traffic than was meant.
    return fail(
        ErrorCode::Configuration,
        fmt::format("{}: protocol and ports after the network are not supported yet; the line is not used",
                    quoted(trim(text.substr(network_end)))));
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
        if (auto network = parse_line(content))
            result.lines.push_back({*network, group, std::string(file), number});
        else
            result.errors.push_back({std::string(file), number, std::move(network.error().message)});
    }
    return result;
}

} // namespace oekd
