// SPDX-License-Identifier: GPL-2.0-or-later
// Asks the DNS of the current network namespace for keys, for tests with real servers. Each line of standard
// input is a question: an address, a name, or "figures". Each answer is a line of JSON, in the order in which
// they come. Ends with its input, when all is answered.
#include "base/base64.h"
#include "dns/key_lookup.h"
#include "dns/unbound_resolver.h"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace oekd::dns {
namespace {

using Json = nlohmann::json;

struct Options {
    std::string forwarder;
    std::string root_hints;
    std::vector<std::string> trust_anchors;
    unsigned deadline_ms = 1'000;
    unsigned max_searches = 1'000;
    bool clock_is_synchronised = true;
};

Json json_of(std::vector<PublicKey> const& keys)
{
    auto list = Json::array();
    for (auto const& key : keys)
        list.push_back(base64(key.bytes));
    return list;
}

char const* text_of(KeysFound::Trust trust)
{
    return trust == KeysFound::Trust::Dnssec ? "dnssec" : "unsigned";
}

struct AsJson {
    Json operator()(KeysFound const& found) const
    {
        auto gateways = Json::array();
        for (auto const& gateway : found.gateways)
            gateways.push_back({{"address", gateway.address.to_string()}, {"keys", json_of(gateway.keys)}});
        return {{"answer", text_of(found.trust)}, {"gateways", gateways}, {"ttl", found.ttl.count()}};
    }
    Json operator()(NamedKeys const& found) const
    {
        auto addresses = Json::array();
        for (auto const& address : found.addresses)
            addresses.push_back(address.to_string());
        return {{"answer", text_of(found.trust)},
                {"keys", json_of(found.keys)},
                {"addresses", addresses},
                {"ttl", found.ttl.count()}};
    }
    Json operator()(NoKey const& none) const
    {
        return {{"answer", "none"}, {"why", none.why}, {"ttl", none.ttl.count()}};
    }
    Json operator()(BadKey const& bad) const
    {
        return {{"answer", "bad"}, {"why", bad.why}, {"ttl", bad.ttl.count()}};
    }
    Json operator()(Unavailable const& nobody) const
    {
        return {{"answer", "unavailable"}, {"why", nobody.why}};
    }
};

Json figures(KeyLookup const& lookup, UnboundResolver const& resolver)
{
    auto const& keys = lookup.statistics();
    auto const& all = resolver.statistics();
    return {{"asked", keys.asked},
            {"remembered", keys.remembered},
            {"shared", keys.shared},
            {"refused", keys.refused},
            {"late", keys.late},
            {"with_dnssec", keys.with_dnssec},
            {"bad", keys.bad},
            {"questions", all.asked},
            {"validated", all.validated},
            {"bogus", all.bogus},
            {"under_way", lookup.under_way()}};
}

class Probe {
public:
    Probe(EventLoop& loop, UnboundResolver& resolver, Options const& o)
        : m_loop(loop), m_resolver(resolver), m_lookup(loop, resolver,
                                                       {.deadline = std::chrono::milliseconds(o.deadline_ms),
                                                        .max_searches = o.max_searches,
                                                        .shortest_ttl = std::chrono::seconds(1)},
                                                       [set = o.clock_is_synchronised] { return set; })
    {}

    Result<void> start()
    {
        auto source = m_loop.on_readable(STDIN_FILENO, [this] { readable(); });
        if (!source)
            return std::unexpected(source.error());
        m_input = std::move(*source);
        fmt::print("{}\n", Json{{"ready", true}}.dump());
        std::fflush(stdout);
        return {};
    }

private:
    struct Question {
        EventLoop::Clock::time_point asked;
        std::unique_ptr<Lookup> lookup;
    };

    void readable()
    {
        std::array<char, 4096> buffer{};
        auto const size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (size <= 0) {
            m_input = {};
            m_ended = true;
            return stop_if_over();
        }
        m_text.append(buffer.data(), size_t(size));
        for (auto end = m_text.find('\n'); end != std::string::npos; end = m_text.find('\n')) {
            ask(m_text.substr(0, end));
            m_text.erase(0, end + 1);
        }
    }
    void ask(std::string const& line)
    {
        if (line == "figures")
            return print(figures(m_lookup, m_resolver));
        auto const number = m_next++;
        auto& question = m_questions[number];
        question.asked = EventLoop::Clock::now();
        auto const answered = [this, number, line](auto const& answer) {
            auto json = std::visit(AsJson{}, answer);
            auto const took = EventLoop::Clock::now() - m_questions.at(number).asked;
            json["asked"] = line;
            json["seconds"] = std::chrono::duration<double>(took).count();
            m_questions.erase(number);
            print(json);
            stop_if_over();
        };
        if (auto const address = Address::parse(line))
            question.lookup = m_lookup.ask(*address, answered);
        else
            question.lookup = m_lookup.ask_name(line, answered);
    }
    static void print(Json const& json)
    {
        fmt::print("{}\n", json.dump());
        std::fflush(stdout);
    }
    void stop_if_over()
    {
        if (m_ended && m_questions.empty())
            m_loop.stop(0);
    }

    EventLoop& m_loop;
    UnboundResolver& m_resolver;
    KeyLookup m_lookup;
    EventSource m_input;
    std::string m_text;
    bool m_ended = false;
    unsigned m_next = 0;
    std::map<unsigned, Question> m_questions;
};

int run(Options const& o)
{
    auto loop = EventLoop::create().value();
    UnboundResolver::Options options;
    if (!o.forwarder.empty())
        options.context.forwarders = {{Address::parse(o.forwarder).value(), ""}};
    if (!o.root_hints.empty())
        options.context.root_hints = o.root_hints;
    options.context.trust_anchors = {o.trust_anchors.begin(), o.trust_anchors.end()};
    auto resolver = UnboundResolver::open(loop, std::move(options));
    if (!resolver) {
        fmt::print(stderr, "{}\n", resolver.error().message);
        return 1;
    }
    Probe probe(loop, **resolver, o);
    if (auto started = probe.start(); !started) {
        fmt::print(stderr, "{}\n", started.error().message);
        return 1;
    }
    return loop.run().value();
}

} // namespace
} // namespace oekd::dns

int main(int argc, char** argv)
{
    oekd::dns::Options o;
    CLI::App app("asks the DNS for keys", "key_probe");
    app.add_option("--forwarder", o.forwarder, "asks this one instead of the servers of the zones");
    app.add_option("--root-hints", o.root_hints);
    app.add_option("--trust-anchor", o.trust_anchors);
    app.add_option("--deadline-ms", o.deadline_ms);
    app.add_option("--max-searches", o.max_searches);
    app.add_flag("!--without-clock", o.clock_is_synchronised);
    CLI11_PARSE(app, argc, argv);
    return oekd::dns::run(o);
}
