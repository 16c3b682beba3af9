// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control_methods.h"

#include "base/handle.h"
#include "base/plain_text.h"
#include "daemon/control_connection.h"
#include "daemon/control_encoding.h"

#include <array>
#include <fmt/format.h>

namespace oekd::control_methods {

namespace {

ControlTarget const& target_of(void* userdata) { return static_cast<ControlConnection*>(userdata)->target(); }

ViewSource& views_of(void* userdata) { return target_of(userdata).views; }

/// Answers a call with what `fill` appends.
template <typename Fill> int answer(sd_bus_message* call, Fill fill)
{
    sd_bus_message* raw = nullptr;
    if (int r = sd_bus_message_new_method_return(call, &raw); r < 0)
        return r;
    Handle<sd_bus_message, sd_bus_message_unref> const reply(raw);
    if (int r = fill(raw); r < 0)
        return r;
    return sd_bus_message_send(raw);
}

int metrics(sd_bus_message* call, void* userdata, sd_bus_error*) noexcept
{
    auto const metrics = views_of(userdata).metrics();
    return answer(call,
                  [&](sd_bus_message* reply) { return control_encoding::append_metrics(reply, metrics); });
}

/// Reads a string argument; in `text` it lives as long as the call.
int read_text(sd_bus_message* call, char const*& text)
{
    return sd_bus_message_read_basic(call, 's', static_cast<void*>(&text));
}

int status(sd_bus_message* call, void* userdata, sd_bus_error*) noexcept
{
    auto const view = views_of(userdata).status();
    return answer(call, [&](sd_bus_message* reply) { return control_encoding::append_status(reply, view); });
}

int list_flows(sd_bus_message* call, void* userdata, sd_bus_error*) noexcept
{
    auto const flows = views_of(userdata).flows();
    return answer(call, [&](sd_bus_message* reply) { return control_encoding::append_flows(reply, flows); });
}

std::string without_flow(Address const& remote, GroupLine const* line)
{
    if (!line)
        return fmt::format("no flow with {}; no group has a line for it, so oekd leaves it alone",
                           remote.to_string());
    return fmt::format("no flow with {}; {}:{} decides about it: {} is {}", remote.to_string(), line->file,
                       line->line, line->network.to_string(), to_string(line->group));
}

int show_flow(sd_bus_message* call, void* userdata, sd_bus_error* error) noexcept
{
    char const* text = nullptr;
    if (int r = read_text(call, text); r < 0)
        return r;
    auto const remote = Address::read(text);
    if (!remote)
        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, remote.error().message.c_str());
    auto& views = views_of(userdata);
    auto const flows = views.flows_with(*remote);
    auto const* const line = views.line_for(*remote);
    if (flows.empty())
        return sd_bus_error_set(error, no_such_flow, without_flow(*remote, line).c_str());
    return answer(call, [&](sd_bus_message* reply) {
        int r = control_encoding::append_details(reply, flows);
        return r < 0 ? r : control_encoding::append_line(reply, line);
    });
}

/// The arguments of Why; the error is for the caller.
Result<WhyQuestion> read_question(sd_bus_message* call)
{
    char const* remote_text = nullptr;
    char const* local_text = nullptr;
    Service service;
    if (int r = sd_bus_message_read(call, "ssyqq", &remote_text, &local_text, &service.protocol,
                                    &service.local_port, &service.remote_port);
        r < 0)
        return std::unexpected(system_error(-r, "reading the question"));
    auto const remote = Address::read(remote_text);
    if (!remote)
        return std::unexpected(remote.error());
    WhyQuestion question{*remote, std::nullopt, service};
    if (std::string_view(local_text).empty())
        return question;
    auto const local = Address::read(local_text);
    if (!local)
        return std::unexpected(local.error());
    question.local = *local;
    return question;
}

int why(sd_bus_message* call, void* userdata, sd_bus_error* error) noexcept
{
    auto const question = read_question(call);
    if (!question)
        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, question.error().message.c_str());
    auto const view = views_of(userdata).why(*question);
    return answer(call, [&](sd_bus_message* reply) { return control_encoding::append_why(reply, view); });
}

int monitor(sd_bus_message* call, void* userdata, sd_bus_error* error) noexcept
{
    char const* text = nullptr;
    if (int r = read_text(call, text); r < 0)
        return r;
    std::optional<Prefix> peers;
    if (!std::string_view(text).empty()) {
        auto const prefix = Prefix::read(text);
        if (!prefix)
            return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, prefix.error().message.c_str());
        peers = *prefix;
    }
    static_cast<ControlConnection*>(userdata)->monitor(peers);
    return answer(call, [](sd_bus_message*) { return 0; });
}

int reload(sd_bus_message* call, void* userdata, sd_bus_error* error) noexcept
{
    auto const done = target_of(userdata).commands.reload();
    if (!done)
        return sd_bus_error_set(error, reload_failed, plain_text(done.error().message).c_str());
    return answer(call, [&](sd_bus_message* reply) { return control_encoding::append_reload(reply, *done); });
}

} // namespace

sd_bus_vtable const* vtable()
{
    // Unprivileged: the mode of the socket decided already who may ask.
    static constexpr std::array entries{
        sd_bus_vtable SD_BUS_VTABLE_START(0),
        sd_bus_vtable SD_BUS_METHOD_WITH_ARGS("Status", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", status),
                                              status, SD_BUS_VTABLE_UNPRIVILEGED),
        sd_bus_vtable SD_BUS_METHOD_WITH_ARGS("ListFlows", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", flows),
                                              list_flows, SD_BUS_VTABLE_UNPRIVILEGED),
        sd_bus_vtable SD_BUS_METHOD_WITH_ARGS("ShowFlow", SD_BUS_ARGS("s", address),
                                              SD_BUS_RESULT("aa{sv}", flows, "a{sv}", line), show_flow,
                                              SD_BUS_VTABLE_UNPRIVILEGED),
        sd_bus_vtable SD_BUS_METHOD_WITH_ARGS(
            "Why", SD_BUS_ARGS("s", remote, "s", local, "y", protocol, "q", local_port, "q", remote_port),
            SD_BUS_RESULT("a{sv}", answer), why, SD_BUS_VTABLE_UNPRIVILEGED),
        sd_bus_vtable SD_BUS_METHOD_WITH_ARGS("Metrics", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", metrics),
                                              metrics, SD_BUS_VTABLE_UNPRIVILEGED),
        sd_bus_vtable SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", result),
                                              reload, SD_BUS_VTABLE_UNPRIVILEGED),
        sd_bus_vtable SD_BUS_METHOD_WITH_ARGS("Monitor", SD_BUS_ARGS("s", peers), SD_BUS_NO_RESULT, monitor,
                                              SD_BUS_VTABLE_UNPRIVILEGED),
        sd_bus_vtable SD_BUS_SIGNAL_WITH_ARGS(decided, SD_BUS_ARGS("a{sv}", decision), 0),
        sd_bus_vtable SD_BUS_VTABLE_END,
    };
    return entries.data();
}

} // namespace oekd::control_methods
