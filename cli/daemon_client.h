// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/event_loop.h"
#include "base/handle.h"
#include "cli/failure.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <systemd/sd-bus.h>

namespace oekd::cli {

/// A connection to oekd's control socket.
class DaemonClient {
public:
    static Outcome<DaemonClient> connect(std::string const& socket_path);

    /// How long each call waits for its answer; 10 s unless told otherwise.
    void set_patience(std::chrono::microseconds patience);

    /// Calls a method of org.oekd.Daemon1 and waits for the answer: a JSON array of what it returns.
    [[nodiscard]] Outcome<nlohmann::json> call(char const* method);
    [[nodiscard]] Outcome<nlohmann::json> call(char const* method, std::string const& argument);
    /// `append` writes the arguments and returns what sd-bus said.
    using Append = std::function<int(sd_bus_message*)>;
    [[nodiscard]] Outcome<nlohmann::json> call(char const* method, Append const& append);

    /// From now on `hear` gets the values of each signal, and `gone` is called when the connection is over,
    /// both from within the loop. The client must stay where it is, and must not outlive the loop.
    using Hear = std::function<void(nlohmann::json const& values)>;
    [[nodiscard]] Outcome<void> follow(EventLoop& loop, Hear hear, EventLoop::Callback gone);

private:
    using Message = Handle<sd_bus_message, sd_bus_message_unref>;

    explicit DaemonClient(sd_bus* bus) : m_bus(bus) {}
    Outcome<Message> new_call(char const* method);
    Outcome<nlohmann::json> send(Message const& call);
    static int on_message(sd_bus_message* message, void* self, sd_bus_error* error) noexcept;
    void heard(sd_bus_message* message);

    Handle<sd_bus, sd_bus_flush_close_unref> m_bus;
    Hear m_hear;
    EventLoop::Callback m_gone;
};

} // namespace oekd::cli
