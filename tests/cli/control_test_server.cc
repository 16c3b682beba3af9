// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control_server.h"
#include "tests/daemon/fixed_views.h"

#include <cstdio>
#include <cstring>
#include <unistd.h>

/// Serves the example values at the socket argv[1], or nothing at all with a second argument "empty". Writes
/// "ready" when it listens, and ends when its standard input does.
int main(int argc, char** argv)
{
    if (argc < 2)
        return 64;
    bool const empty = argc > 2 && std::strcmp(argv[2], "empty") == 0;
    auto views = empty ? oekd::FixedViews() : oekd::example_views();
    auto loop = oekd::EventLoop::create().value();
    auto const server = oekd::ControlServer::listen(loop, argv[1], views);
    if (!server) {
        std::fprintf(stderr, "%s\n", server.error().message.c_str());
        return 1;
    }
    auto const stopping = loop.on_readable(STDIN_FILENO, [&loop] { loop.stop(0); });
    std::puts("ready");
    std::fflush(stdout);
    return loop.run().value_or(1);
}
