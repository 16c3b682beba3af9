// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/handle.h"
#include "cli/bus_json.h"
#include "daemon/control_connection.h"
#include "daemon/control_server.h"
#include "tests/daemon/fixed_views.h"
#include "tests/daemon/serving_thread.h"
#include "tests/daemon/temporary_directory.h"

#include <array>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

using namespace oekd;
using Json = nlohmann::json;

namespace {

using Server = std::unique_ptr<ControlServer>;

ServingThread serve(std::filesystem::path const& socket, FixedViews& views)
{
    return ServingThread(std::function<Result<Server>(EventLoop&)>(
        [socket, &views](EventLoop& loop) { return ControlServer::listen(loop, socket, views.target()); }));
}

Fd connect_to(std::filesystem::path const& path)
{
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::ranges::copy(path.native(), address.sun_path);
    REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0);
    return fd;
}

struct BusError {
    std::string name;
    std::string message;
};

/// A client of the control socket as anybody would write one with sd-bus.
class Client {
public:
    explicit Client(Fd socket)
    {
        sd_bus* bus = nullptr;
        REQUIRE(sd_bus_new(&bus) >= 0);
        m_bus.reset(bus);
        REQUIRE(sd_bus_set_fd(bus, socket.get(), socket.get()) >= 0);
        [[maybe_unused]] int const now_of_the_bus = socket.release();
        m_started = sd_bus_start(bus); // a server that is full may have closed the connection already
    }

    /// The values that a method returns, or its error.
    std::expected<Json, BusError> call_on(char const* interface, char const* method,
                                          std::optional<std::string> text = {})
    {
        if (m_started < 0)
            return std::unexpected(BusError{});
        sd_bus_message* raw = nullptr;
        REQUIRE(sd_bus_message_new_method_call(m_bus.get(), &raw, nullptr, "/org/oekd", interface, method) >=
                0);
        Message const call(raw);
        if (text)
            REQUIRE(sd_bus_message_append_basic(raw, 's', text->c_str()) >= 0);
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message* reply = nullptr;
        int const r = sd_bus_call(m_bus.get(), raw, 0, &error, &reply);
        Message const owned(reply);
        if (r < 0) {
            BusError failure{error.name ? error.name : "", error.message ? error.message : ""};
            sd_bus_error_free(&error);
            return std::unexpected(failure);
        }
        auto values = cli::to_json(reply);
        REQUIRE(values);
        return *values;
    }
    std::expected<Json, BusError> call(char const* method, std::optional<std::string> text = {})
    {
        return call_on("org.oekd.Daemon1", method, std::move(text));
    }

    /// Asks without ever reading the answer.
    void ask(char const* method)
    {
        sd_bus_message* raw = nullptr;
        REQUIRE(sd_bus_message_new_method_call(m_bus.get(), &raw, nullptr, "/org/oekd", "org.oekd.Daemon1",
                                               method) >= 0);
        Message const call(raw);
        uint64_t cookie = 0; // without it sd-bus would say that no answer is expected
        REQUIRE(sd_bus_send(m_bus.get(), raw, &cookie) >= 0);
        REQUIRE(sd_bus_flush(m_bus.get()) >= 0);
    }

    [[nodiscard]] int fd() const { return sd_bus_get_fd(m_bus.get()); }

private:
    using Message = Handle<sd_bus_message, sd_bus_message_unref>;
    Handle<sd_bus, sd_bus_close_unref> m_bus;
    int m_started = 0;
};

/// Waits until the other end has closed the connection, however much is left to read.
bool is_cut_off(int fd)
{
    constexpr int patience_ms = 10'000;
    pollfd watched{.fd = fd, .events = POLLRDHUP, .revents = 0};
    return ::poll(&watched, 1, patience_ms) == 1 && (watched.revents & (POLLHUP | POLLRDHUP)) != 0;
}

constexpr size_t many_flows = 2000;

/// 32 MiB: more than a socket's buffers take, which sd-bus makes large.
FixedViews views_with_many_flows()
{
    auto views = example_views();
    auto flow = views.flow_views.front();
    flow.why = std::string(size_t{16} * 1024, '.');
    views.flow_views.assign(many_flows, flow);
    return views;
}

/// What arrives next, within a deadline.
std::string received(int fd)
{
    constexpr int patience_ms = 10'000;
    pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
    std::array<char, 512> buffer{};
    if (::poll(&watched, 1, patience_ms) != 1)
        return "nothing";
    auto const size = ::recv(fd, buffer.data(), buffer.size(), 0);
    return {buffer.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))};
}

