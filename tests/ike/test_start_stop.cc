// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/event_loop.h"
#include "ike/ike.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

/// libcharon from its start to its end, with all that its threads and ours do to the same objects. It finds
/// most when ThreadSanitizer watches (./dev test), which sees what our code does, C layer included, and every
/// lock. What strongSwan does to its own memory it does not see: strongSwan is built as ever.
using namespace oekd;
using namespace std::chrono_literals;

namespace {

constexpr uint16_t ike_port = 20'500;
constexpr uint16_t nat_port = 24'500;
constexpr int pairs = 8;

Address address(int host) { return Address::parse(fmt::format("10.1.0.{}", host)).value(); }

void write_file(char const* path, std::string const& text)
{
    Fd const file(::open(path, O_WRONLY | O_CLOEXEC));
    INFO(path);
    REQUIRE(::write(file.get(), text.data(), text.size()) == ssize_t(text.size()));
}

/// A network namespace with nothing but loopback, which has all addresses. Needs no root.
void enter_namespace()
{
    auto const user = ::getuid();
    auto const user_group = ::getgid();
    if (::unshare(CLONE_NEWNET) != 0) {
        REQUIRE(::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0);
        write_file("/proc/self/setgroups", "deny");
        write_file("/proc/self/uid_map", fmt::format("0 {} 1", user));
        write_file("/proc/self/gid_map", fmt::format("0 {} 1", user_group));
    }
    REQUIRE(std::system("ip link set lo up") == 0);
    for (int host = 1; host <= 2 * pairs; ++host)
        REQUIRE(std::system(fmt::format("ip addr add {}/32 dev lo", address(host).to_string()).c_str()) == 0);
}

/// Answered by libcharon's threads, changed by ours.
class Gate : public ResponderGate {
public:
    Welcome welcome(Address const& /*remote*/) noexcept override
    {
        ++m_asked;
        return m_open ? Welcome::Answer : Welcome::Refuse;
    }
    bool accepts(Flow const& /*flow*/) noexcept override { return m_open; }
    void sa_installed(SaDescription const& /*sa*/) noexcept override {}

    void close() { m_open = false; }
    [[nodiscard]] unsigned asked() const { return m_asked; }

private:
    std::atomic<bool> m_open = true;
    std::atomic<unsigned> m_asked = 0;
};

/// One start of libcharon, whose peer is itself: it listens on all addresses, so each negotiation has both
/// its ends here.
struct Run {
    ReqidTable reqids{Reqid{100}, Reqid{199}};
    Gate gate;
    Mailbox<IkeEvent> mailbox = Mailbox<IkeEvent>::create().value();
    std::atomic<unsigned> lines = 0;
    std::unique_ptr<Ike> ike;
    std::map<NegotiationId, int> ended; ///< how often each of our negotiations came to an end
    unsigned events = 0;

    Run()
    {
        IkeSettings settings;
        settings.port = ike_port;
        settings.nat_port = nat_port;
        settings.retransmit_first = 100ms;
        settings.log_level = 1;
        settings.log = [this](int, std::string_view) { ++lines; };
        auto started = Ike::start(std::move(settings), gate, reqids, mailbox);
        INFO((started ? std::string() : started.error().message));
        REQUIRE(started);
        ike = std::move(*started);
    }

    void negotiate()
    {
        for (int i = 1; i <= pairs; ++i) {
            ended[NegotiationId(i)] = 0;
            ike->negotiate(NegotiationId(i), {.local = address(i), .remote = address(pairs + i)},
                           Probe::Repeated, Forgeries::Heed);
        }
    }

    /// Takes what has come, and closes half of the SAs at once.
    void take_events()
    {
        for (auto const& event : mailbox.take_all()) {
            ++events;
            if (auto const* up = std::get_if<SaUp>(&event)) {
                if (up->negotiation != NegotiationId{})
                    ++ended.at(up->negotiation);
                if (uint32_t(up->sa.sa) % 2 == 0)
                    ike->close(up->sa.sa);
            } else if (auto const* failed = std::get_if<NegotiationEnded>(&event)) {
                ++ended.at(failed->negotiation);
            }
        }
    }

    [[nodiscard]] bool all_ended() const
    {
        return std::ranges::all_of(ended, [](auto const& each) { return each.second > 0; });
    }

    /// False where that takes longer than any deadline of IKE.
    bool wait_for_ends()
    {
        auto loop = EventLoop::create().value();
        auto const deadline = loop.after(60s, [&loop] { loop.stop(1); });
        auto const posted = loop.on_readable(mailbox.fd(), [&] {
            take_events();
            if (all_ended())
                loop.stop(0);
        });
        return deadline && posted && loop.run() == 0;
    }
};

/// Sends what is no IKE to our own ports, until it is stopped.
void send_rubbish(std::stop_token const& stop)
{
    Fd const socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(ike_port);
    to.sin_addr.s_addr = htonl(0x0a010001); // 10.1.0.1
    std::array<char, 64> rubbish{};
    while (!stop.stop_requested()) {
        ++rubbish[0];
        ::sendto(socket.get(), rubbish.data(), rubbish.size(), 0,
                 static_cast<sockaddr const*>(static_cast<void const*>(&to)), sizeof to);
        std::this_thread::sleep_for(1ms); // the negotiations must get through
    }
}

} // namespace

/// For ThreadSanitizer, about the end of libcharon. Its main thread takes the locks of all tables together,
/// and waits with one of them for SAs that threads still work on (flush() of its ike_sa_manager). It cancels
/// threads under a mutex of theirs that they free themselves, in an order that only instrumented code would
/// show.
extern "C" char const* __tsan_default_suppressions();
extern "C" char const* __tsan_default_suppressions()
{
    return "deadlock:oekd::Ike::~Ike\n"
           "race:libstrongswan/threading/mutex.c\n";
}

TEST_CASE("libcharon starts, negotiates with itself on all its threads, and stops", "[ike][threads]")
{
    enter_namespace();
    for (int round = 0; round < 2; ++round) {
        INFO("round " << round);
        Run run;
        std::jthread const stranger(send_rubbish);
        run.negotiate();
        CHECK(run.wait_for_ends());
        for (auto const& [negotiation, times] : run.ended) {
            INFO("negotiation " << uint64_t(negotiation));
            CHECK(times == 1);
        }
        run.gate.close();
        run.negotiate(); // libcharon stops in the midst of these
        run.ike.reset();
        run.take_events();
        CHECK(run.gate.asked() > 0);
        CHECK(run.lines > 0);
    }
}
