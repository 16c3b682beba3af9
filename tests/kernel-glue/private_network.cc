// SPDX-License-Identifier: GPL-2.0-or-later
#include "private_network.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace oekd::test {

namespace {

constexpr uint16_t port = 7777;

void must(bool condition, std::string_view what)
{
    if (!condition)
        throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

void write_file(char const* path, std::string const& text)
{
    Fd const file(::open(path, O_WRONLY | O_CLOEXEC));
    must(bool(file) && ::write(file.get(), text.data(), text.size()) == ssize_t(text.size()), path);
}

void enter_namespace()
{
    if (::unshare(CLONE_NEWNET) == 0)
        return;
    auto const user = ::getuid();
    auto const user_group = ::getgid();
    must(::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0, "making a user and a network namespace");
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", fmt::format("0 {} 1", user));
    write_file("/proc/self/gid_map", fmt::format("0 {} 1", user_group));
}

template <typename T> sockaddr const* generic(T const& raw)
{
    return static_cast<sockaddr const*>(static_cast<void const*>(&raw));
}

Fd open_wire()
{
    Fd wire(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL)));
    must(bool(wire), "opening a packet socket");
    sockaddr_ll where{};
    where.sll_family = AF_PACKET;
    where.sll_protocol = htons(ETH_P_ALL);
    where.sll_ifindex = int(::if_nametoindex("wire"));
    must(::bind(wire.get(), generic(where), sizeof where) == 0, "binding a packet socket");
    return wire;
}

Fd open_listener()
{
    Fd listener(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int const only_v6 = 0;
    sockaddr_in6 where{};
    where.sin6_family = AF_INET6;
    where.sin6_port = htons(port);
    must(bool(listener) &&
             ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6) == 0 &&
             ::bind(listener.get(), generic(where), sizeof where) == 0,
         "opening a UDP socket");
    return listener;
}

// The text of a UDP datagram to our port in an Ethernet frame, or nothing.
std::string text_in(std::string_view frame)
{
    auto const type = frame.size() > ETH_HLEN ? frame.substr(12, 2) : std::string_view{};
    size_t const ip_size = type == std::string_view("\x08\x00", 2) ? sizeof(ip) : sizeof(ip6_hdr);
    size_t const headers = ETH_HLEN + ip_size + sizeof(udphdr);
    std::string_view const wanted("\x1e\x61", 2);
    if (frame.size() < headers || frame.substr(headers - sizeof(udphdr) + 2, 2) != wanted)
        return {};
    return std::string(frame.substr(headers));
}

uint16_t internet_checksum(std::string_view bytes)
{
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < bytes.size(); i += 2)
        sum += (uint32_t(uint8_t(bytes[i])) << 8) + uint8_t(bytes[i + 1]);
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons(uint16_t(~sum));
}

std::string bytes_of(auto const& value)
{
    return std::string(static_cast<char const*>(static_cast<void const*>(&value)), sizeof value);
}

std::string datagram(std::string_view from, std::string_view text)
{
    ip header{};
    header.ip_v = 4;
    header.ip_hl = 5;
    header.ip_len = htons(uint16_t(sizeof(ip) + sizeof(udphdr) + text.size()));
    header.ip_ttl = 64;
    header.ip_p = IPPROTO_UDP;
    must(::inet_pton(AF_INET, std::string(from).c_str(), &header.ip_src) == 1, "source address");
    must(::inet_pton(AF_INET, "10.1.0.1", &header.ip_dst) == 1, "destination address");
    header.ip_sum = internet_checksum(bytes_of(header));
    udphdr udp{};
    udp.uh_sport = udp.uh_dport = htons(port);
    udp.uh_ulen = htons(uint16_t(sizeof(udphdr) + text.size()));
    return bytes_of(header) + bytes_of(udp) + std::string(text);
}

} // namespace

