// SPDX-License-Identifier: GPL-2.0-or-later
// Runs ike/ alone in the current network namespace and prints each event as one line, for tests with real
// peers:
//   up flow=10.1.0.1-10.2.0.1 mode=transport by=us ...
// With --until it ends as soon as such a line begins with the given text. Some options make it a hostile
// peer.
#include "base/event_loop.h"
#include "ike/ike.h"
#include "ike/spki.h"
#include "tests/ike/hostile.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <signal.h>
#include <sstream>

namespace oekd {
namespace {

struct Options {
    std::string local;
    std::string remote;
    std::string our_client;
    std::string their_client;
    bool initiate = false;
    unsigned count = 1;
    std::vector<std::string> services;
    std::vector<std::string> only;
    bool tunnel = false;
    bool classic = false;
    std::vector<std::string> ignore;
    std::vector<std::string> refuse;
    std::vector<std::string> protect;
    std::string until;
    unsigned seconds = 20;
    unsigned rekey_child = 3600;
    unsigned rekey_ike = 14'400;
    unsigned retransmit_ms = 500;
    unsigned retransmissions = 2;
    unsigned deadline_ms = 10'000;
    unsigned liveness = 30;
    unsigned max_sas_per_address = 16;
    int log_level = -1;
    uint32_t reqid = 0x4f45'0100;
    std::string own_key;
    std::string own_spki;
    std::string own_name;
    std::string own = "anonymous";
    std::vector<std::string> keys;
    std::string demand = "anything";
    int decide_after_ms = -1;
    unsigned answer_limit_ms = 5'000;
    unsigned max_waiting = 1024;
    struct {
        bool wide = false;
        bool children = false;
        bool rekeys = false;
        bool ike_rekey = false;
        bool psk = false;
        bool nat = false;
        bool id_data = false;
        std::string source;
        std::string target;
        std::string rekey_source;
        std::string rekey_target;
        std::string move;
    } hostile;
};

std::unique_ptr<CLI::App> make_command_line(Options& o)
{
    auto app = std::make_unique<CLI::App>(
        "IKE alone, for tests: answers peers, or starts a negotiation. Events go to "
        "standard output, one line each; exits with 0 when the --until line came.");
    app->add_option("--local", o.local, "our address, with --initiate");
    app->add_option("--remote", o.remote, "the peer's address, with --initiate");
    app->add_option("--our-client", o.our_client, "with --initiate: the host that --local speaks for");
    app->add_option("--their-client", o.their_client, "the host that --remote speaks for");
    app->add_flag("--initiate", o.initiate, "start a negotiation from --local to --remote");
    app->add_option("--count", o.count, "how many negotiations with that peer at the same time");
    app->add_option(
        "--service", o.services,
        "with --initiate: negotiate for this, such as 'tcp 0 7', or 'everything'; may be repeated");
    app->add_option("--only", o.only,
                    "as a responder accept these services, or 'everything'; may be repeated");
    app->add_flag("--tunnel", o.tunnel, "propose tunnel mode instead of transport mode");
    app->add_flag("--classic", o.classic, "x25519 only, no ML-KEM");
    app->add_option("--ignore", o.ignore, "be silent towards this address");
    app->add_option("--refuse", o.refuse, "answer NO_PROPOSAL_CHOSEN to this address");
    app->add_option("--protect", o.protect, "a host that we speak for when a peer begins");
    app->add_option("--until", o.until, "end with 0 when an event line begins with this text");
    app->add_option("--seconds", o.seconds, "end after this time, with 1 if --until did not happen");
    app->add_option("--rekey-child", o.rekey_child, "seconds until a CHILD_SA is rekeyed");
    app->add_option("--rekey-ike", o.rekey_ike, "seconds until an IKE_SA is rekeyed");
    app->add_option("--retransmit", o.retransmit_ms, "milliseconds until the first retransmission");
    app->add_option("--retransmissions", o.retransmissions, "how many of IKE_SA_INIT");
    app->add_option("--deadline", o.deadline_ms, "milliseconds for one negotiation");
    app->add_option("--liveness", o.liveness, "seconds without a sign of life until the peer is asked");
    app->add_option("--max-per-address", o.max_sas_per_address, "IKE_SAs that one address may start");
    app->add_option("--log", o.log_level, "libcharon's log level, to standard error");
    app->add_option("--reqid", o.reqid, "the first reqid to give out");
    app->add_option("--own-key", o.own_key, "file with our private key, PKCS #8 in PEM");
    app->add_option("--own-spki", o.own_spki, "its public key, SubjectPublicKeyInfo in hexadecimal");
    app->add_option("--own-name", o.own_name, "the name for --own name");
    app->add_option("--own", o.own, "as whom we speak")
        ->check(CLI::IsMember({"anonymous", "address", "name"}));
    app->add_option("--peer-key", o.keys, "a key that the peer may prove, as --own-spki; may be repeated");
    app->add_option("--demand", o.demand, "what the peer must prove")
        ->check(CLI::IsMember({"anything", "preferred", "required", "refuse"}));
    app->add_option("--decide-after", o.decide_after_ms,
                    "all this is known only so many milliseconds later; 999999 is never");
    app->add_option("--answer-limit", o.answer_limit_ms,
                    "milliseconds until an IKE_AUTH that waits is refused");
    app->add_option("--max-waiting", o.max_waiting, "how many messages may wait");
    app->add_flag("--hostile-wide", o.hostile.wide, "hostile: propose 0.0.0.0/0 on both sides");
    app->add_option("--hostile-source", o.hostile.source,
                    "hostile: propose or answer these selectors as ours: 'CIDR [PROTOCOL FIRST LAST], ...'");
    app->add_option("--hostile-target", o.hostile.target, "hostile: the same for the peer's side");
    app->add_option("--hostile-rekey-source", o.hostile.rekey_source, "hostile: the same when rekeying");
    app->add_option("--hostile-rekey-target", o.hostile.rekey_target,
                    "hostile: the same for the peer's side when rekeying");
    app->add_flag("--hostile-children", o.hostile.children,
                  "hostile: ask for a second CHILD_SA as soon as one is up");
    app->add_flag("--hostile-rekeys", o.hostile.rekeys, "hostile: rekey the CHILD_SA without pause");
    app->add_flag("--hostile-ike-rekey", o.hostile.ike_rekey, "hostile: rekey the IKE_SA at once");
    app->add_flag("--hostile-psk", o.hostile.psk, "hostile: claim the pre-shared key method");
    app->add_flag("--hostile-nat", o.hostile.nat, "hostile: look as if behind a NAT");
    app->add_flag("--hostile-id-data", o.hostile.id_data, "hostile: send ID_NULL that is not empty");
    app->add_option("--hostile-move", o.hostile.move,
                    "hostile: go on from this address, with MOBIKE's notify");
    return app;
}

Result<Service> parse_service(std::string const& text)
{
    if (text == "everything")
        return Service{};
    std::istringstream words(text);
    std::string protocol, local_port, remote_port;
    words >> protocol >> local_port >> remote_port;
    return Service::read(protocol, local_port, remote_port);
}

class Gate : public ResponderGate {
public:
    explicit Gate(Options const& options) : m_options(options) {}

