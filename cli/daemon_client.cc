// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/daemon_client.h"

#include "base/fd.h"
#include "base/plain_text.h"
#include "cli/bus_json.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace oekd::cli {

namespace {

constexpr std::chrono::seconds default_patience{10};
constexpr char const* interface_name = "org.oekd.Daemon1";
constexpr std::string_view how_to_start = "start it with 'systemctl start oekd'";

std::string errno_text(int error) { return std::generic_category().message(error); }

std::unexpected<Failure> not_connected(int error, std::string const& path)
{
    auto const shown = plain_text(path);
    switch (error) {
    case ENOENT:
        return failed(ExitStatus::NoDaemon,
                      fmt::format("oekd does not run (no socket at {}): {}", shown, how_to_start));
    case ECONNREFUSED:
        return failed(ExitStatus::NoDaemon,
                      fmt::format("oekd does not run (nobody listens at {}): {}", shown, how_to_start));
    case EACCES:
    case EPERM:
        return failed(ExitStatus::NoPermission,
                      fmt::format("no permission to use {}: run as root or join group oekd", shown));
    default:
        return failed(ExitStatus::Failure, fmt::format("connecting to {}: {}", shown, errno_text(error)));
    }
}

Outcome<Fd> connect_to(std::string const& path)
{
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    if (path.empty() || path.size() >= sizeof address.sun_path)
        return failed(ExitStatus::Usage, fmt::format("--socket: a path has 1 to {} bytes, this one {}",
                                                     sizeof address.sun_path - 1, path.size()));
    std::ranges::copy(path, address.sun_path);
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd || ::connect(fd.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0)
        return not_connected(errno, path);
    return fd;
}

std::unexpected<Failure> no_answer(int error)
{
    switch (error) {
    case ECONNRESET:
    case ENOTCONN:
    case EPIPE:
        return failed(ExitStatus::NoDaemon,
                      "oekd closed the connection: it stops, or too many clients are connected; try again");
    case ETIMEDOUT:
        return failed(ExitStatus::NoDaemon, "oekd does not answer; 'journalctl -u oekd' may say why");
    default: return failed(ExitStatus::Failure, fmt::format("talking to oekd: {}", errno_text(error)));
    }
}

/// What the daemon said no to is told in its own words; a D-Bus error without a name of oekd's is about the
/// connection.
std::unexpected<Failure> refused(int error, sd_bus_error const& reason)
{
    std::string_view const name = reason.name ? reason.name : "";
    if (!name.starts_with("org.oekd.Error.") && name != SD_BUS_ERROR_INVALID_ARGS)
        return no_answer(error);
    return failed(ExitStatus::Failure, plain_text(reason.message ? reason.message : reason.name));
}

int start(sd_bus* bus, Fd socket)
{
    if (int r = sd_bus_set_fd(bus, socket.get(), socket.get()); r < 0)
        return r;
    [[maybe_unused]] int const now_of_the_bus = socket.release();
    return sd_bus_start(bus);
}

} // namespace

Outcome<DaemonClient> DaemonClient::connect(std::string const& socket_path)
{
    auto socket = connect_to(socket_path);
    if (!socket)
        return std::unexpected(socket.error());
    sd_bus* bus = nullptr;
    if (int r = sd_bus_new(&bus); r < 0)
        return no_answer(-r);
    DaemonClient client(bus);
    if (int r = start(bus, std::move(*socket)); r < 0)
        return no_answer(-r);
    client.set_patience(default_patience);
    return client;
}

void DaemonClient::set_patience(std::chrono::microseconds patience)
{
    sd_bus_set_method_call_timeout(m_bus.get(), static_cast<uint64_t>(patience.count()));
}

Outcome<DaemonClient::Message> DaemonClient::new_call(char const* method)
{
    sd_bus_message* call = nullptr;
    if (int r =
            sd_bus_message_new_method_call(m_bus.get(), &call, nullptr, "/org/oekd", interface_name, method);
        r < 0)
        return no_answer(-r);
    return Message(call);
}

Outcome<nlohmann::json> DaemonClient::send(Message const& call)
{
    struct BusError {
        sd_bus_error value = SD_BUS_ERROR_NULL;
        ~BusError() { sd_bus_error_free(&value); }
    } error;
    sd_bus_message* raw = nullptr;
    int const r = sd_bus_call(m_bus.get(), call.get(), 0, &error.value, &raw);
    Message const reply(raw);
    if (r < 0)
        return refused(-r, error.value);
    auto values = to_json(reply.get());
    if (!values)
        return no_answer(-values.error());
    return std::move(*values);
}

Outcome<nlohmann::json> DaemonClient::call(char const* method)
{
    return call(method, [](sd_bus_message*) { return 0; });
}

Outcome<nlohmann::json> DaemonClient::call(char const* method, std::string const& argument)
{
    return call(method, [&](sd_bus_message* call) {
        return sd_bus_message_append_basic(call, 's', argument.c_str());
    });
}

Outcome<nlohmann::json> DaemonClient::call(char const* method, Append const& append)
{
    auto const call = new_call(method);
    if (!call)
        return std::unexpected(call.error());
    if (int r = append(call->get()); r < 0)
        return no_answer(-r);
    return send(*call);
}

Outcome<void> DaemonClient::follow(EventLoop& loop, Hear hear, EventLoop::Callback gone)
{
    m_hear = std::move(hear);
    m_gone = std::move(gone);
    if (int r = sd_bus_add_filter(m_bus.get(), nullptr, on_message, this); r < 0)
        return no_answer(-r);
    if (int r = sd_bus_attach_event(m_bus.get(), loop.raw(), SD_EVENT_PRIORITY_NORMAL); r < 0)
        return no_answer(-r);
    return {};
}

int DaemonClient::on_message(sd_bus_message* message, void* self, sd_bus_error*) noexcept
{
    static_cast<DaemonClient*>(self)->heard(message);
    return 0;
}

void DaemonClient::heard(sd_bus_message* message)
{
    if (sd_bus_message_is_signal(message, "org.freedesktop.DBus.Local", "Disconnected") > 0)
        return m_gone();
    if (sd_bus_message_is_signal(message, interface_name, nullptr) <= 0)
        return;
    auto const values = to_json(message);
    if (values)
        m_hear(*values);
}

} // namespace oekd::cli
