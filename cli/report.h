// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/failure.h"

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

/// What the daemon reported, as values. All text is plain (base/plain_text.h).
namespace oekd::cli {

using WallTime = std::chrono::system_clock::time_point;

/// "192.0.2.80", "192.0.2.80 tcp 0 22".
[[nodiscard]] std::string subject_of(std::string const& remote, std::string const& service);

struct LineReport {
    std::string network;
    std::string group;
    std::string file;
    uint64_t line = 0;
    std::string service{}; ///< "tcp 0 22"; empty where all is meant
};

struct SaReport {
    uint64_t ike_sa = 0;
    std::string mode;
    std::string protection;
    std::string started_by; ///< "us", "peer"
    uint64_t spi_in = 0;
    uint64_t spi_out = 0;
    std::string ike_proposal;
    std::string esp_proposal;
};

struct HistoryReport {
    WallTime when;
    std::string text;
};

struct FlowReport {
    std::string local;
    std::string remote;
    std::string service; ///< "tcp 0 22"; empty where all is meant
    std::string group;
    std::string file; ///< the line that decided
    uint64_t line = 0;
    std::string state;
    std::string protection;
    WallTime since;
    std::string why;
    std::optional<std::chrono::seconds> next_try;
    std::optional<WallTime> clear_until;
    uint64_t reqid = 0;
    uint64_t bytes_in = 0;
    uint64_t bytes_out = 0;
    uint64_t packets_in = 0;
    uint64_t packets_out = 0;
    std::vector<SaReport> sas;          ///< only in details
    std::vector<HistoryReport> history; ///< only in details, oldest first
};

/// A host name in a group file.
struct NameReport {
    std::string name;
    std::string service; ///< empty: everything
    std::string group;
    std::string file;
    uint64_t line = 0;
    std::vector<std::string> addresses;
    std::vector<std::string> signed_addresses; ///< of these
    std::string problem;                       ///< why the DNS does not know it now
};

/// What the DNS says of one of the host's addresses.
struct PublishedReport {
    std::string address;
    std::string state; ///< "unknown", "none", "other", "dns", "dnssec"
    std::string text;  ///< for people
};

struct StatusReport {
    std::string version;
    std::string strongswan;
    WallTime started;
    uint64_t encrypted = 0;
    uint64_t authenticated = 0; ///< of these
    uint64_t clear = 0;
    uint64_t blocked = 0;
    uint64_t deciding = 0;
    uint64_t max_flows = 0;
    std::vector<LineReport> lines;
    std::vector<std::string> warnings;
    std::vector<NameReport> names;
    std::string key; ///< our own, for people; empty without one
    std::vector<PublishedReport> published;
    std::vector<std::string> own_addresses;
    std::vector<std::string> dns_servers;
    std::string dns; ///< "servers": DNS is exempt to these; "any"
    std::string ntp; ///< "none", "any": NTP is exempt to anybody
    std::vector<std::string> tunnels_left_out;
};

struct ShowReport {
    std::vector<FlowReport> flows;
    std::optional<LineReport> line; ///< the one that decides now
};

// Each takes the array of what a method returned. A daemon of another version may lack a
// value, which is then empty; one that has the wrong type is a Failure.

[[nodiscard]] Outcome<StatusReport> decode_status(nlohmann::json const& reply);
[[nodiscard]] Outcome<std::vector<FlowReport>> decode_flows(nlohmann::json const& reply);
[[nodiscard]] Outcome<ShowReport> decode_show(nlohmann::json const& reply);

// Parts of them, for decoders of other answers; these throw what the JSON library throws.

[[nodiscard]] LineReport decode_line(nlohmann::json const& line);
[[nodiscard]] FlowReport decode_flow(nlohmann::json const& flow);

} // namespace oekd::cli
