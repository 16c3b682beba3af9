// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cerrno>
#include <cstdint>
#include <deque>
#include <mutex>
#include <sys/eventfd.h>
#include <utility>

namespace oekd {

/// Carries owned values from worker threads to the main thread: a locked queue and an eventfd that the main
/// loop watches. post() is for any thread, take_all() and fd() for the receiving one.
///
/// The queue has no bound of its own: what is posted stands for objects that are bounded where they are made
/// (IKE_SAs, negotiations), and an outcome that was dropped would leave a flow waiting.
template <typename T> class Mailbox {
public:
    static Result<Mailbox> create()
    {
        Fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (!fd)
            return std::unexpected(system_error(errno, "creating a mailbox"));
        return Mailbox(std::move(fd));
    }

    Mailbox(Mailbox&& other) noexcept : m_fd(std::move(other.m_fd)), m_queue(std::move(other.m_queue)) {}

    void post(T value)
    {
        {
            std::scoped_lock lock(m_mutex);
            m_queue.push_back(std::move(value));
        }
        uint64_t const one = 1;
        // It can only fail when the counter is full, and then the reader is awake anyway.
        [[maybe_unused]] auto written = ::write(m_fd.get(), &one, sizeof one);
    }

    /// Everything posted so far, oldest first.
    [[nodiscard]] std::deque<T> take_all()
    {
        uint64_t count = 0;
        [[maybe_unused]] auto read = ::read(m_fd.get(), &count, sizeof count);
        std::scoped_lock lock(m_mutex);
        return std::exchange(m_queue, {});
    }

    [[nodiscard]] int fd() const { return m_fd.get(); }

private:
    explicit Mailbox(Fd fd) : m_fd(std::move(fd)) {}

    Fd m_fd;
    std::mutex m_mutex;
    std::deque<T> m_queue;
};

} // namespace oekd