    Welcome welcome(Address const& remote) noexcept override
    {
        auto text = remote.to_string();
        if (std::ranges::find(m_options.ignore, text) != m_options.ignore.end())
            return Welcome::Ignore;
        if (std::ranges::find(m_options.refuse, text) != m_options.refuse.end())
            return Welcome::Refuse;
        return Welcome::Answer;
    }
    bool accepts(Flow const& flow) noexcept override
    {
        auto const text = flow.service.is_everything() ? "everything" : flow.service.to_string();
        return m_options.only.empty() || std::ranges::find(m_options.only, text) != m_options.only.end();
    }
    bool speaks_for(Address const& client) noexcept override
    {
        return std::ranges::find(m_options.protect, client.to_string()) != m_options.protect.end();
    }
    void sa_installed(SaDescription const& sa) noexcept override
    {
        std::fputs(fmt::format("installed flow={}\n", sa.flow.to_string()).c_str(), stdout);
        std::fflush(stdout);
    }

private:
    Options const& m_options;
};

std::vector<std::byte> from_hex(std::string const& text)
{
    std::vector<std::byte> bytes;
    for (size_t i = 0; i + 1 < text.size(); i += 2)
        bytes.push_back(std::byte(std::stoi(text.substr(i, 2), nullptr, 16)));
    return bytes;
}

std::string to_hex(std::optional<PublicKey> const& key)
{
    std::string text;
    for (auto byte : key ? make_spki(*key).value() : std::vector<std::byte>{})
        text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    return text.empty() ? "none" : text;
}

Result<PublicKey> key_from(std::string const& hex)
{
    auto key = parse_spki(from_hex(hex));
    return key ? Result<PublicKey>(*key) : fail(ErrorCode::Usage, "no key: " + hex);
}

Result<Authentication> authentication_of(Options const& o)
{
    Authentication result;
    if (o.own != "anonymous")
        result.own = o.own == "name" ? OwnIdentity::Name : OwnIdentity::Address;
    if (o.demand != "anything")
        result.demand =
            o.demand == "required" ? Authentication::Demand::Required : Authentication::Demand::Preferred;
    for (auto const& hex : o.keys) {
        auto key = key_from(hex);
        if (!key)
            return std::unexpected(key.error());
        result.keys.push_back(*key);
    }
    return result;
}

std::string describe(SaDescription const& sa)
{
    return fmt::format(
        "sa={} flow={} endpoints={}-{} mode={} by={} reqid={:#x} in={:#x} out={:#x} peer_key={} "
        "offered_key={} "
        "ours={} ike={} esp={}",
        uint32_t(sa.sa), sa.flow.to_string(), sa.endpoints.local.to_string(), sa.endpoints.remote.to_string(),
        to_string(sa.mode), sa.by == Established::By::Us ? "us" : "peer", uint32_t(sa.reqid),
        uint32_t(sa.inbound), uint32_t(sa.outbound), to_hex(sa.peer_key), to_hex(sa.offered_key),
        sa.ours == OwnProof::Signature ? "signature" : "none", sa.ike_proposal, sa.esp_proposal);
}

std::string_view name(Failure failure)
{
    switch (failure) {
    case Failure::Silent: return "silent";
    case Failure::Unprotected: return "unprotected";
    case Failure::Refused: return "refused";
    case Failure::NotProven: return "not-proven";
    case Failure::Local: return "local";
    }
    return "";
}

struct Line {
    std::string operator()(SaUp const& e) const { return "up " + describe(e.sa); }
    std::string operator()(SaConfirmed const& e) const
    {
        return fmt::format("confirmed sa={} flow={}", uint32_t(e.sa), e.flow.to_string());
    }
    std::string operator()(SaRekeyed const& e) const { return "rekeyed " + describe(e.sa); }
    std::string operator()(SaDown const& e) const
    {
        return fmt::format("down sa={} flow={}", uint32_t(e.sa), e.flow.to_string());
    }
    std::string operator()(NegotiationEnded const& e) const
    {
        return fmt::format("ended reason={} negotiation={} flow={} detail={}", name(e.reason),
                           uint64_t(e.negotiation), e.flow.to_string(), e.detail);
    }
    std::string operator()(PeerHeard const& e) const
    {
        return fmt::format("heard flow={}", e.flow.to_string());
    }
    std::string operator()(PeerRefusedPort const& e) const
    {
        return fmt::format("refused-port flow={}", e.flow.to_string());
    }
    std::string operator()(KeysWanted const& e) const
    {
        return fmt::format("keys-wanted sa={} flow={} identity={}", uint32_t(e.sa), e.flow.to_string(),
                           e.identity);
    }
};

/// Prints what happened so far; true where the awaited line was among it.
bool print_events(Mailbox<IkeEvent>& mailbox, std::string const& until,
                  std::chrono::steady_clock::time_point start,
                  std::function<void(KeysWanted const&)> const& answer = {})
{
    bool seen = false;
    for (auto const& event : mailbox.take_all()) {
        if (auto const* question = std::get_if<KeysWanted>(&event); question && answer)
            answer(*question);
        auto line = std::visit(Line{}, event);
        std::chrono::duration<double, std::milli> const elapsed = std::chrono::steady_clock::now() - start;
        std::fputs(fmt::format("{} ms={:.1f}\n", line, elapsed.count()).c_str(), stdout);
        seen = seen || (!until.empty() && line.starts_with(until));
    }
    std::fflush(stdout);
    return seen;
}

IkeSettings settings_of(Options const& o)
{
    IkeSettings settings;
    settings.mode = o.tunnel ? EspMode::Tunnel : EspMode::Transport;
    settings.key_exchange = o.classic ? KeyExchange::Classic : KeyExchange::Hybrid;
    settings.retransmit_first = std::chrono::milliseconds(o.retransmit_ms);
    settings.retransmissions = o.retransmissions;
    settings.deadline = std::chrono::milliseconds(o.deadline_ms);
    settings.rekey_child = std::chrono::seconds(o.rekey_child);
    settings.rekey_ike = std::chrono::seconds(o.rekey_ike);
    settings.liveness = std::chrono::seconds(o.liveness);
    settings.max_sas_per_address = o.max_sas_per_address;
    settings.own_name = o.own_name;
    settings.incoming = Incoming::Ask;
    settings.answer_limit = std::chrono::milliseconds(o.answer_limit_ms);
    settings.max_waiting = o.max_waiting;
    settings.log_level = o.log_level;
    settings.log = [](int level, std::string_view line) { fmt::print(stderr, "{} {}\n", level, line); };
    return settings;
}

void start_hostile(Options const& o)
{
    hostile_options options{};
    options.wide = o.hostile.wide;
    options.source = o.hostile.source.c_str();
    options.target = o.hostile.target.c_str();
    options.rekey_source = o.hostile.rekey_source.c_str();
    options.rekey_target = o.hostile.rekey_target.c_str();
    options.children = o.hostile.children;
    options.rekeys = o.hostile.rekeys;
    options.ike_rekey = o.hostile.ike_rekey;
    options.psk = o.hostile.psk;
    options.nat = o.hostile.nat;
    options.id_data = o.hostile.id_data;
    options.move = o.hostile.move.c_str();
    hostile_start(&options);
}

Result<std::optional<OwnKey>> own_key_of(Options const& o)
{
    if (o.own_key.empty())
        return std::nullopt;
    auto key = key_from(o.own_spki);
    if (!key)
        return std::unexpected(key.error());
    std::ifstream file(o.own_key);
    std::ostringstream pem;
    pem << file.rdbuf();
    return OwnKey{.pkcs8_pem = pem.str(), .public_key = *key};
}

/// Says what is expected of peers: at once, or later from the loop.
class Decider {
public:
    Decider(Options const& options, EventLoop& loop, Authentication authentication)
        : m_options(options), m_loop(loop), m_authentication(std::move(authentication))
    {}

