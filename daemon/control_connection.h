// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/event_loop.h"
#include "base/fd.h"
#include "base/handle.h"
#include "daemon/control_target.h"
#include "daemon/decision.h"

#include <chrono>
#include <memory>
#include <systemd/sd-bus.h>

namespace oekd {

/// One client of the control socket. At most one answer waits for it to read: a client that asks again
/// before, or leaves an answer unread, is cut off, so that it cannot make us keep more; and so is one that
/// monitors and leaves too many decisions unread. Main thread.
class ControlConnection {
public:
    static constexpr std::chrono::milliseconds default_patience{10'000}; ///< with an answer that is not read
    static constexpr size_t max_backlog = 1000; ///< decisions beyond those that the kernel keeps for a client

    /// Speaks D-Bus over a connected socket. When it is over ended() is true and `on_end` is called, once;
    /// the object must not be destroyed before that call has returned.
    static Result<std::unique_ptr<ControlConnection>>
    serve(EventLoop& loop, Fd socket, ControlTarget target, EventLoop::Callback on_end,
          std::chrono::milliseconds patience = default_patience);
    ControlConnection(ControlConnection const&) = delete;
    ControlConnection& operator=(ControlConnection const&) = delete;

    /// From now on the client hears of decisions about these peers (nullopt: all).
    void monitor(std::optional<Prefix> peers) { m_monitor = Monitor{peers}; }
    void announce(Decision const& decision);

    [[nodiscard]] bool ended() const { return m_ended; }
    [[nodiscard]] ControlTarget const& target() const { return m_target; }

private:
    ControlConnection(EventLoop& loop, ControlTarget target, EventLoop::Callback on_end,
                      std::chrono::milliseconds patience);
    int start(Fd socket);
    static int on_message(sd_bus_message* message, void* self, sd_bus_error* error) noexcept;
    [[nodiscard]] bool admit(sd_bus_message* message);
    void process_early_call();
    [[nodiscard]] uint64_t unread() const;
    int send(Decision const& decision);
    void end();

    EventLoop& m_loop;
    ControlTarget m_target;
    EventLoop::Callback m_on_end;
    std::chrono::milliseconds m_patience;
    Handle<sd_bus, sd_bus_close_unref> m_bus;
    EventSource m_patience_timer;
    EventSource m_early_call;
    struct Monitor {
        std::optional<Prefix> peers;
    };
    std::optional<Monitor> m_monitor;
    bool m_ended = false;
};

} // namespace oekd
