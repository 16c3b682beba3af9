// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/command_line.h"
#include "cli/daemon_client.h"
#include "cli/key.h"
#include "cli/list.h"
#include "cli/metrics.h"
#include "cli/monitor.h"
#include "cli/policy_test.h"
#include "cli/publish.h"
#include "cli/publish_check.h"
#include "cli/reload.h"
#include "cli/show.h"
#include "cli/status.h"
#include "cli/why.h"

#include <clocale>
#include <cstdio>
#include <fmt/format.h>

using namespace oekd::cli;

namespace {

Outcome<std::string> text_without_daemon(CommandLine const& line)
{
    if (line.verb == "key generate")
        return generate_key(line.key, line.format());
    if (line.verb == "key show")
        return show_keys(line.key, line.format());
    if (line.verb == "key activate")
        return activate_key(line.key, line.format());
    return publish_records(line.publish, line.format());
}

Outcome<std::string> text_to_print(CommandLine const& line)
{
    auto daemon = DaemonClient::connect(line.socket);
    if (!daemon)
        return std::unexpected(daemon.error());
    if (line.verb == "status")
        return status(*daemon, line.format());
    if (line.verb == "list")
        return list(*daemon, line.filter, line.format());
    if (line.verb == "why")
        return why(*daemon, line.why, line.format());
    if (line.verb == "metrics")
        return metrics(*daemon, line.format());
    if (line.verb == "reload")
        return reload(*daemon, line.format());
    return show(*daemon, line.address, line.format());
}

ExitStatus tell(Failure const& failure)
{
    fmt::print(stderr, "oekctl: {}\n", failure.message);
    return failure.status;
}

ExitStatus print(Outcome<std::string> const& text)
{
    if (!text)
        return tell(text.error());
    bool const written =
        std::fwrite(text->data(), 1, text->size(), stdout) == text->size() && std::fflush(stdout) == 0;
    return written ? ExitStatus::Ok : ExitStatus::Failure;
}

ExitStatus print(Outcome<TextAndStatus> const& result)
{
    if (!result)
        return tell(result.error());
    auto const printed = print(result->text);
    return printed == ExitStatus::Ok ? result->status : printed;
}

ExitStatus run(CommandLine const& line)
{
    if (line.verb == "policy test")
        return print(Outcome<TextAndStatus>(test_policy(line.test, line.format())));
    if (line.verb == "publish" && line.publish.check)
        return print(check_published(line.publish, line.format()));
    if (line.verb != "monitor")
        return print(line.verb.starts_with("key ") || line.verb == "publish" ? text_without_daemon(line)
                                                                             : text_to_print(line));
    auto const ended = monitor(line.socket, line.filter.remote, line.format());
    return ended ? ExitStatus::Ok : tell(ended.error());
}

} // namespace

int main(int argc, char** argv)
{
    std::setlocale(LC_CTYPE, "");
    auto const line = parse_command_line(argc, argv);
    return static_cast<int>(line ? run(*line) : line.error());
}
