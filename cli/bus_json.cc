// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/bus_json.h"

#include <cerrno>

namespace oekd::cli {

namespace {

using Json = nlohmann::json;
using Value = std::expected<Json, int>;

Value read_value(sd_bus_message* message);

template <typename T> Value read_basic(sd_bus_message* message, char type)
{
    T value{};
    if (int r = sd_bus_message_read_basic(message, type, &value); r < 0)
        return std::unexpected(r);
    return Json(value);
}

/// Everything up to the end of the message or of the container that was entered.
Value read_all(sd_bus_message* message)
{
    auto values = Json::array();
    for (;;) {
        int const at_end = sd_bus_message_at_end(message, 0);
        if (at_end < 0)
            return std::unexpected(at_end);
        if (at_end > 0)
            return values;
        auto value = read_value(message);
        if (!value)
            return value;
        values.push_back(std::move(*value));
    }
}

Value read_inside(sd_bus_message* message, char type, char const* contents)
{
    if (int r = sd_bus_message_enter_container(message, type, contents); r < 0)
        return std::unexpected(r);
    auto values = read_all(message);
    if (!values)
        return values;
    if (int r = sd_bus_message_exit_container(message); r < 0)
        return std::unexpected(r);
    return values;
}

/// [[key, value], ...] as an object.
Value to_object(Json entries)
{
    auto object = Json::object();
    for (auto& entry : entries) {
        if (entry.size() != 2 || !entry[0].is_string())
            return std::unexpected(-EBADMSG);
        object[entry[0].get<std::string>()] = std::move(entry[1]);
    }
    return object;
}

Value read_container(sd_bus_message* message, char type, char const* contents)
{
    auto const is_dictionary = type == SD_BUS_TYPE_ARRAY && contents[0] == SD_BUS_TYPE_DICT_ENTRY_BEGIN;
    auto values = read_inside(message, type, contents);
    if (!values)
        return values;
    if (is_dictionary)
        return to_object(std::move(*values));
    if (type != SD_BUS_TYPE_VARIANT)
        return values;
    if (values->size() != 1)
        return std::unexpected(-EBADMSG);
    return std::move(values->front());
}

Value read_value(sd_bus_message* message)
{
    char type = 0;
    char const* contents = nullptr;
    if (int r = sd_bus_message_peek_type(message, &type, &contents); r <= 0)
        return std::unexpected(r < 0 ? r : -EBADMSG);
    switch (type) {
    case SD_BUS_TYPE_STRING: return read_basic<char const*>(message, type);
    case SD_BUS_TYPE_UINT64: return read_basic<uint64_t>(message, type);
    case SD_BUS_TYPE_ARRAY:
    case SD_BUS_TYPE_VARIANT:
    case SD_BUS_TYPE_STRUCT:
    case SD_BUS_TYPE_DICT_ENTRY: return read_container(message, type, contents);
    default: return std::unexpected(-EBADMSG);
    }
}

} // namespace

Value to_json(sd_bus_message* message) { return read_all(message); }

} // namespace oekd::cli
