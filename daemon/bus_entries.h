// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <systemd/sd-bus.h>

/// Writing D-Bus values, above all a{sv}. Everything returns what sd-bus said, negative where it failed.
namespace oekd::bus {

/// Since 1970; 0 for what was before.
[[nodiscard]] uint64_t microseconds(std::chrono::system_clock::time_point time);

/// A string that D-Bus takes, whatever was in it.
int append_text(sd_bus_message* message, std::string_view text);

/// Opens a container, lets `fill` write what is inside, closes it. Stops at the first error.
template <typename Fill> int inside(sd_bus_message* message, char type, char const* contents, Fill fill)
{
    if (int r = sd_bus_message_open_container(message, type, contents); r < 0)
        return r;
    if (int r = fill(); r < 0)
        return r;
    return sd_bus_message_close_container(message);
}

/// An array with one element for each item.
template <typename Items, typename Append>
int append_array(sd_bus_message* message, char const* element, Items const& items, Append append)
{
    return inside(message, 'a', element, [&] {
        for (auto const& item : items) {
            if (int r = append(message, item); r < 0)
                return r;
        }
        return 0;
    });
}

/// The entries of one a{sv}. After an error nothing more is written; result() tells.
class Entries {
public:
    explicit Entries(sd_bus_message* message) : m_message(message) {}

    void text(char const* key, std::string_view value)
    {
        entry(key, "s", [&] { return append_text(m_message, value); });
    }
    void number(char const* key, uint64_t value)
    {
        entry(key, "t", [&] { return sd_bus_message_append_basic(m_message, 't', &value); });
    }
    template <typename Items, typename Append>
    void array(char const* key, char const* signature, Items const& items, Append append)
    {
        entry(key, signature, [&] { return append_array(m_message, signature + 1, items, append); });
    }
    /// `append` writes one value of that signature.
    template <typename Append> void value(char const* key, char const* signature, Append append)
    {
        entry(key, signature, [&] { return append(m_message); });
    }
    [[nodiscard]] int result() const { return m_result; }

private:
    template <typename Fill> void entry(char const* key, char const* signature, Fill fill)
    {
        if (m_result < 0)
            return;
        m_result = inside(m_message, 'e', "sv", [&] {
            int r = sd_bus_message_append_basic(m_message, 's', key);
            return r < 0 ? r : inside(m_message, 'v', signature, fill);
        });
    }

    sd_bus_message* m_message;
    int m_result = 0;
};

/// One a{sv}: `write` gets the Entries.
template <typename Write> int append_dictionary(sd_bus_message* message, Write write)
{
    return inside(message, 'a', "{sv}", [&] {
        Entries entries(message);
        write(entries);
        return entries.result();
    });
}

} // namespace oekd::bus
