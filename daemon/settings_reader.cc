// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/nearest_name.h"
#include "base/plain_text.h"
#include "daemon/settings.h"
#include "policy/printable.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <toml++/toml.h>
#include <vector>

namespace oekd {

namespace {

/// Walks one document. toml++ sorts the keys, so the first problem in the file is known only at the end.
class Reader {
public:
    Reader(std::string_view file, std::span<Setting const> settings) : m_file(file), m_settings(settings) {}

    Result<SettingLines> read(toml::table const& document)
    {
        read_section("", document);
        if (m_problem)
            return fail(ErrorCode::Configuration,
                        fmt::format("{}:{}: {}", m_file, m_problem->line, m_problem->text));
        return std::move(m_lines);
    }

private:
    struct Problem {
        int line;
        std::string text;
    };

    void read_section(std::string const& section, toml::table const& table);
    void read_value(Setting const& setting, toml::node const& value, int line);
    void report(int line, std::string text);
    [[nodiscard]] Setting const* find(std::string_view name) const;
    [[nodiscard]] bool is_section(std::string_view name) const;
    [[nodiscard]] std::string unknown(std::string_view name, toml::node const& value) const;

    std::string_view m_file;
    std::span<Setting const> m_settings;
    SettingLines m_lines;
    std::optional<Problem> m_problem; ///< the one with the lowest line
};

/// A value as a message repeats it.
std::string shown(toml::node const& value)
{
    if (auto const* text = value.as_string())
        return oekd::quoted(text->get()); // std::string would find std::quoted
    if (auto const* number = value.as_integer())
        return fmt::format("{}", number->get());
    switch (value.type()) {
    case toml::node_type::table: return "a section";
    case toml::node_type::array: return "a list";
    case toml::node_type::boolean: return "a truth value";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date or time";
    case toml::node_type::none:
    case toml::node_type::string:
    case toml::node_type::integer: break;
    }
    return "of no known type";
}

/// nullopt where something else is among them.
std::optional<std::vector<std::string>> texts_in(toml::array const& list)
{
    std::vector<std::string> texts;
    for (auto const& element : list) {
        auto const* text = element.as_string();
        if (!text)
            return std::nullopt;
        texts.push_back(text->get());
    }
    return texts;
}

void Reader::report(int line, std::string text)
{
    if (!m_problem || line < m_problem->line)
        m_problem = {line, std::move(text)};
}

Setting const* Reader::find(std::string_view name) const
{
    auto const found = std::ranges::find(m_settings, name, &Setting::name);
    return found == m_settings.end() ? nullptr : &*found;
}

bool Reader::is_section(std::string_view name) const
{
    auto const start = fmt::format("{}.", name);
    return std::ranges::any_of(m_settings,
                               [&](Setting const& setting) { return setting.name.starts_with(start); });
}

std::string Reader::unknown(std::string_view name, toml::node const& value) const
{
    auto const last_part = [](std::string_view key) { return key.substr(key.rfind('.') + 1); };
    std::vector<std::string_view> names;
    for (auto const& setting : m_settings) {
        if (value.is_table()) {
            names.push_back(setting.name.substr(0, setting.name.find('.')));
            continue;
        }
        // Perhaps it was only written into another section, or none.
        if (last_part(setting.name) == last_part(name))
            return fmt::format("unknown key {}; did you mean {}?", quoted(name), setting.name);
        names.push_back(setting.name);
    }
    auto const suggestion = did_you_mean(name, names);
    return fmt::format("unknown key {}{}", quoted(name),
                       suggestion.empty() ? "; oekd.conf(5) lists all" : suggestion);
}

void Reader::read_value(Setting const& setting, toml::node const& value, int line)
{
    bool taken = false;
    if (auto const* text = value.as_string()) {
        auto const* set = std::get_if<Setting::TextSetter>(&setting.set);
        taken = set && (*set)(text->get());
    } else if (auto const* number = value.as_integer()) {
        auto const* set = std::get_if<Setting::NumberSetter>(&setting.set);
        taken = set && (*set)(number->get());
    } else if (auto const* list = value.as_array()) {
        auto const* set = std::get_if<Setting::ListSetter>(&setting.set);
        auto const texts = texts_in(*list);
        taken = set && texts && (*set)(*texts);
    }
    if (!taken)
        report(line, fmt::format("{} is {}, expected {}", setting.name, shown(value), setting.expected));
}

void Reader::read_section(std::string const& section, toml::table const& table)
{
    for (auto const& [key, value] : table) {
        auto const name = section.empty() ? std::string(key.str()) : fmt::format("{}.{}", section, key.str());
        auto const line = static_cast<int>(key.source().begin.line);
        if (auto const* setting = find(name)) {
            m_lines.emplace(name, line);
            read_value(*setting, value, line);
        } else if (!is_section(name)) {
            report(line, unknown(name, value));
        } else if (auto const* inner = value.as_table()) {
            read_section(name, *inner);
        } else {
            report(line, fmt::format("{} is {}, expected a section [{}]", name, shown(value), name));
        }
    }
}

} // namespace

Result<SettingLines> read_settings(std::string_view text, std::string_view file,
                                   std::span<Setting const> settings)
{
    try {
        return Reader(file, settings).read(toml::parse(text));
    } catch (toml::parse_error const& error) {
        auto const place = error.source().begin;
        return fail(ErrorCode::Configuration, fmt::format("{}:{}:{}: {}", file, place.line, place.column,
                                                          plain_text(error.description())));
    }
}

} // namespace oekd