    [[nodiscard]] bool is_late() const { return m_options.decide_after_ms >= 0; }
    [[nodiscard]] Authentication const& authentication() const { return m_authentication; }
    void answer(Ike& ike, KeysWanted const& question)
    {
        when_due([this, &ike, question] {
            if (m_options.demand == "refuse")
                ike.refuse(question);
            else
                ike.answer(question, m_authentication);
        });
    }
    void expect(Ike& ike, NegotiationId id)
    {
        when_due([this, &ike, id] {
            if (m_options.demand == "refuse")
                ike.give_up(id);
            else
                ike.expect(id, m_authentication);
        });
    }

private:
    void when_due(std::function<void()> const& act)
    {
        if (!is_late())
            return act();
        if (auto timer = m_loop.after(std::chrono::milliseconds(m_options.decide_after_ms), act))
            m_timers.push_back(std::move(*timer));
    }

    Options const& m_options;
    EventLoop& m_loop;
    Authentication m_authentication;
    std::vector<EventSource> m_timers;
};

Result<void> initiate(Options const& o, Ike& ike, Decider& decider)
{
    if (!o.initiate)
        return {};
    auto local = Address::parse(o.local);
    auto remote = Address::parse(o.remote);
    if (!local || !remote)
        return fail(ErrorCode::Usage, "--initiate needs --local and --remote");
    uint64_t number = 0;
    for (auto const& text : o.services.empty() ? std::vector<std::string>{"everything"} : o.services) {
        auto service = parse_service(text);
        if (!service)
            return std::unexpected(service.error());
        for (unsigned i = 0; i < o.count; ++i) {
            NegotiationId const id{++number};
            auto known = decider.is_late() ? std::nullopt : std::optional(decider.authentication());
            Flow const flow{.local = Address::parse(o.our_client).value_or(*local),
                            .remote = Address::parse(o.their_client).value_or(*remote),
                            .service = *service};
            ike.negotiate(id, flow, Probe::Repeated, Forgeries::Heed, std::move(known),
                          Endpoints{.local = *local, .remote = *remote});
            if (decider.is_late())
                decider.expect(ike, id);
        }
    }
    return {};
}

void block_signals(std::initializer_list<int> signals)
{
    sigset_t set;
    sigemptyset(&set);
    for (int signal : signals)
        sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Result<int> run(Options const& o)
{
    block_signals({SIGINT, SIGTERM, SIGPIPE});
    auto loop = EventLoop::create();
    auto mailbox = Mailbox<IkeEvent>::create();
    if (!loop || !mailbox)
        return fail(ErrorCode::System, "no event loop");
    ReqidTable reqids(Reqid{o.reqid}, Reqid{o.reqid + 0xffff});
    Gate gate(o);
    auto authentication = authentication_of(o);
    auto own_key = own_key_of(o);
    if (!authentication || !own_key)
        return fail(ErrorCode::Usage, "a key is not readable");
    Decider decider(o, *loop, *authentication);
    auto settings = settings_of(o);
    settings.own_key = *own_key;
    auto ike = Ike::start(std::move(settings), gate, reqids, *mailbox);
    if (!ike)
        return std::unexpected(ike.error());
    start_hostile(o);
    auto const start = std::chrono::steady_clock::now();
    fmt::print("ready {}\n", ike_version());
    std::fflush(stdout);

    auto stop_on = [&](int signal) {
        return loop->on_signal(signal, [&] { loop->stop(o.until.empty() ? 0 : 1); });
    };
    auto interrupted = stop_on(SIGINT);
    auto terminated = stop_on(SIGTERM);
    auto timeout = loop->after(std::chrono::seconds(o.seconds), [&] { loop->stop(o.until.empty() ? 0 : 1); });
    auto events = loop->on_readable(mailbox->fd(), [&] {
        auto const answer = [&](KeysWanted const& question) { decider.answer(**ike, question); };
        if (print_events(*mailbox, o.until, start, answer))
            loop->stop(0);
    });
    if (auto begun = initiate(o, **ike, decider); !begun)
        return std::unexpected(begun.error());
    auto code = loop->run();

    auto const stopping = std::chrono::steady_clock::now();
    ike->reset();
    print_events(*mailbox, "", start);
    std::chrono::duration<double, std::milli> const took = std::chrono::steady_clock::now() - stopping;
    fmt::print("stopped ms={:.1f} reqids={}\n", took.count(), reqids.size());
    return code;
}

} // namespace
} // namespace oekd

int main(int argc, char** argv)
{
    oekd::Options options;
    auto app = oekd::make_command_line(options);
    CLI11_PARSE(*app, argc, argv);
    auto code = oekd::run(options);
    if (code)
        return *code;
    fmt::print(stderr, "ike_probe: {}\n", code.error().message);
    return 2;
}
