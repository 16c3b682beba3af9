// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/event_loop.h"

#include <cerrno>
#include <sys/epoll.h>

namespace oekd {

struct EventSource::State {
    EventLoop::Callback callback;
    Handle<sd_event_source, sd_event_source_disable_unref> source;
};

namespace {

// The callback may destroy its own EventSource, and with it the function object that runs: call a copy.
int dispatch(void* userdata) noexcept
{
    auto callback = static_cast<EventSource::State*>(userdata)->callback;
    callback();
    return 0;
}

int on_io(sd_event_source*, int, uint32_t, void* userdata) noexcept { return dispatch(userdata); }
int on_time(sd_event_source*, uint64_t, void* userdata) noexcept { return dispatch(userdata); }
int on_signalled(sd_event_source*, signalfd_siginfo const*, void* userdata) noexcept
{
    return dispatch(userdata);
}

Result<EventSource> adopt(int result, sd_event_source* source, std::unique_ptr<EventSource::State> state,
                          std::string_view what)
{
    if (result < 0)
        return std::unexpected(system_error(-result, what));
    state->source.reset(source);
    return EventSource(std::move(state));
}

std::unique_ptr<EventSource::State> state_with(EventLoop::Callback callback)
{
    auto state = std::make_unique<EventSource::State>();
    state->callback = std::move(callback);
    return state;
}

} // namespace

EventSource::EventSource() = default;
EventSource::EventSource(std::unique_ptr<State> state) : m_state(std::move(state)) {}
EventSource::EventSource(EventSource&&) noexcept = default;
EventSource& EventSource::operator=(EventSource&&) noexcept = default;
EventSource::~EventSource() = default;

Result<EventLoop> EventLoop::create()
{
    sd_event* event = nullptr;
    if (int r = sd_event_default(&event); r < 0)
        return std::unexpected(system_error(-r, "creating the event loop"));
    return EventLoop(event);
}

Result<EventSource> EventLoop::on_readable(int fd, Callback callback)
{
    auto state = state_with(std::move(callback));
    sd_event_source* source = nullptr;
    int r = sd_event_add_io(m_event.get(), &source, fd, EPOLLIN, on_io, state.get());
    return adopt(r, source, std::move(state), "watching a descriptor");
}

Result<EventSource> EventLoop::after(std::chrono::milliseconds delay, Callback callback)
{
    constexpr uint64_t accuracy_us = 1000;
    auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(delay).count();
    auto state = state_with(std::move(callback));
    sd_event_source* source = nullptr;
    int r =
        sd_event_add_time_relative(m_event.get(), &source, CLOCK_MONOTONIC,
                                   static_cast<uint64_t>(microseconds), accuracy_us, on_time, state.get());
    return adopt(r, source, std::move(state), "setting a timer");
}

Result<EventSource> EventLoop::on_signal(int signal, Callback callback)
{
    auto state = state_with(std::move(callback));
    sd_event_source* source = nullptr;
    int r = sd_event_add_signal(m_event.get(), &source, signal, on_signalled, state.get());
    return adopt(r, source, std::move(state), "watching a signal");
}

Result<void> EventLoop::enable_watchdog()
{
    if (int r = sd_event_set_watchdog(m_event.get(), 1); r < 0)
        return std::unexpected(system_error(-r, "enabling the watchdog"));
    return {};
}

Result<int> EventLoop::run()
{
    int r = sd_event_loop(m_event.get());
    if (r < 0)
        return std::unexpected(system_error(-r, "running the event loop"));
    return r;
}

void EventLoop::stop(int code) { sd_event_exit(m_event.get(), code); }

EventLoop::Clock::time_point EventLoop::now() const
{
    uint64_t microseconds = 0;
    sd_event_now(m_event.get(), CLOCK_MONOTONIC, &microseconds);
    return Clock::time_point(std::chrono::microseconds(microseconds));
}

} // namespace oekd
