// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control_server.h"
#include "tests/daemon/fixed_views.h"

#include <chrono>
#include <cstdio>
#include <string_view>
#include <unistd.h>

namespace {

/// Announces the example decisions again and again, so that whoever monitors hears of them at some time.
oekd::EventSource announce_soon(oekd::EventLoop& loop, oekd::ControlServer& server, oekd::EventSource& timer)
{
    constexpr std::chrono::milliseconds pause{5};
    return loop
        .after(pause,
               [&loop, &server, &timer] {
                   for (auto const& decision : oekd::example_decisions())
                       server.announce(decision);
                   timer = announce_soon(loop, server, timer);
               })
        .value();
}

} // namespace

/// Serves the example values at the socket argv[1]; with a second argument "empty" nothing at all, with
/// "broken" what cannot be reloaded. Writes "ready" when it listens, and ends when its standard input does.
int main(int argc, char** argv)
{
    if (argc < 2)
        return 64;
    std::string_view const variant = argc > 2 ? argv[2] : "";
    auto views = variant == "empty" ? oekd::FixedViews() : oekd::example_views();
    if (variant == "broken")
        views.reload_result =
            oekd::fail(oekd::ErrorCode::Configuration,
                       "/etc/oekd/policies: No such file or directory; the old policy stays in force");
    auto loop = oekd::EventLoop::create().value();
    auto const server = oekd::ControlServer::listen(loop, argv[1], views.target());
    if (!server) {
        std::fprintf(stderr, "%s\n", server.error().message.c_str());
        return 1;
    }
    oekd::EventSource timer;
    timer = announce_soon(loop, **server, timer);
    auto const stopping = loop.on_readable(STDIN_FILENO, [&loop] { loop.stop(0); });
    std::puts("ready");
    std::fflush(stdout);
    return loop.run().value_or(1);
}
