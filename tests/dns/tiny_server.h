// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"

#include <atomic>
#include <string>
#include <thread>

namespace oekd::test {

/// A network namespace of this process's own with nothing but loopback; the threads that it starts from now
/// on are in it. Needs no root: without it a user namespace comes with it.
void enter_private_network();

/// Answers DNS on one loopback address, UDP port 53, in a thread of its own. The first label says what:
///   host     192.0.2.1 and 2001:db8::1, TTL 60
///   gone     NXDOMAIN
///   empty    no such record
///   refused  REFUSED
///   mute     nothing
class TinyServer {
public:
    explicit TinyServer(std::string const& address);
    ~TinyServer();
    TinyServer(TinyServer const&) = delete;
    TinyServer& operator=(TinyServer const&) = delete;

    [[nodiscard]] int queries() const { return m_queries; }

private:
    void serve();

    Fd m_socket;
    Fd m_stop;
    std::atomic<int> m_queries = 0;
    std::thread m_thread;
};

} // namespace oekd::test
