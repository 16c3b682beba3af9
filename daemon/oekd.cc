// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/oekd.h"

#include "daemon/daemon.h"

#include <csignal>
#include <fmt/format.h>

namespace oekd {

namespace {

void block_signals()
{
    sigset_t handled;
    sigemptyset(&handled);
    for (int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&handled, signal);
    pthread_sigmask(SIG_BLOCK, &handled, nullptr); // before any thread starts: they inherit it
    std::signal(SIGPIPE, SIG_IGN);
}

/// Nothing may be held any more. Who set these for oekd is gone, and with it what they were before.
void restore_kernel_defaults(Journal const& journal)
{
    for (auto const& [name, value] :
         {std::pair{"net.core.xfrm_larval_drop", "1"}, std::pair{"net.core.xfrm_acq_expires", "30"}})
        if (auto written = write_sysctl(name, value); !written)
            journal.log(LogLevel::Warning, written.error().message);
}

} // namespace

Result<void> run(StartOptions const& options, Journal const& journal)
{
    block_signals();
    Daemon daemon(options, journal);
    auto result = daemon.start();
    if (result)
        result = daemon.serve();
    daemon.stop(result ? Daemon::Ending::Asked : Daemon::Ending::Failed);
    return result;
}

bool check_configuration(StartOptions const& options)
{
    auto config = load_config(options.config_file, options.config_must_exist);
    if (!config) {
        fmt::print("{}\n", config.error().message);
        return false;
    }
    auto groups = load_groups(config->policies, config->groups);
    if (!groups) {
        fmt::print("{}\n", groups.error().message);
        return false;
    }
    for (auto const& error : groups->errors)
        fmt::print("{}\n", error.to_string());
    if (groups->errors.empty())
        fmt::print("the configuration is good: {} group lines, {} host names\n", groups->table.lines().size(),
                   groups->names.size());
    return groups->errors.empty();
}

Result<void> release(Journal const& journal)
{
    auto plane = ForwardingPlane::open();
    if (!plane)
        return std::unexpected(plane.error());
    auto removed = plane->release_open();
    if (!removed)
        return std::unexpected(removed.error());
    if (*removed > 0)
        restore_kernel_defaults(journal);
    journal.log(LogLevel::Notice,
                fmt::format("removed {} policies; private and block stay closed", *removed));
    return {};
}

} // namespace oekd
