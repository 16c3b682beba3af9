// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/connection_table.h"
#include "daemon/gauges.h"
#include "tests/daemon/manual.h"
#include "tests/daemon/scripted_keys.h"

#include <catch2/catch.hpp>
#include <netinet/in.h>

using namespace oekd;
using namespace std::chrono_literals;

namespace {

Address address(std::string_view text) { return Address::parse(text).value(); }

Flow const to_east{address("10.1.0.1"), address("10.2.0.1")};

/// Writes down what it is asked to do, by name.
class RecordingEnforcer final : public Enforcer {
public:
    Result<void> apply(Connection const&, Reqid, NegotiationId id, Action const& action) override
    {
        static constexpr std::array names{"hold",    "discard", "look-up", "negotiate", "encrypt", "await",
                                          "require", "pass",    "drop",    "kick",      "release", "close"};
        done.emplace_back(names.at(action.index()));
        if (std::holds_alternative<Negotiate>(action))
            negotiation = id;
        if (auto const* begun = std::get_if<Negotiate>(&action))
            probe = begun->probe;
        if (done.back() == refuse)
            return fail(ErrorCode::Exists, "taken");
        return {};
    }
    Beginner beginner(Flow const&, xfrm::Packet const&) override { return begun_by; }
    Result<void> move(Connection const& connection) override
    {
        done.emplace_back("move to " + connection.network.to_string());
        return {};
    }
    bool inbound_used(SaDescription const&) override { return esp_arrived; }
    CountersBySa counters() override { return {}; }

    std::vector<std::string> take() { return std::exchange(done, {}); }

    std::vector<std::string> done;
    NegotiationId negotiation{};
    std::string refuse;
    bool esp_arrived = false;
    Beginner begun_by = Beginner::Us;
    std::optional<Probe> probe;
};

/// A table on a real event loop; short times keep the test short.
struct Fixture {
    explicit Fixture(PolicyGroup group = PolicyGroup::PrivateOrClear, size_t max_flows = 8)
        : table(loop, enforcer, reqids, *limited, counters, keys,
                [this](Decision const& d) { decisions.push_back(d); }, table_of(group),
                {.timing =
                     {.hold_silence = 50ms, .hold_limit = 100ms, .shunt_again = 30ms, .shunt_short = 30ms},
                 .max_flows = max_flows})
    {}

    static std::shared_ptr<GroupTable const> table_of(PolicyGroup group)
    {
        return table_of({{Prefix::parse("10.0.0.0/8").value(), group, "f", 1}});
    }
    static std::shared_ptr<GroupTable const> table_of(std::vector<GroupLine> lines)
    {
        std::vector<LineError> errors;
        return std::make_shared<GroupTable const>(GroupTable::build(std::move(lines), errors));
    }

    void acquire(Flow const& flow = to_east) { table.acquired({flow, Reqid{1}}); }

    SaDescription sa(uint32_t id, Established::By by = Established::By::Us)
    {
        return {.sa = IkeSaId{id}, .flow = to_east, .reqid = Reqid{100}, .by = by};
    }

    ConnectionState state() const { return table.rows().at(to_east).connection.state; }

