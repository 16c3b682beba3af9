// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control_connection.h"

#include "daemon/control_encoding.h"
#include "daemon/control_methods.h"

namespace oekd {

namespace {

/// After the kernel's and libcharon's events: people can wait a little, packets cannot.
constexpr int64_t after_packets = SD_EVENT_PRIORITY_NORMAL + 10;

/// A signal that sd-bus itself makes about the connection.
bool is_local_signal(sd_bus_message* message, char const* name)
{
    return sd_bus_message_is_signal(message, "org.freedesktop.DBus.Local", name) > 0;
}

} // namespace

ControlConnection::ControlConnection(EventLoop& loop, ControlTarget target, EventLoop::Callback on_end,
                                     std::chrono::milliseconds patience)
    : m_loop(loop), m_target(target), m_on_end(std::move(on_end)), m_patience(patience)
{}

Result<std::unique_ptr<ControlConnection>> ControlConnection::serve(EventLoop& loop, Fd socket,
                                                                    ControlTarget target,
                                                                    EventLoop::Callback on_end,
                                                                    std::chrono::milliseconds patience)
{
    // The constructor is private to this class, so make_unique cannot call it.
    std::unique_ptr<ControlConnection> connection(
        new ControlConnection(loop, target, std::move(on_end), patience));
    if (int r = connection->start(std::move(socket)); r < 0)
        return std::unexpected(system_error(-r, "serving a client of the control socket"));
    return connection;
}

int ControlConnection::start(Fd socket)
{
    sd_bus* bus = nullptr;
    if (int r = sd_bus_new(&bus); r < 0)
        return r;
    m_bus.reset(bus);
    if (int r = sd_bus_set_fd(bus, socket.get(), socket.get()); r < 0)
        return r;
    [[maybe_unused]] int const now_of_the_bus = socket.release();
    sd_id128_t server_id{};
    if (int r = sd_id128_randomize(&server_id); r < 0)
        return r;
    if (int r = sd_bus_set_server(bus, 1, server_id); r < 0)
        return r;
    if (int r = sd_bus_set_anonymous(bus, 1); r < 0)
        return r;
    if (int r = sd_bus_set_connected_signal(bus, 1); r < 0)
        return r;
    // The end of the loop would cut the clients off while the control socket still takes new ones.
    if (int r = sd_bus_set_close_on_exit(bus, 0); r < 0)
        return r;
    if (int r = sd_bus_add_filter(bus, nullptr, on_message, this); r < 0)
        return r;
    if (int r = sd_bus_add_object_vtable(bus, nullptr, control_methods::object_path,
                                         control_methods::interface_name, control_methods::vtable(), this);
        r < 0)
        return r;
    if (int r = sd_bus_start(bus); r < 0)
        return r;
    return sd_bus_attach_event(bus, m_loop.raw(), after_packets);
}

/// Sees every message before the methods do. 1 keeps it from them.
int ControlConnection::on_message(sd_bus_message* message, void* self, sd_bus_error*) noexcept
{
    return static_cast<ControlConnection*>(self)->admit(message) ? 0 : 1;
}

bool ControlConnection::admit(sd_bus_message* message)
{
    if (m_ended)
        return false;
    if (is_local_signal(message, "Connected"))
        process_early_call();
    auto timer = m_loop.after(m_patience, [this] {
        if (!m_monitor && unread() > 0)
            end();
    });
    if (is_local_signal(message, "Disconnected") || unread() > 0 || !timer) {
        end();
        return false;
    }
    m_patience_timer = std::move(*timer);
    return true;
}

/// libdbus sends its first call together with the end of the authentication. sd-bus then has both in its
/// buffer, and would look at the call only when more arrives.
void ControlConnection::process_early_call()
{
    auto turn = m_loop.after(std::chrono::milliseconds{0}, [this] { sd_bus_process(m_bus.get(), nullptr); });
    if (turn)
        m_early_call = std::move(*turn);
}

void ControlConnection::announce(Decision const& decision)
{
    if (m_ended || !m_monitor || (m_monitor->peers && !m_monitor->peers->contains(decision.flow.remote)))
        return;
    if (send(decision) < 0 || unread() > max_backlog)
        end();
}

/// Never waits: what the socket does not take stays in sd-bus's queue.
int ControlConnection::send(Decision const& decision)
{
    sd_bus_message* raw = nullptr;
    if (int r = sd_bus_message_new_signal(m_bus.get(), &raw, control_methods::object_path,
                                          control_methods::interface_name, control_methods::decided);
        r < 0)
        return r;
    Handle<sd_bus_message, sd_bus_message_unref> const signal(raw);
    if (int r = control_encoding::append_decision(raw, decision); r < 0)
        return r;
    return sd_bus_send(m_bus.get(), raw, nullptr);
}

/// Messages that wait for the client to read.
uint64_t ControlConnection::unread() const
{
    uint64_t queued = 0;
    return sd_bus_get_n_queued_write(m_bus.get(), &queued) < 0 ? 0 : queued;
}

void ControlConnection::end()
{
    if (std::exchange(m_ended, true))
        return;
    m_on_end();
}

} // namespace oekd
