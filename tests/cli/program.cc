// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/cli/program.h"

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace oekd {

namespace {

struct Streams {
    int in;
    int out;
    int error;
};

/// Never returns to the test. The program was opened before the rights change, as nobody may not enter root's
/// folders.
[[noreturn]] void become(int program, std::vector<char*> arguments, Streams streams, Rights rights)
{
    constexpr uid_t nobody = 65534;
    ::setenv("TZ", "UTC", 1);
    ::setenv("LC_ALL", "C.UTF-8", 1);
    ::dup2(streams.in, STDIN_FILENO);
    ::dup2(streams.out, STDOUT_FILENO);
    ::dup2(streams.error, STDERR_FILENO);
    if (rights == Rights::Ours || ::geteuid() != 0 || ::setresuid(nobody, nobody, nobody) == 0)
        ::fexecve(program, arguments.data(), environ);
    ::_exit(126);
}

pid_t start(std::string const& path, std::vector<std::string> const& arguments, Streams streams,
            Rights rights)
{
    Fd const program(::open(path.c_str(), O_PATH | O_CLOEXEC));
    INFO(path);
    REQUIRE(program);
    std::vector<char*> argv{const_cast<char*>(path.c_str())};
    for (auto const& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str())); // execve() promises not to change them
    argv.push_back(nullptr);
    pid_t const pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0)
        become(program.get(), std::move(argv), streams, rights);
    return pid;
}

int wait_for(pid_t pid)
{
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Byte by byte: what follows the line is for the next call.
std::string line_from(Fd const& pipe)
{
    constexpr int patience_ms = 10'000;
    std::string line;
    for (;;) {
        pollfd watched{.fd = pipe.get(), .events = POLLIN, .revents = 0};
        INFO("so far: " << line);
        REQUIRE(::poll(&watched, 1, patience_ms) == 1);
        char byte = 0;
        if (::read(pipe.get(), &byte, 1) != 1 || byte == '\n')
            return line;
        line += byte;
    }
}

Fd memory_file()
{
    Fd file(::memfd_create("output", MFD_CLOEXEC));
    REQUIRE(file);
    return file;
}

std::string content_of(Fd const& file)
{
    std::string text(static_cast<size_t>(::lseek(file.get(), 0, SEEK_END)), '\0');
    REQUIRE(::pread(file.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    return text;
}

} // namespace

std::string required_environment(char const* name)
{
    char const* const value = std::getenv(name);
    INFO(name << " is not set; run this through 'meson test'");
    REQUIRE(value);
    return value;
}

Finished run_program(std::string const& path, std::vector<std::string> const& arguments, Rights rights)
{
    Fd const nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    Fd const out = memory_file();
    Fd const error = memory_file();
    int const status = wait_for(start(path, arguments, {nothing.get(), out.get(), error.get()}, rights));
    return {status, content_of(out), content_of(error)};
}

BackgroundProgram::BackgroundProgram(std::string const& path, std::vector<std::string> const& arguments)
{
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    REQUIRE(::pipe2(in.data(), O_CLOEXEC) == 0);
    REQUIRE(::pipe2(out.data(), O_CLOEXEC) == 0);
    Fd const its_stdin(in[0]);
    m_stdin = Fd(in[1]);
    Fd const said(out[0]);
    {
        Fd const its_stdout(out[1]);
        m_pid = start(path, arguments, {its_stdin.get(), its_stdout.get(), STDERR_FILENO}, Rights::Ours);
    }
    std::array<char, 6> line{};
    REQUIRE(::read(said.get(), line.data(), line.size()) == 6); // 0 where it ended instead
    REQUIRE(std::string(line.data(), 5) == "ready");
}

PipedProgram::PipedProgram(std::string const& path, std::vector<std::string> const& arguments)
{
    std::array<int, 2> out{};
    std::array<int, 2> error{};
    REQUIRE(::pipe2(out.data(), O_CLOEXEC) == 0);
    REQUIRE(::pipe2(error.data(), O_CLOEXEC) == 0);
    m_out = Fd(out[0]);
    m_error = Fd(error[0]);
    Fd const its_out(out[1]);
    Fd const its_error(error[1]);
    Fd const nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    m_pid = start(path, arguments, {nothing.get(), its_out.get(), its_error.get()}, Rights::Ours);
}

PipedProgram::~PipedProgram()
{
    if (m_pid < 0)
        return;
    ::kill(m_pid, SIGKILL);
    ::waitpid(m_pid, nullptr, 0);
}

std::string PipedProgram::line() { return line_from(m_out); }

std::string PipedProgram::error_line() { return line_from(m_error); }

void PipedProgram::signal(int number) const { REQUIRE(::kill(m_pid, number) == 0); }

int PipedProgram::status() { return wait_for(std::exchange(m_pid, -1)); }

BackgroundProgram::~BackgroundProgram()
{
    m_stdin = Fd();
    ::waitpid(m_pid, nullptr, 0);
}

} // namespace oekd