bool eventually(std::function<bool()> const& condition)
{
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

void run(std::string const& command) { must(std::system(command.c_str()) == 0, command); }

PrivateNetwork::PrivateNetwork()
{
    enter_namespace();
    run("ip link set lo up &&"
        "ip link add host address 02:00:00:00:00:01 type veth peer name wire address 02:00:00:00:00:02 &&"
        "ip link set wire up && ip link set host arp off up &&"
        "ip addr add 10.1.0.1/8 dev host && ip addr add fd01::1/16 dev host nodad");
    m_wire = open_wire();
    m_listener = open_listener();
}

bool PrivateNetwork::can_hold() { return ::access("/proc/sys/net/core/xfrm_larval_drop", W_OK) == 0; }

bool PrivateNetwork::send(std::string_view to, std::string_view text) const
{
    auto const destination = address(to);
    bool const is_v4 = destination.family() == Family::V4;
    Fd const socket(::socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    must(bool(socket), "opening a UDP socket");
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(is_v4 ? static_cast<void*>(&v4.sin_addr) : static_cast<void*>(&v6.sin6_addr),
                destination.bytes().data(), destination.bytes().size());
    return ::sendto(socket.get(), text.data(), text.size(), MSG_DONTWAIT, is_v4 ? generic(v4) : generic(v6),
                    is_v4 ? sizeof v4 : sizeof v6) == ssize_t(text.size());
}

void PrivateNetwork::collect()
{
    std::array<char, 2048> frame;
    for (;;) {
        ssize_t const size = ::recv(m_wire.get(), frame.data(), frame.size(), 0);
        if (size <= 0)
            return;
        m_frames.emplace_back(frame.data(), size_t(size));
        if (auto text = text_in(m_frames.back()); !text.empty())
            m_texts.push_back(std::move(text));
    }
}

std::vector<std::string> const& PrivateNetwork::texts()
{
    collect();
    return m_texts;
}

bool PrivateNetwork::seen(std::string_view text)
{
    return eventually([&] { return std::ranges::find(texts(), text) != m_texts.end(); });
}

void PrivateNetwork::inject(std::string_view packet) const
{
    std::string const frame = std::string("\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0", 14) + std::string(packet);
    must(::send(m_wire.get(), frame.data(), frame.size(), 0) == ssize_t(frame.size()), "sending a frame");
}

std::string PrivateNetwork::packet(uint8_t protocol)
{
    std::string found;
    eventually([&] {
        collect();
        for (auto const& frame : m_frames)
            if (frame.size() > ETH_HLEN + sizeof(ip) && frame.substr(12, 2) == std::string("\x08\0", 2) &&
                uint8_t(frame[ETH_HLEN + offsetof(ip, ip_p)]) == protocol)
                found = frame.substr(ETH_HLEN);
        return !found.empty();
    });
    return found;
}

// The header's checksum is a sum: it does not mind.
void PrivateNetwork::reflect(std::string packet) const
{
    auto const source = packet.begin() + offsetof(ip, ip_src);
    std::swap_ranges(source, source + sizeof(in_addr), packet.begin() + offsetof(ip, ip_dst));
    inject(packet);
}

bool PrivateNetwork::heard(std::string_view text)
{
    return eventually([&] { return received(text); });
}

bool PrivateNetwork::received(std::string_view text)
{
    std::array<char, 2048> buffer;
    for (ssize_t size = 0; (size = ::recv(m_listener.get(), buffer.data(), buffer.size(), 0)) > 0;)
        m_received.emplace_back(buffer.data(), size_t(size));
    return std::ranges::find(m_received, text) != m_received.end();
}

bool PrivateNetwork::arrives(std::string_view from, std::string_view text)
{
    inject(datagram(from, text));
    return heard(text);
}

bool PrivateNetwork::refused(std::string_view from, std::string_view permitted, std::string_view text)
{
    inject(datagram(from, text));
    auto const control = fmt::format("control of {}", text);
    return arrives(permitted, control) && !received(text);
}

} // namespace oekd::test
