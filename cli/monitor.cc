// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/monitor.h"

#include "base/event_loop.h"
#include "cli/daemon_client.h"
#include "cli/decision.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <sys/stat.h>
#include <vector>

namespace oekd::cli {

namespace {

constexpr std::array ending_signals{SIGINT, SIGTERM};

/// They come through the loop; a closed pipe is seen by who writes.
void arrange_signals()
{
    sigset_t handled;
    sigemptyset(&handled);
    for (int const signal : ending_signals)
        sigaddset(&handled, signal);
    sigprocmask(SIG_BLOCK, &handled, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

bool stdout_is_pipe()
{
    struct stat status{};
    return ::fstat(STDOUT_FILENO, &status) == 0 && S_ISFIFO(status.st_mode);
}

/// One run of the verb; its loop stops when there is nothing more to print.
class Monitoring {
public:
    Monitoring(EventLoop& loop, Format format) : m_loop(loop), m_format(format) {}

    Outcome<void> watch_endings();
    Outcome<void> follow(DaemonClient& daemon);
    [[nodiscard]] Outcome<void> run(std::string const& socket);

private:
    void print(nlohmann::json const& values);
    void fail_with(Failure failure);

    EventLoop& m_loop;
    Format m_format;
    Style m_style = Style::of_stdout();
    std::vector<EventSource> m_sources;
    std::optional<Failure> m_failure;
    bool m_daemon_gone = false;
};

Outcome<void> Monitoring::watch_endings()
{
    auto const end = [this] { m_loop.stop(0); };
    std::vector<Result<EventSource>> sources;
    for (int const signal : ending_signals)
        sources.push_back(m_loop.on_signal(signal, end));
    // A pipe that we write to is never readable: it wakes us when its reader has gone.
    if (stdout_is_pipe())
        sources.push_back(m_loop.on_readable(STDOUT_FILENO, end));
    for (auto& source : sources) {
        if (!source)
            return failed(ExitStatus::Failure, source.error().message);
        m_sources.push_back(std::move(*source));
    }
    return {};
}

Outcome<void> Monitoring::follow(DaemonClient& daemon)
{
    return daemon.follow(
        m_loop, [this](nlohmann::json const& values) { print(values); },
        [this] {
            m_daemon_gone = true;
            m_loop.stop(0);
        });
}

void Monitoring::print(nlohmann::json const& values)
{
    auto const decision = decode_decision(values);
    if (!decision)
        return fail_with(decision.error());
    auto const line = m_format == Format::Json ? json_line(*decision) : format_decision(*decision, m_style);
    if (std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fflush(stdout) == 0)
        return;
    int const error = errno;
    if (error == EPIPE) // who read it has had enough
        return m_loop.stop(0);
    fail_with({ExitStatus::Failure, system_error(error, "writing").message});
}

void Monitoring::fail_with(Failure failure)
{
    m_failure = std::move(failure);
    m_loop.stop(0);
}

Outcome<void> Monitoring::run(std::string const& socket)
{
    if (auto ran = m_loop.run(); !ran)
        return failed(ExitStatus::Failure, ran.error().message);
    if (m_failure)
        return std::unexpected(*m_failure);
    if (!m_daemon_gone)
        return {};
    if (DaemonClient::connect(socket))
        return failed(ExitStatus::NoDaemon,
                      "oekd closed the connection, since the lines were not read as fast "
                      "as they came, or it was restarted; start again");
    return failed(ExitStatus::NoDaemon, "oekd has stopped");
}

} // namespace

Outcome<void> monitor(std::string const& socket, std::optional<Prefix> const& peers, Format format)
{
    arrange_signals();
    auto loop = EventLoop::create();
    if (!loop)
        return failed(ExitStatus::Failure, loop.error().message);
    auto daemon = DaemonClient::connect(socket);
    if (!daemon)
        return std::unexpected(daemon.error());
    Monitoring monitoring(*loop, format);
    if (auto watching = monitoring.watch_endings(); !watching)
        return watching;
    if (auto const answer = daemon->call("Monitor", peers ? peers->to_string() : std::string()); !answer)
        return std::unexpected(answer.error());
    if (auto following = monitoring.follow(*daemon); !following)
        return following;
    fmt::print(stderr, "oekctl: from now on every decision is a line; end with Ctrl-C\n");
    return monitoring.run(socket);
}

} // namespace oekd::cli