/// org.freedesktop.DBus.Peer.Ping on /org/oekd in the wire format (D-Bus specification, "Message Format").
std::string bytes_of_call_to_ping()
{
    using namespace std::string_literals;
    auto const field = [](char code, char type, std::string const& text) {
        auto bytes =
            ""s + code + "\1"s + type + "\0"s + static_cast<char>(text.size()) + "\0\0\0"s + text + "\0"s;
        bytes.resize((bytes.size() + 7) / 8 * 8);
        return bytes;
    };
    auto const fields =
        field(1, 'o', "/org/oekd") + field(2, 's', "org.freedesktop.DBus.Peer") + field(3, 's', "Ping");
    // The length leaves out the padding behind the last field: "Ping" and its NUL fill 13 of 16 bytes.
    auto const length = static_cast<char>(fields.size() - 3);
    return "l\1\0\1\0\0\0\0\1\0\0\0"s + length + "\0\0\0"s + fields;
}

constexpr uint64_t start_us = 1'795'285'800'000'000;

} // namespace

TEST_CASE("Status tells the daemon's state", "[control]")
{
    TemporaryDirectory const directory;
    auto views = example_views();
    auto const server = serve(directory.path() / "control", views);
    REQUIRE(server.result());
    auto const reply = Client(connect_to(directory.path() / "control")).call("Status");
    REQUIRE(reply);
    Json const line{{"Network", "192.0.2.0/24"},
                    {"Group", "private-or-clear"},
                    {"File", "/etc/oekd/policies/private-or-clear"},
                    {"Line", 3}};
    Json const resolved{{"Name", "www.example.net"},
                        {"Group", "private"},
                        {"File", "/etc/oekd/policies/private"},
                        {"Line", 7},
                        {"Addresses", {"192.0.2.80", "2001:db8::80"}},
                        {"SignedAddresses", {"192.0.2.80"}}};
    Json const published{{"Address", "192.0.2.7"}, {"State", "dnssec"}, {"Text", "published"}};
    Json const gone{{"Name", "gone.example.net"},         {"Group", "block"},
                    {"File", "/etc/oekd/policies/block"}, {"Line", 1},
                    {"Addresses", Json::array()},         {"SignedAddresses", Json::array()},
                    {"Problem", "no \\xff name"}};
    CHECK(*reply == Json::array({{{"Version", "0.1.0"},
                                  {"StrongSwan", "6.1.0"},
                                  {"Started", start_us},
                                  {"Encrypted", 1},
                                  {"Authenticated", 0},
                                  {"Clear", 1},
                                  {"Blocked", 1},
                                  {"Deciding", 0},
                                  {"MaxFlows", 65'536},
                                  {"Lines", Json::array({line})},
                                  {"Warnings", views.status_view.warnings},
                                  {"Names", Json::array({resolved, gone})},
                                  {"Key", "Ed25519 abc"},
                                  {"Published", Json::array({published})},
                                  {"OwnAddresses", {"192.0.2.7"}},
                                  {"DnsServers", {"192.0.2.53"}},
                                  {"Dns", "servers"},
                                  {"Ntp", "any"},
                                  {"TunnelsLeftOut", {"wg0"}}}}));
}

TEST_CASE("ListFlows tells each flow without details", "[control]")
{
    TemporaryDirectory const directory;
    auto views = example_views();
    auto const server = serve(directory.path() / "control", views);
    REQUIRE(server.result());
    Client client(connect_to(directory.path() / "control"));
    auto const reply = client.call("ListFlows");
    REQUIRE(reply);
    auto const& flows = reply->at(0);
    REQUIRE(flows.size() == 3);
    // What a peer said is made plain before it is valid D-Bus text.
    CHECK(flows[0].at("Why") == "refused by the peer: \\x1b[2J\\xff");
    CHECK(flows[0].at("Protection") == "blocked");
    CHECK(flows[1] == Json{{"Local", "2001:db8::7"},
                           {"Remote", "2001:db8:1:2:3:4:5:6"},
                           {"Group", "private-or-clear"},
                           {"File", "/etc/oekd/policies/private-or-clear"},
                           {"Line", 4},
                           {"State", "clear"},
                           {"Protection", "clear"},
                           {"Since", start_us + 60'000'000},
                           {"Why", "no answer on UDP 500"},
                           {"NextTry", 10},
                           {"Reqid", 0},
                           {"BytesIn", 0},
                           {"BytesOut", 0},
                           {"PacketsIn", 0},
                           {"PacketsOut", 0}});
    CHECK(flows[2].at("ClearUntil") == start_us + 5'000'000);
    CHECK(!flows[2].contains("SAs"));
    CHECK(!flows[2].contains("History"));
    CHECK(client.call("ListFlows")); // a connection serves more than once
}

TEST_CASE("ShowFlow tells everything about the flows with one address", "[control]")
{
    TemporaryDirectory const directory;
    auto views = example_views();
    auto const server = serve(directory.path() / "control", views);
    REQUIRE(server.result());
    auto const reply = Client(connect_to(directory.path() / "control")).call("ShowFlow", "192.0.2.80");
    REQUIRE(reply);
    REQUIRE(reply->at(0).size() == 1);
    auto const& flow = reply->at(0)[0];
    CHECK(flow.at("Protection") == "anonymous");
    CHECK(flow.at("BytesIn") == 1'234'567);
    CHECK(flow.at("PacketsOut") == 998);
    CHECK(flow.at("SAs") ==
          Json::array({{{"IkeSa", 7},
                        {"Mode", "transport"},
                        {"Protection", "anonymous"},
                        {"StartedBy", "peer"},
                        {"SpiIn", 0xc0000001},
                        {"SpiOut", 0x0a0b0c0d},
                        {"IkeProposal", "AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE_25519/KE1_ML_KEM_768"},
                        {"EspProposal", "AES_GCM_16_256/ESN"}}}));
    CHECK(flow.at("History") ==
          Json::array({Json::array({start_us, "expired -> clear: no answer on UDP 500"}),
                       Json::array({start_us + 5'000'000, "clear -> keyed: AUTH-NULL, by the peer"})}));
    CHECK(reply->at(1).at("Network") == "192.0.2.0/24");
}

TEST_CASE("ShowFlow says why there is nothing to show", "[control]")
{
    TemporaryDirectory const directory;
    auto views = example_views();
    SECTION("not an address")
    {
        auto const server = serve(directory.path() / "control", views);
        auto const reply = Client(connect_to(directory.path() / "control")).call("ShowFlow", "east.example");
        REQUIRE(!reply);
        CHECK(reply.error().name == "org.freedesktop.DBus.Error.InvalidArgs");
        CHECK(reply.error().message == Address::read("east.example").error().message);
    }
    SECTION("never contacted, but a line decides")
    {
        auto const server = serve(directory.path() / "control", views);
        auto const reply = Client(connect_to(directory.path() / "control")).call("ShowFlow", "192.0.2.99");
        REQUIRE(!reply);
        CHECK(reply.error().name == "org.oekd.Error.NoSuchFlow");
        CHECK(reply.error().message ==
              "no flow with 192.0.2.99; /etc/oekd/policies/private-or-clear:3 decides about it: "
              "192.0.2.0/24 is private-or-clear");
    }
    SECTION("nobody asked for it")
    {
        views.line.reset();
        auto const server = serve(directory.path() / "control", views);
        auto const reply = Client(connect_to(directory.path() / "control")).call("ShowFlow", "2001:db8::99");
        REQUIRE(!reply);
        CHECK(reply.error().name == "org.oekd.Error.NoSuchFlow");
        CHECK(reply.error().message ==
              "no flow with 2001:db8::99; no group has a line for it, so oekd leaves it alone");
    }
}

TEST_CASE("Metrics tells each family with its samples", "[control]")
{
    TemporaryDirectory const directory;
    auto views = example_views();
    auto const server = serve(directory.path() / "control", views);
    auto const reply = Client(connect_to(directory.path() / "control")).call("Metrics");
    REQUIRE(reply);
    REQUIRE(reply->at(0).size() == 2);
    CHECK(reply->at(0)[0].at("Samples")[0] == Json::array({{{"from", "pending"}, {"to", "keyed"}}, 7}));
    CHECK(reply->at(0)[1] == Json{{"Name", "oekd_uptime_seconds"},
                                  {"Type", "gauge"},
                                  {"Help", "Seconds since the start"},
                                  {"Samples", Json::array({Json::array({Json::object(), 260})})}});
}

TEST_CASE("Reload tells what is in force now, or that nothing changed", "[control]")
{
    TemporaryDirectory const directory;
    auto views = example_views();
    SECTION("done")
    {
        auto const server = serve(directory.path() / "control", views);
        auto const reply = Client(connect_to(directory.path() / "control")).call("Reload");
        REQUIRE(reply);
        CHECK(*reply == Json::array({{{"Lines", 1}, {"Warnings", views.status_view.warnings}}}));
    }
    SECTION("not possible")
    {
        views.reload_result = fail(ErrorCode::Configuration, "no \xff such file");
        auto const server = serve(directory.path() / "control", views);
        auto const reply = Client(connect_to(directory.path() / "control")).call("Reload");
        REQUIRE(!reply);
        CHECK(reply.error().name == "org.oekd.Error.ReloadFailed");
        CHECK(reply.error().message == "no \\xff such file");
    }
}

TEST_CASE("the interface describes itself, and unknown methods are refused", "[control]")
{
    TemporaryDirectory const directory;
    auto views = example_views();
    auto const server = serve(directory.path() / "control", views);
    Client client(connect_to(directory.path() / "control"));
    auto const description = client.call_on("org.freedesktop.DBus.Introspectable", "Introspect");
    REQUIRE(description);
    auto const xml = description->at(0).get<std::string>();
    for (auto const* expected :
         {R"(<method name="Status">)", R"(<method name="ListFlows">)", R"(<method name="ShowFlow">)",
          R"(<arg type="s" name="address" direction="in"/>)",
          R"(<arg type="a{sv}" name="line" direction="out"/>)"}) {
        INFO(expected);
        CHECK(xml.find(expected) != std::string::npos);
    }
    auto const unknown = client.call("DropEverything");
    REQUIRE(!unknown);
    CHECK(unknown.error().name == "org.freedesktop.DBus.Error.UnknownMethod");
}

TEST_CASE("a call may come together with the end of the authentication", "[control]")
{
    TemporaryDirectory const directory;
    auto views = example_views();
    auto const server = serve(directory.path() / "control", views);
    auto const socket = connect_to(directory.path() / "control");
    auto const anonymously = std::string(1, '\0') + "AUTH ANONYMOUS 6f656b64\r\n";
    REQUIRE(::send(socket.get(), anonymously.data(), anonymously.size(), 0) == ssize_t(anonymously.size()));
    CHECK_THAT(received(socket.get()), Catch::StartsWith("OK "));
    auto const begin = "BEGIN\r\n" + bytes_of_call_to_ping();
    REQUIRE(::send(socket.get(), begin.data(), begin.size(), 0) == ssize_t(begin.size()));
    CHECK_THAT(received(socket.get()), Catch::StartsWith("l\2")); // a method return
}

TEST_CASE("the socket is for its group, and gone with the server", "[control]")
{
    TemporaryDirectory const directory;
    auto const socket = directory.path() / "control";
    auto views = example_views();
    {
        auto const server = serve(socket, views);
        struct stat status{};
        REQUIRE(::lstat(socket.c_str(), &status) == 0);
        CHECK(S_ISSOCK(status.st_mode));
        CHECK((status.st_mode & 07777) == 0660);
    }
    CHECK(!std::filesystem::exists(socket));
}

TEST_CASE("a live socket belongs to another oekd, a stale one to nobody", "[control]")
{
    TemporaryDirectory const directory;
    auto const socket = directory.path() / "control";
    auto views = example_views();
    SECTION("live")
    {
        auto const first = serve(socket, views);
        auto const second = serve(socket, views);
        REQUIRE(!second.result());
        CHECK(second.result().error().code == ErrorCode::Exists);
        CHECK(second.result().error().message == "another oekd runs: it answers at " + socket.native());
        CHECK(Client(connect_to(socket)).call("Status")); // the first was not harmed
    }
    SECTION("stale")
    {
        {
            Fd const dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
            sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
            std::ranges::copy(socket.native(), address.sun_path);
            REQUIRE(::bind(dead.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0);
        }
        auto const server = serve(socket, views);
        REQUIRE(server.result());
        CHECK(Client(connect_to(socket)).call("Status"));
    }
    SECTION("not a socket")
    {
        directory.write("control", "precious");
        auto const server = serve(socket, views);
        REQUIRE(!server.result());
        CHECK(server.result().error().code == ErrorCode::Configuration);
        CHECK(server.result().error().message == socket.native() + " is not a socket; not touched");
        CHECK(std::filesystem::file_size(socket) == 8);
    }
    SECTION("no directory")
    {
        auto const server = serve(directory.path() / "none" / "control", views);
        REQUIRE(!server.result());
        CHECK(server.result().error().message ==
              fmt::format("making {}: No such file or directory",
                          (directory.path() / "none" / "control").native()));
    }
    SECTION("replaced by somebody meanwhile")
    {
        auto server = serve(socket, views);
        std::filesystem::remove(socket);
        directory.write("control", "precious");
        server.stop();
        CHECK(std::filesystem::file_size(socket) == 8);
    }
}

TEST_CASE("the 65th client is turned away, and let in when one has left", "[control]")
{
    constexpr size_t max_clients = 64;
    TemporaryDirectory const directory;
    auto const socket = directory.path() / "control";
    auto views = example_views();
    auto const server = serve(socket, views);
    std::vector<std::unique_ptr<Client>> clients;
    for (size_t i = 0; i < max_clients; ++i) {
        clients.push_back(std::make_unique<Client>(connect_to(socket)));
        REQUIRE(clients.back()->call("Status"));
    }
    auto const one_too_many = connect_to(socket);
    CHECK(is_cut_off(one_too_many.get()));
    CHECK(clients.front()->call("Status"));

    clients.pop_back();
    // The server sees the end of the connection when its loop comes to it.
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    bool let_in = false;
    while (!let_in && std::chrono::steady_clock::now() < deadline)
        let_in = Client(connect_to(socket)).call("Status").has_value();
    CHECK(let_in);
}

TEST_CASE("a client that asks on without reading is cut off, and nobody else", "[control]")
{
    TemporaryDirectory const directory;
    auto const socket = directory.path() / "control";
    auto views = views_with_many_flows();
    auto const server = serve(socket, views);
    Client other(connect_to(socket));
    Client deaf(connect_to(socket));
    REQUIRE(deaf.call("Status")); // authenticated
    deaf.ask("ListFlows");
    deaf.ask("ListFlows");
    CHECK(is_cut_off(deaf.fd()));
    auto const reply = other.call("ListFlows");
    REQUIRE(reply);
    CHECK(reply->at(0).size() == many_flows);
}

TEST_CASE("a client that monitors without reading is cut off, and nobody else", "[control]")
{
    TemporaryDirectory const directory;
    auto const socket = directory.path() / "control";
    auto views = example_views();
    struct Served {
        std::shared_ptr<ControlServer> server;
        std::shared_ptr<std::function<void()>> flood;
        std::shared_ptr<EventSource> timer;
    };
    ServingThread const thread(
        std::function<Result<Served>(EventLoop&)>([&](EventLoop& loop) -> Result<Served> {
            auto server = ControlServer::listen(loop, socket, views.target());
            if (!server)
                return std::unexpected(server.error());
            Served served{std::move(*server), std::make_shared<std::function<void()>>(),
                          std::make_shared<EventSource>()};
            *served.flood = [&loop, server = served.server.get(), flood = served.flood.get(),
                             timer = served.timer.get()] {
                for (int i = 0; i < 100; ++i)
                    server->announce(example_decisions().front());
                *timer = loop.after(std::chrono::milliseconds{1}, *flood).value();
            };
            (*served.flood)();
            return served;
        }));
    REQUIRE(thread.result());
    Client deaf(connect_to(socket));
    REQUIRE(deaf.call("Monitor", ""));
    CHECK(is_cut_off(deaf.fd()));
    CHECK(Client(connect_to(socket)).call("Status"));
}

TEST_CASE("Monitor takes a network, and nothing else", "[control]")
{
    TemporaryDirectory const directory;
    auto views = example_views();
    auto const server = serve(directory.path() / "control", views);
    Client client(connect_to(directory.path() / "control"));
    auto const refused = client.call("Monitor", "east.example");
    REQUIRE(!refused);
    CHECK(refused.error().name == "org.freedesktop.DBus.Error.InvalidArgs");
    CHECK(refused.error().message == Prefix::read("east.example").error().message);
    CHECK(client.call("Monitor", "192.0.2.0/24"));
    CHECK(client.call("Status")); // whoever monitors may ask on
}

TEST_CASE("a client that leaves one answer unread is cut off in the end", "[control]")
{
    auto views = views_with_many_flows();
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    Fd ours(ends[0]);
    auto theirs = std::make_shared<Fd>(ends[1]);
    struct Served {
        std::shared_ptr<std::unique_ptr<ControlConnection>> connection;
        std::shared_ptr<EventSource> sweep;
    };
    ServingThread const server(
        std::function<Result<Served>(EventLoop&)>([&views, theirs](EventLoop& loop) -> Result<Served> {
            // As ControlServer does it: the connection goes away a turn of the loop after it has ended.
            Served served{std::make_shared<std::unique_ptr<ControlConnection>>(),
                          std::make_shared<EventSource>()};
            auto on_end = [&loop, served] {
                *served.sweep = loop.after(std::chrono::milliseconds{0},
                                           [connection = served.connection] { connection->reset(); })
                                    .value();
            };
            auto connection = ControlConnection::serve(loop, std::move(*theirs), views.target(), on_end,
                                                       std::chrono::milliseconds{50});
            if (!connection)
                return std::unexpected(connection.error());
            *served.connection = std::move(*connection);
            return served;
        }));
    REQUIRE(server.result());
    Client deaf(std::move(ours));
    deaf.ask("ListFlows");
    CHECK(is_cut_off(deaf.fd()));
}
