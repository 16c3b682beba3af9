// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control_server.h"

#include "daemon/control_connection.h"
#include "daemon/control_socket.h"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <vector>

namespace oekd {

namespace {

constexpr size_t max_connections = 64;
constexpr std::chrono::milliseconds pause_without_descriptors{1000};

} // namespace

struct ControlServer::State {
    EventLoop& loop;
    ControlTarget target;
    std::vector<std::unique_ptr<ControlConnection>> connections;
    ControlSocket socket; ///< goes before the connections: who is cut off at the end finds nobody there
    EventSource listening{};
    EventSource pause{};
    EventSource sweeping{};

    Result<void> listen();
    void accept_all();
    void serve(Fd client);
    void wait_for_descriptors();
    void sweep_soon();
};

Result<void> ControlServer::State::listen()
{
    auto source = loop.on_readable(socket.fd(), [this] { accept_all(); });
    if (!source)
        return std::unexpected(source.error());
    listening = std::move(*source);
    return {};
}

void ControlServer::State::accept_all()
{
    for (;;) {
        Fd client(::accept4(socket.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (client)
            serve(std::move(client));
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            return wait_for_descriptors();
        else if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

/// A client too many sees its connection closed at once.
void ControlServer::State::serve(Fd client)
{
    if (connections.size() >= max_connections)
        return;
    auto connection = ControlConnection::serve(loop, std::move(client), target, [this] { sweep_soon(); });
    if (connection)
        connections.push_back(std::move(*connection));
}

/// The socket stays readable while nobody can be accepted; listening on would keep the loop spinning.
void ControlServer::State::wait_for_descriptors()
{
    auto timer = loop.after(pause_without_descriptors, [this] {
        if (!listen())
            wait_for_descriptors();
    });
    if (!timer)
        return;
    listening = {};
    pause = std::move(*timer);
}

/// A connection ends within sd-bus's own code, which still needs it; it is destroyed a turn of the loop
/// later.
void ControlServer::State::sweep_soon()
{
    auto timer = loop.after(std::chrono::milliseconds{0}, [this] {
        std::erase_if(connections, [](auto const& connection) { return connection->ended(); });
    });
    if (timer)
        sweeping = std::move(*timer);
}

Result<std::unique_ptr<ControlServer>>
ControlServer::listen(EventLoop& loop, std::filesystem::path const& socket, ControlTarget target)
{
    auto listener = ControlSocket::listen(socket);
    if (!listener)
        return std::unexpected(listener.error());
    auto state = std::make_unique<State>(State{loop, target, {}, std::move(*listener)});
    if (auto listening = state->listen(); !listening)
        return std::unexpected(listening.error());
    return std::unique_ptr<ControlServer>(new ControlServer(std::move(state)));
}

void ControlServer::announce(Decision const& decision)
{
    for (auto const& connection : m_state->connections)
        connection->announce(decision);
}

ControlServer::ControlServer(std::unique_ptr<State> state) : m_state(std::move(state)) {}
ControlServer::~ControlServer() = default;

} // namespace oekd
