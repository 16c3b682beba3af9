// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/ike.h"

#include "ike/charon_bridge.h"
#include "ike/charon_values.h"
#include "ike/spki.h"

#include <cstring>
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
        : key(settings.own_key ? Key::Own : Key::None), own_name(settings.own_name),
          silence_once(silence_limit(settings, 0)),
          silence_repeated(silence_limit(settings, settings.retransmissions)), ports(std::move(open_ports)),
          log(std::move(settings.log), settings.log_level), sas({.negotiations = settings.max_negotiations,
                                                                 .total = settings.max_sas,
                                                                 .per_address = settings.max_sas_per_address},
                                                                reqids, gate, mailbox, settings.incoming),
          bridge(ports, sas, gate, log)
    {}

    /// Nobody can sign without a key, nor say a name that there is not.
    [[nodiscard]] Authentication possible(Authentication wanted) const
    {
        bool const nameless = wanted.own == OwnIdentity::Name && own_name.empty();
        if (key == Key::None || nameless)
            wanted.own = OwnIdentity::Anonymous;
        return wanted;
    }

    [[nodiscard]] std::chrono::milliseconds silence(Probe probe) const
    {
        return probe == Probe::Once ? silence_once : silence_repeated;
    }

    enum class Key { None, Own } key;
    std::string own_name;
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
    options.answer_limit_ms = milliseconds(settings.answer_limit);
    options.max_waiting = static_cast<unsigned>(settings.max_waiting);
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
    auto spki = settings.own_key ? make_spki(settings.own_key->public_key) : std::vector<std::byte>{};
    if (!spki)
        return fail(ErrorCode::Usage, "our own public key is none that IKE can use");
    auto options = options_of(settings, *ports);
    auto own_key = std::move(settings.own_key); // it goes on saying whether there was one
    auto state = std::make_unique<State>(std::move(settings), std::move(*ports), gate, reqids, mailbox);
    auto hooks = state->bridge.hooks();
    options.own_name = state->own_name.c_str();
    if (own_key)
        options.own_key = {.pem = own_key->pkcs8_pem.data(),
                           .pem_size = own_key->pkcs8_pem.size(),
                           .spki = to_charon(*spki)};
    bool const started = charon_start(&options, &hooks) != 0;
    if (own_key)
        explicit_bzero(own_key->pkcs8_pem.data(), own_key->pkcs8_pem.size());
    if (!started)
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

void Ike::negotiate(NegotiationId id, Flow const& flow, Probe probe, Forgeries forgeries,
                    std::optional<Authentication> authentication, std::optional<Endpoints> endpoints)
{
    if (authentication)
        authentication = m_state->possible(std::move(*authentication));
    if (!m_state->sas.reserve(id, flow, forgeries, std::move(authentication), endpoints))
        return;
    auto const [local, remote] = endpoints.value_or(Endpoints{.local = flow.local, .remote = flow.remote});
    auto const hosts = to_charon(Flow{.local = local, .remote = remote});
    auto const wanted = to_charon(flow);
    charon_negotiate(uint64_t(id), &hosts, &wanted, milliseconds(m_state->silence(probe)));
}

static void resume(std::optional<charon_sa> const& waiting)
{
    if (waiting)
        charon_resume(&*waiting);
}

void Ike::expect(NegotiationId id, Authentication authentication)
{
    resume(m_state->sas.expect(id, m_state->possible(std::move(authentication))));
}

void Ike::answer(KeysWanted const& question, Authentication authentication)
{
    resume(m_state->sas.answer(question, m_state->possible(std::move(authentication))));
}

void Ike::refuse(KeysWanted const& question) { resume(m_state->sas.refuse(question.sa)); }

void Ike::give_up(NegotiationId id)
{
    if (auto found = m_state->sas.give_up(id))
        charon_abandon(&*found);
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
