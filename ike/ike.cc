// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/ike.h"

#include "ike/charon_bridge.h"
#include "ike/charon_values.h"

#include <fmt/format.h>

namespace oekd {

namespace {

/// How long IKE_SA_INIT and so many repetitions may be without an answer. The next repetition would be due at
/// the end of the last interval, so this ends earlier, by as much as a busy machine may be late.
std::chrono::milliseconds silence_limit(IkeSettings const& settings, unsigned repetitions)
{
    auto interval = settings.retransmit_first;
    auto limit = interval;
    for (unsigned i = 0; i < repetitions; ++i) {
        interval *= 2;
        limit += interval;
    }
    return limit - settings.retransmit_first / 4;
}

} // namespace

struct Ike::State {
    State(IkeSettings settings, UdpPorts open_ports, ResponderGate& gate, ReqidTable& reqids,
          Mailbox<IkeEvent>& mailbox)
        : silence_once(silence_limit(settings, 0)),
          silence_repeated(silence_limit(settings, settings.retransmissions)), ports(std::move(open_ports)),
          log(std::move(settings.log), settings.log_level), sas({.negotiations = settings.max_negotiations,
                                                                 .total = settings.max_sas,
                                                                 .per_address = settings.max_sas_per_address},
                                                                reqids, gate, mailbox),
          bridge(ports, sas, gate, log)
    {}

    [[nodiscard]] std::chrono::milliseconds silence(Probe probe) const
    {
        return probe == Probe::Once ? silence_once : silence_repeated;
    }

    std::chrono::milliseconds silence_once;
    std::chrono::milliseconds silence_repeated;
    UdpPorts ports;
    IkeLog log;
    SaTable sas;
    CharonBridge bridge;
};

namespace {

constexpr std::chrono::milliseconds patience_at_the_end{1'000};

unsigned milliseconds(std::chrono::milliseconds duration) { return static_cast<unsigned>(duration.count()); }
unsigned seconds(std::chrono::seconds duration) { return static_cast<unsigned>(duration.count()); }

charon_options options_of(IkeSettings const& settings, UdpPorts const& ports)
{
    charon_options options{};
    options.tunnel = settings.mode == EspMode::Tunnel;
    options.post_quantum = settings.key_exchange == KeyExchange::Hybrid;
    for (size_t i = 0; i < UdpPorts::socket_count; ++i) {
        auto const& socket = ports.sockets()[i];
        options.sockets[i] = {.fd = socket.fd.get(),
                              .ipv6 = socket.family == Family::V6,
                              .port = socket.port,
                              .nat = socket.nat == UdpPorts::Nat::Yes};
    }
    options.port = settings.port;
    options.nat_port = settings.nat_port;
    options.retransmit_first_ms = milliseconds(settings.retransmit_first);
    options.deadline_ms = milliseconds(settings.deadline);
    options.rekey_child_s = seconds(settings.rekey_child);
    options.rekey_ike_s = seconds(settings.rekey_ike);
    options.liveness_s = seconds(settings.liveness);
    options.max_sas = static_cast<unsigned>(settings.max_sas);
    options.max_sas_per_address = static_cast<unsigned>(settings.max_sas_per_address);
    options.log_level = settings.log_level;
    return options;
}

} // namespace

Result<std::unique_ptr<Ike>> Ike::start(IkeSettings settings, ResponderGate& gate, ReqidTable& reqids,
                                        Mailbox<IkeEvent>& mailbox)
{
    auto ports = UdpPorts::open(settings.port, settings.nat_port);
    if (!ports)
        return std::unexpected(ports.error());
    if (auto done = ports->enlarge_buffers(); !done)
        return std::unexpected(done.error());
    auto options = options_of(settings, *ports);
    auto state = std::make_unique<State>(std::move(settings), std::move(*ports), gate, reqids, mailbox);
    auto hooks = state->bridge.hooks();
    if (!charon_start(&options, &hooks))
        return fail(ErrorCode::System, fmt::format("libcharon does not start: {}", state->log.reasons()));
    state->log.started();
    return std::unique_ptr<Ike>(new Ike(std::move(state)));
}

Ike::Ike(std::unique_ptr<State> state) : m_state(std::move(state)) {}

// A DELETE waits for the end of an exchange that is under way, and libcharon's own end does not wait for
// that: the peer would believe in the SA until it asks. Peers that do not answer are not waited for.
Ike::~Ike()
{
    for (auto const& sa : m_state->sas.all())
        charon_close(&sa);
    m_state->sas.wait_until_empty(patience_at_the_end);
    m_state->ports.stop();
    charon_stop();
}

void Ike::negotiate(NegotiationId id, Flow const& flow, Probe probe, Forgeries forgeries)
{
    auto reqid = m_state->sas.reserve(id, flow, forgeries);
    if (!reqid)
        return;
    auto pair = to_charon(flow);
    charon_negotiate(uint64_t(id), &pair, uint32_t(*reqid), milliseconds(m_state->silence(probe)));
}

void Ike::close(IkeSaId sa)
{
    if (auto found = m_state->sas.find(sa))
        charon_close(&*found);
}

void Ike::abandon(IkeSaId sa)
{
    if (auto found = m_state->sas.find(sa))
        charon_abandon(&*found);
}

size_t Ike::sa_count() const { return m_state->sas.size(); }

std::string_view ike_version() { return charon_version(); }

} // namespace oekd
