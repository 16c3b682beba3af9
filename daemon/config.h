// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "daemon/surroundings.h"
#include "ike/ike.h"
#include "policy/connection.h"
#include "policy/group_table.h"
#include "policy/probe_budget.h"

#include <filesystem>
#include <string>
#include <vector>

namespace oekd {

/// What the file says about a group.
struct GroupSettings {
    Conduct conduct{};
    Judgement judgement{{Protection::Dnssec, Protection::Dns, Protection::Anonymous}};
    friend bool operator==(GroupSettings const&, GroupSettings const&) = default;
};
struct GroupsSettings {
    GroupSettings clear_or_private{};
    GroupSettings private_or_clear{};
    GroupSettings private_{.conduct = {Conduct::Negotiation::Hold, Conduct::Failure::Drop}};

    /// Of clear and block nobody asks.
    [[nodiscard]] GroupSettings const& of(PolicyGroup group) const;
    friend bool operator==(GroupsSettings const&, GroupsSettings const&) = default;
};

constexpr std::string_view default_key = "/var/lib/oekd/key.pem";            ///< where oekctl makes it
constexpr std::string_view default_trust_anchor = "/usr/share/dns/root.key"; ///< Debian's dns-root-data

/// /etc/oekd/oekd.conf (TOML). Every key has a default; an empty or missing default file works. See
/// oekd.conf(5).
struct Config {
    std::filesystem::path policies = "/etc/oekd/policies"; ///< one file per group
    std::filesystem::path control = "/run/oekd/control";   ///< the control socket
    Timing timing;
    ProbeLimits probe;
    GroupsSettings groups;
    IkeSettings ike;
    int event_buffer = 8 << 20; ///< bytes that wait for us in the kernel's event socket
    size_t max_flows = 65'536;
    std::filesystem::path key = default_key; ///< our own; where the default does not exist we have none
    Surroundings::Options surroundings;
    struct Dns {
        /// Where the default does not exist nothing is validated.
        std::filesystem::path trust_anchor = default_trust_anchor;
        std::chrono::seconds shortest_ttl{30};
        std::chrono::milliseconds deadline{1'000}; ///< for the keys of a peer
    } dns;
};

/// Reads and checks the file: unknown key, wrong type, value out of range are errors with file and line.
/// `required` says whether a missing file is an error (it is when the user named it).
enum class ConfigFile { Required, Optional };
Result<Config> load_config(std::filesystem::path const& file, ConfigFile required);

struct LoadedGroups {
    GroupTable table; ///< without what names stand for
    std::vector<NamedLine> names;
    std::vector<LineError> errors; ///< bad lines: reported, skipped
};
/// Reads policies/<group> for each group; a missing file is an empty group, an unreadable one an Error. A
/// file of another name is reported among the bad lines, with the group that it may mean.
Result<LoadedGroups> load_groups(std::filesystem::path const& directory, GroupsSettings const& groups = {});

} // namespace oekd
