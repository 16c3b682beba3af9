// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/event_loop.h"
#include "base/mailbox.h"

#include <functional>
#include <future>
#include <thread>

namespace oekd {

/// An event loop in a thread of its own, so that a test can be the client that waits. What `set_up` returns
/// lives, in that thread, as long as the loop runs.
class ServingThread {
public:
    template <typename Served>
    explicit ServingThread(std::function<Result<Served>(EventLoop&)> set_up)
        : m_stop(Mailbox<int>::create().value())
    {
        std::promise<Result<void>> started;
        auto result = started.get_future();
        m_thread = std::thread([this, set_up = std::move(set_up), started = std::move(started)]() mutable {
            auto loop = EventLoop::create().value();
            auto served = set_up(loop);
            auto stopping = loop.on_readable(m_stop.fd(), [&loop] { loop.stop(0); });
            if (!served || !stopping)
                return started.set_value(std::unexpected(served ? stopping.error() : served.error()));
            started.set_value({});
            [[maybe_unused]] auto run = loop.run();
        });
        m_result = result.get();
    }
    ServingThread(ServingThread const&) = delete;
    ServingThread& operator=(ServingThread const&) = delete;
    ~ServingThread() { stop(); }

    /// Whether set_up() worked.
    [[nodiscard]] Result<void> const& result() const { return m_result; }

    void stop()
    {
        if (!m_thread.joinable())
            return;
        m_stop.post(0);
        m_thread.join();
    }

private:
    Mailbox<int> m_stop;
    Result<void> m_result;
    std::thread m_thread;
};

} // namespace oekd
