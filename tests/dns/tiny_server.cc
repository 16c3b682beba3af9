// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/dns/tiny_server.h"

#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <poll.h>
#include <sched.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace oekd::test {

namespace {

constexpr size_t header_size = 12;
constexpr char noerror = 0;
constexpr char nxdomain = 3;
constexpr char refused = 5;

void must(bool condition, std::string const& what)
{
    if (!condition)
        throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

void write_file(char const* path, std::string const& text)
{
    Fd const file(::open(path, O_WRONLY | O_CLOEXEC));
    must(bool(file) && ::write(file.get(), text.data(), text.size()) == ssize_t(text.size()), path);
}

sockaddr const* generic(sockaddr_in const& raw)
{
    return static_cast<sockaddr const*>(static_cast<void const*>(&raw));
}

/// The question's bytes: name, type and class.
std::string question_of(std::string const& query)
{
    auto const end = query.find('\0', header_size);
    return end == std::string::npos ? std::string() : query.substr(header_size, end + 5 - header_size);
}

std::string record(char type, std::string const& data)
{
    std::string result("\xc0\x0c\0\0\0\x01\0\0\0\x3c\0\0", 12); // the question's name, class IN, TTL 60
    result[3] = type;
    result[11] = char(data.size());
    return result + data;
}

std::string answer_to(std::string const& query, char rcode, std::string const& answer)
{
    std::string const header = query.substr(0, 2) + std::string("\x81\x80\0\x01\0\0\0\0\0\0", 10);
    auto result = header + question_of(query) + answer;
    result[3] = char(uint8_t(result[3]) | uint8_t(rcode));
    result[7] = answer.empty() ? 0 : 1;
    return result;
}

/// nullopt: silence.
std::optional<std::string> reply_to(std::string const& query)
{
    auto const question = question_of(query);
    if (question.size() < 5)
        return std::nullopt;
    auto const label = question.substr(1, size_t(question[0]));
    char const type = question[question.size() - 3];
    if (label == "mute")
        return std::nullopt;
    if (label == "gone")
        return answer_to(query, nxdomain, "");
    if (label == "refused")
        return answer_to(query, refused, "");
    if (label == "host" && type == 1)
        return answer_to(query, noerror, record(1, std::string("\xc0\0\x02\x01", 4)));
    if (label == "host" && type == 28)
        return answer_to(query, noerror,
                         record(28, std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16)));
    return answer_to(query, noerror, "");
}

} // namespace

void enter_private_network()
{
    auto const user = ::getuid();
    auto const group = ::getgid();
    if (::unshare(CLONE_NEWNET) != 0) {
        must(::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0, "making a user and a network namespace");
        write_file("/proc/self/setgroups", "deny");
        write_file("/proc/self/uid_map", fmt::format("0 {} 1", user));
        write_file("/proc/self/gid_map", fmt::format("0 {} 1", group));
    }
    must(std::system("ip link set lo up") == 0, "ip link set lo up");
}

TinyServer::TinyServer(std::string const& address)
    : m_socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)), m_stop(::eventfd(0, EFD_CLOEXEC))
{
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(53);
    must(::inet_pton(AF_INET, address.c_str(), &where.sin_addr) == 1, address);
    must(::bind(m_socket.get(), generic(where), sizeof where) == 0, "binding port 53");
    m_thread = std::thread([this] { serve(); });
}

TinyServer::~TinyServer()
{
    uint64_t const one = 1;
    [[maybe_unused]] auto const written = ::write(m_stop.get(), &one, sizeof one);
    m_thread.join();
}

void TinyServer::serve()
{
    std::array<char, 2048> buffer{};
    for (;;) {
        std::array<pollfd, 2> waiting{{{m_socket.get(), POLLIN, 0}, {m_stop.get(), POLLIN, 0}}};
        ::poll(waiting.data(), waiting.size(), -1);
        if (waiting[1].revents != 0)
            return;
        sockaddr_storage from{};
        socklen_t from_size = sizeof from;
        auto* const sender = static_cast<sockaddr*>(static_cast<void*>(&from));
        auto const size = ::recvfrom(m_socket.get(), buffer.data(), buffer.size(), 0, sender, &from_size);
        if (size < ssize_t(header_size))
            continue;
        ++m_queries;
        if (auto const reply = reply_to(std::string(buffer.data(), size_t(size))))
            ::sendto(m_socket.get(), reply->data(), reply->size(), 0, sender, from_size);
    }
}

} // namespace oekd::test
