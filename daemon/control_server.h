// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/event_loop.h"
#include "daemon/control_target.h"
#include "daemon/decision.h"

#include <filesystem>
#include <memory>

namespace oekd {

/// sd-bus over a private Unix socket, as systemd's own private socket: works without a bus daemon, is typed
/// and introspectable. Object /org/oekd, interface org.oekd.Daemon1. Main thread.
class ControlServer {
public:
    /// Listens at `socket` (parent directory must exist; a stale socket is replaced, a live one is an error:
    /// another oekd runs). Mode 0660.
    static Result<std::unique_ptr<ControlServer>> listen(EventLoop& loop, std::filesystem::path const& socket,
                                                         ControlTarget target);
    ~ControlServer(); ///< closes all connections and removes the socket
    /// Tells the clients that monitor.
    void announce(Decision const& decision);

    ControlServer(ControlServer const&) = delete;
    ControlServer& operator=(ControlServer const&) = delete;

private:
    struct State;
    explicit ControlServer(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

} // namespace oekd
