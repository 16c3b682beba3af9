// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/handle.h"

#include <chrono>
#include <functional>
#include <memory>
#include <systemd/sd-event.h>

namespace oekd {

/// One registration in the event loop; destroying it ends it. Destroying it from within its own callback is
/// allowed. Must not outlive the loop.
class EventSource {
public:
    struct State; ///< private to event_loop.cc

    EventSource();
    explicit EventSource(std::unique_ptr<State> state);
    EventSource(EventSource&&) noexcept;
    EventSource& operator=(EventSource&&) noexcept;
    ~EventSource();

    explicit operator bool() const { return m_state != nullptr; }

private:
    std::unique_ptr<State> m_state;
};

/// The main thread's sd-event loop. Everything here is for the thread that runs it.
class EventLoop {
public:
    using Clock = std::chrono::steady_clock; ///< CLOCK_MONOTONIC, as sd-event's timers
    using Callback = std::function<void()>;

    static Result<EventLoop> create();

    /// Calls back when `fd` is readable (EPOLLIN). The caller keeps the descriptor open as long as the source
    /// lives.
    [[nodiscard]] Result<EventSource> on_readable(int fd, Callback callback);

    /// Calls back once after `delay`; accuracy 1 ms.
    [[nodiscard]] Result<EventSource> after(std::chrono::milliseconds delay, Callback callback);

    /// Calls back when the signal arrives. The signal must be blocked in every thread.
    [[nodiscard]] Result<EventSource> on_signal(int signal, Callback callback);

    /// Sends systemd's watchdog pings when the unit asks for them (WATCHDOG_USEC).
    Result<void> enable_watchdog();

    /// Runs until stop(); returns its code.
    Result<int> run();
    void stop(int code);

    /// The time at which the current dispatch began, for timers and events that belong together.
    [[nodiscard]] Clock::time_point now() const;

    /// For libraries that attach themselves (sd-bus). Borrowed.
    [[nodiscard]] sd_event* raw() { return m_event.get(); }

private:
    explicit EventLoop(sd_event* event) : m_event(event) {}

    Handle<sd_event, sd_event_unref> m_event;
};

} // namespace oekd