    /// Runs the loop until the condition holds, at most five seconds.
    template <typename C> void run_until(C condition)
    {
        auto limit = std::chrono::steady_clock::now() + 5s;
        while (!condition() && std::chrono::steady_clock::now() < limit)
            sd_event_run(loop.raw(), 10'000);
        REQUIRE(condition());
    }

    EventLoop loop = EventLoop::create().value();
    RecordingEnforcer enforcer;
    ReqidTable reqids{Reqid{100}, Reqid{200}};
    Journal journal = Journal::open(LogLevel::Error);
    Counters counters;
    std::unique_ptr<LimitedJournal> limited = LimitedJournal::create(loop, journal, counters).value();
    std::vector<Decision> decisions;
    ScriptedKeys keys;
    ConnectionTable table;
};

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("an acquire holds the flow and starts IKE", "[daemon]")
{
    Fixture f;
    f.acquire();
    CHECK(f.enforcer.take() == Names{"hold", "negotiate"});
    CHECK(f.state() == ConnectionState::PendingOe);
    f.acquire();
    CHECK(f.enforcer.take().empty());
}

TEST_CASE("an SA encrypts the flow; its end gives it back to the trap", "[daemon]")
{
    Fixture f;
    f.acquire();
    f.enforcer.take();
    f.table.ike_event(SaUp{f.sa(1), f.enforcer.negotiation});
    CHECK(f.enforcer.take() == Names{"encrypt", "kick"});
    CHECK(f.state() == ConnectionState::Keyed);
    f.table.ike_event(SaDown{IkeSaId{1}, to_east});
    CHECK(f.enforcer.take() == Names{"release"});
    CHECK(f.table.rows().empty());
    CHECK(f.reqids.size() == 0);
}

TEST_CASE("every change is told as it happens, with its reason and its line", "[daemon]")
{
    Fixture f;
    f.acquire();
    f.table.ike_event(PeerHeard{f.enforcer.negotiation, to_east}); // changes nothing
    f.table.ike_event(SaUp{f.sa(1), f.enforcer.negotiation});
    f.table.ike_event(SaDown{IkeSaId{1}, to_east});
    Names told;
    for (auto const& decision : f.decisions) {
        CHECK(decision.flow == to_east);
        CHECK(decision.group == PolicyGroup::PrivateOrClear);
        CHECK(decision.file == "f");
        CHECK(decision.line == 1);
        told.push_back(decision.change() + ", " + std::string(to_string(decision.protection)));
    }
    CHECK(told ==
          Names{"expired -> pending, clear", "pending -> keyed, anonymous", "keyed -> expired, clear"});
    CHECK(f.decisions.at(0).why == "a packet wants to leave");
    CHECK(f.decisions.at(1).why.starts_with("AUTH-NULL, "));
    CHECK(f.decisions.at(1).is_outcome());
    CHECK(!f.decisions.at(2).is_outcome());
}

TEST_CASE("what happens is counted", "[daemon]")
{
    Fixture f(PolicyGroup::PrivateOrClear, 1);
    f.acquire();
    f.acquire({address("10.1.0.1"), address("10.2.0.2")});
    CHECK(f.counters.limits_reached.value({"flows"}) == 1);
    f.run_until([&] { return f.state() == ConnectionState::ClearText; });
    CHECK(f.counters.holds_expired.value() == 1);
    f.table.ike_event(NegotiationEnded{f.enforcer.negotiation, to_east, Failure::Silent, ""});
    CHECK(f.counters.negotiations_started.value() == 1);
    CHECK(f.counters.negotiations_failed.value({"silent"}) == 1);
    f.run_until([&] { return f.state() == ConnectionState::Expired; });
    CHECK(f.counters.holds_expired.value() == 1); // the end of a shunt is none
    f.enforcer.refuse = "hold";
    f.acquire();
    CHECK(f.counters.explicit_policies_met.value() == 1);
}

TEST_CASE("how things are now is told as gauges, which the manual names", "[daemon]")
{
    Fixture f;
    f.acquire();
    f.acquire({address("10.1.0.1"), address("10.2.0.2")});
    f.table.ike_event(SaUp{f.sa(1), f.enforcer.negotiation});
    auto const manual = manual_text("oekctl.1");
    std::map<std::string, Metric> gauges;
    for (auto const& metric : gauges_of(f.table, Config{})) {
        INFO(metric.name);
        CHECK(manual.find(metric.name) != std::string::npos);
        gauges[metric.name] = metric;
    }
    auto const& flows = gauges.at("oekd_flows").samples;
    REQUIRE(flows.size() == 2);
    CHECK(flows[1].labels == std::vector<std::pair<std::string, std::string>>{{"state", "keyed"},
                                                                              {"protection", "anonymous"},
                                                                              {"group", "private-or-clear"}});
    CHECK(flows[1].value == 1);
    CHECK(gauges.at("oekd_table_rows").samples.at(0).value == 2);
    CHECK(gauges.at("oekd_table_rows_limit").samples.at(0).value == 8);
    CHECK(gauges.at("oekd_negotiations").samples.at(0).value == 1); // the second flow's
    CHECK(gauges.at("oekd_sas").samples.at(0).value == 1);
    CHECK(gauges.at("oekd_group_lines").samples.at(0).value == 1);
}

TEST_CASE("cleartext is refused once ESP has arrived", "[daemon]")
{
    Fixture f;
    f.acquire();
    f.table.ike_event(SaUp{f.sa(1), f.enforcer.negotiation});
    f.enforcer.take();
    f.enforcer.esp_arrived = true;
    f.run_until([&] { return !f.enforcer.done.empty(); });
    CHECK(f.enforcer.take() == Names{"require"});
}

TEST_CASE("silence lets a permissive flow go in the clear, and the trap comes back", "[daemon]")
{
    Fixture f;
    f.acquire();
    f.enforcer.take();
    f.run_until([&] { return f.state() == ConnectionState::ClearText; });
    CHECK(f.enforcer.take() == Names{"pass", "kick"});
    f.table.ike_event(NegotiationEnded{f.enforcer.negotiation, to_east, Failure::Silent, ""});
    f.run_until([&] { return f.state() == ConnectionState::Expired; });
    CHECK(f.enforcer.take() == Names{"release"});
    CHECK(f.table.rows().at(to_east).connection.failures == 1);
}

TEST_CASE("a late success upgrades a flow, and says until when it was clear", "[daemon]")
{
    Fixture f;
    f.acquire();
    f.run_until([&] { return f.state() == ConnectionState::ClearText; });
    f.table.ike_event(SaUp{f.sa(1), f.enforcer.negotiation});
    CHECK(f.state() == ConnectionState::Keyed);
    CHECK(f.table.rows().at(to_east).clear_until.has_value());
}

TEST_CASE("the end of a negotiation that was replaced means nothing", "[daemon]")
{
    Fixture f;
    f.acquire();
    f.table.ike_event(NegotiationEnded{NegotiationId{99}, to_east, Failure::Refused, ""});
    CHECK(f.state() == ConnectionState::PendingOe);
}

TEST_CASE("a peer keys a flow that we never started", "[daemon]")
{
    Fixture f(PolicyGroup::ClearOrPrivate);
    f.table.ike_event(SaUp{f.sa(1, Established::By::Peer), NegotiationId{}});
    CHECK(f.state() == ConnectionState::Keyed);
    CHECK(f.enforcer.take() == Names{"encrypt", "kick"});
}

TEST_CASE("held packets wait until the peer that started is ready", "[daemon]")
{
    Fixture f;
    f.acquire();
    f.table.ike_event(SaUp{f.sa(1, Established::By::Peer), NegotiationId{}});
    CHECK(f.enforcer.take() == Names{"hold", "negotiate", "await"});
    f.table.ike_event(SaConfirmed{IkeSaId{99}, to_east}); // another SA's
    CHECK(f.enforcer.take().empty());
    SECTION("as it says") { f.table.ike_event(SaConfirmed{IkeSaId{1}, to_east}); }
    SECTION("but not for long")
    {
        f.run_until([&] { return !f.table.rows().at(to_east).connection.awaiting; });
    }
    CHECK(f.enforcer.take() == Names{"encrypt", "kick"});
}

TEST_CASE("an SA with an address that no line accepts is closed, and its policies go", "[daemon]")
{
    Fixture f(PolicyGroup::Block);
    f.table.ike_event(SaUp{f.sa(1, Established::By::Peer), NegotiationId{}});
    CHECK(f.enforcer.take() == Names{"close", "release"});
    CHECK(f.table.rows().empty());
}

TEST_CASE("a wide trap that cannot be looked at takes nothing from the flow", "[daemon]")
{
    Fixture f;
    f.acquire();
    f.enforcer.take();
    f.enforcer.refuse = "kick";
    f.table.ike_event(SaUp{f.sa(1), f.enforcer.negotiation});
    CHECK(f.enforcer.take() == Names{"encrypt", "kick"});
    CHECK(f.state() == ConnectionState::Keyed);
}

TEST_CASE("an SA is closed even where its flow's policies do not go", "[daemon]")
{
    Fixture f;
    f.acquire();
    f.table.ike_event(SaUp{f.sa(1), f.enforcer.negotiation});
    f.enforcer.take();
    f.enforcer.refuse = "release";
    f.table.regroup(Fixture::table_of(PolicyGroup::Clear));
    CHECK(f.enforcer.take() == Names{"release", "close"});
}

TEST_CASE("where another program has a policy, the flow is left alone", "[daemon]")
{
    Fixture f;
    f.enforcer.refuse = "hold";
    f.acquire();
    CHECK(f.enforcer.take() == Names{"hold", "release"});
    CHECK(f.table.rows().empty());
}

TEST_CASE("the table has a limit, and forgets expired flows first", "[daemon]")
{
    Fixture f(PolicyGroup::PrivateOrClear, 2);
    Flow const second{address("10.1.0.1"), address("10.2.0.2")};
    Flow const third{address("10.1.0.1"), address("10.2.0.3")};
    f.acquire();
    f.acquire(second);
    f.acquire(third);
    CHECK(f.table.rows().size() == 2);
    CHECK_FALSE(f.table.rows().contains(third));
    f.run_until([&] { return f.state() == ConnectionState::ClearText; });
    f.table.ike_event(NegotiationEnded{NegotiationId{1}, to_east, Failure::Silent, ""});
    f.run_until([&] { return f.state() == ConnectionState::Expired; });
    f.acquire(third);
    CHECK(f.table.rows().contains(third));
}

TEST_CASE("a reload ends only flows whose group changed", "[daemon]")
{
    Fixture f;
    f.acquire();
    f.table.ike_event(SaUp{f.sa(1), f.enforcer.negotiation});
    f.enforcer.take();
    f.table.regroup(Fixture::table_of(PolicyGroup::PrivateOrClear));
    CHECK(f.enforcer.take().empty());
    f.table.regroup(Fixture::table_of(PolicyGroup::Clear));
    CHECK(f.enforcer.take() == Names{"release", "close"});
    CHECK(f.table.rows().empty());
}

TEST_CASE("a flow ends with its local address", "[daemon]")
{
    Fixture f;
    f.acquire();
    f.enforcer.take();
    f.table.keep_local(std::array{address("10.1.0.2")});
    CHECK(f.enforcer.take() == Names{"release"});
    CHECK(f.table.rows().empty());
}

TEST_CASE("who has encrypted before is waited for longer", "[daemon]")
{
    Fixture f;
    f.table.ike_event(SaUp{f.sa(1, Established::By::Peer)});
    f.table.ike_event(SaDown{IkeSaId{1}, to_east});
    REQUIRE(f.table.rows().empty());
    f.acquire();
    CHECK(f.table.rows().at(to_east).connection.peer == Connection::Peer::Capable);
}

TEST_CASE("a service has a flow of its own", "[daemon]")
{
    Prefix const network = Prefix::parse("10.0.0.0/8").value();
    constexpr Service echo{6, 0, 7};
    Fixture f;
    f.table.regroup(Fixture::table_of(
        {{network, PolicyGroup::PrivateOrClear, "f", 1}, {network, PolicyGroup::Private, "f", 2, echo}}));
    f.acquire();
    f.acquire({to_east.local, to_east.remote, echo});
    CHECK(f.enforcer.take() == Names{"hold", "negotiate", "hold", "negotiate"});
    CHECK(f.state() == ConnectionState::PendingOe);
    auto const& row = f.table.rows().at({to_east.local, to_east.remote, echo});
    CHECK(row.connection.group == PolicyGroup::Private);
    CHECK(row.line == 2);

    // Larval SAs know the packet only; each packet belongs to one of the two.
    f.table.found_larval(
        {to_east.local, to_east.remote, Reqid{1}, Spi{}, EspMode::Transport, 0, 0, {6, 40000, 7}});
    f.table.found_larval(
        {to_east.local, to_east.remote, Reqid{1}, Spi{}, EspMode::Transport, 0, 0, {6, 40000, 8}});
    CHECK(f.enforcer.take().empty());
    CHECK(f.table.rows().size() == 2);
}

TEST_CASE("another line of the same group takes a flow over, another conduct ends it", "[daemon]")
{
    Fixture f;
    f.acquire();
    f.enforcer.take();
    GroupLine line{Prefix::parse("10.2.0.0/16").value(), PolicyGroup::PrivateOrClear, "g", 7};
    f.table.regroup(Fixture::table_of({line}));
    CHECK(f.enforcer.take() == Names{"move to 10.2.0.0/16"});
    CHECK(f.table.rows().at(to_east).file == "g");
    f.table.regroup(Fixture::table_of({line}));
    CHECK(f.enforcer.take().empty());
    line.conduct.failure = Conduct::Failure::Drop;
    f.table.regroup(Fixture::table_of({line}));
    CHECK(f.enforcer.take() == Names{"release"});
}

TEST_CASE("an answer to a stranger takes the failure path until it has been paid for", "[daemon]")
{
    Fixture f;
    f.enforcer.begun_by = Beginner::Them;
    auto const answer = [&] {
        f.table.acquired({.flow = to_east, .reqid = Reqid{1}, .packet = {IPPROTO_ICMP, 0, 0}});
    };
    for (unsigned times = 1; times <= 2; ++times) {
        answer();
        CHECK(f.enforcer.take() == Names{"hold", "pass", "kick"});
        CHECK(f.state() == ConnectionState::ClearText);
        CHECK(!f.table.rows().at(to_east).connection.negotiating);
        CHECK(f.table.rows().at(to_east).why.starts_with("not asked: "));
        CHECK(f.counters.negotiations_withheld.value({"unproven"}) == times);
        f.run_until([&] { return f.state() == ConnectionState::Expired; });
        f.enforcer.take();
    }
    CHECK(f.counters.negotiations_started.value() == 0);
    answer();
    CHECK(f.enforcer.take() == Names{"hold", "negotiate"});
    CHECK(f.enforcer.probe == Probe::Once);
    CHECK(f.state() == ConnectionState::PendingOe);
}

TEST_CASE("what a private group sends answers nobody who came in the clear", "[daemon]")
{
    Fixture f(PolicyGroup::Private);
    f.enforcer.begun_by = Beginner::Them;
    f.acquire();
    CHECK(f.enforcer.take() == Names{"hold", "negotiate"});
    CHECK(f.enforcer.probe == Probe::Repeated);
}

TEST_CASE("who began may become clear a moment later", "[daemon]")
{
    auto const [then, names] = GENERATE(table<Beginner, Names>({
        {Beginner::Us, {"negotiate"}},
        {Beginner::Unclear, {"pass", "kick"}},
    }));
    Fixture f;
    f.enforcer.begun_by = Beginner::Unclear;
    f.acquire();
    CHECK(f.enforcer.take() == Names{"hold"});
    CHECK(f.state() == ConnectionState::PendingOe);
    f.enforcer.begun_by = then;
    f.run_until([&] { return !f.enforcer.done.empty(); });
    CHECK(f.enforcer.take() == names);
}
