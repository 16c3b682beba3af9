// SPDX-License-Identifier: GPL-2.0-or-later
#include "publish/tsig_key.h"

#include "dns/domain_name.h"
#include "policy/printable.h"

#include <algorithm>
#include <vector>

namespace oekd::publish {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view punctuation = "{};";

/// What the text begins with up to the end of a comment is gone; false where there was no comment.
bool skip_comment(std::string_view& text)
{
    auto const skip_behind = [&text](std::string_view end, size_t start) {
        auto const found = text.find(end, start);
        text.remove_prefix(found == std::string_view::npos ? text.size() : found + end.size());
        return true;
    };
    if (text.starts_with("/*"))
        return skip_behind("*/", 2);
    return (text.starts_with('#') || text.starts_with("//")) && skip_behind("\n", 1);
}

/// The next word, without its quotes, or punctuation; empty at the end.
std::string_view take_token(std::string_view& text)
{
    do
        text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    while (skip_comment(text));
    if (text.starts_with('"')) {
        auto const end = std::min(text.find('"', 1), text.size());
        auto const token = text.substr(1, end - 1);
        text.remove_prefix(std::min(end + 1, text.size()));
        return token;
    }
    bool const is_mark = !text.empty() && punctuation.contains(text.front());
    auto const size = is_mark ? 1 : std::min(text.find_first_of(" \t\r\n{};\""), text.size());
    auto const token = text.substr(0, size);
    text.remove_prefix(size);
    return token;
}

std::vector<std::string> tokens_of(std::string_view text)
{
    constexpr size_t enough = 16; // a key has 12
    std::vector<std::string> tokens;
    while (!text.empty() && tokens.size() < enough)
        if (auto const token = take_token(text); !token.empty())
            tokens.emplace_back(token);
    return tokens;
}

bool is_base64(std::string_view text)
{
    auto const is_digit = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
               c == '/' || c == '=';
    };
    return !text.empty() && text.size() % 4 == 0 && std::ranges::all_of(text, is_digit);
}

} // namespace

Result<TsigKey> parse_tsig_key(std::string_view text)
{
    auto const tokens = tokens_of(text);
    auto const is = [&](size_t i, std::string_view token) { return i < tokens.size() && tokens[i] == token; };
    bool const is_key = is(0, "key") && is(2, "{") && is(5, ";") && is(8, ";") && is(9, "}") && is(10, ";") &&
                        tokens.size() == 11;
    TsigKey key;
    if (is_key)
        for (size_t const i : {3, 6})
            (tokens[i] == "algorithm" ? key.algorithm : key.secret) = tokens[i + 1];
    bool const named =
        is_key && (is(3, "algorithm") ? is(6, "secret") : is(3, "secret") && is(6, "algorithm"));
    if (!named || !is_base64(key.secret))
        return fail(ErrorCode::Configuration, "not one key as tsig-keygen(8) prints it");
    key.name = tokens[1];
    if (!dns::name_wire(key.name))
        return fail(ErrorCode::Configuration, quoted(key.name) + " is no name of a key");
    if (key.algorithm != "hmac-sha256" && key.algorithm != "hmac-sha512")
        return fail(ErrorCode::Configuration,
                    quoted(key.algorithm) + ": the algorithm must be hmac-sha256 or hmac-sha512");
    return key;
}

} // namespace oekd::publish
