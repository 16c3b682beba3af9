// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/config.h"

#include "base/plain_text.h"
#include "base/text_file.h"
#include "daemon/duration.h"
#include "daemon/settings.h"
#include "dns/domain_name.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/un.h>

namespace oekd {

namespace {

using namespace std::chrono_literals;

constexpr size_t config_file_limit = size_t{1024} * 1024;
constexpr size_t max_path = 4095;
constexpr size_t max_interfaces = 64;
constexpr size_t max_interface_pattern = 63; // a name has at most 15, a pattern may list characters
constexpr size_t max_socket_path = sizeof(sockaddr_un::sun_path) - 1;

/// One of a few words.
template <typename T> Setting choice_setting(std::string_view name, T& target,
                                             std::initializer_list<T> choices)
{
    std::vector<std::string> words;
    for (auto const choice : choices)
        words.push_back(fmt::format("\"{}\"", to_string(choice)));
    return {name, fmt::format("{}", fmt::join(words, " or ")),
            [&target, values = std::vector<T>(choices)](std::string const& text) {
                auto const chosen =
                    std::ranges::find_if(values, [&](T value) { return text == to_string(value); });
                if (chosen == values.end())
                    return false;
                target = *chosen;
                return true;
            }};
}

Setting name_setting(std::string_view name, std::string& target)
{
    return {name, "a host name", [&target](std::string const& text) {
                target = text;
                return text.empty() || dns::is_host_name(text);
            }};
}

/// What a peer may have proven; at least one.
Setting auth_setting(std::string_view name, AcceptedProtections& target)
{
    static constexpr std::array words{std::pair{"dnssec", Protection::Dnssec},
                                      std::pair{"dns", Protection::Dns},
                                      std::pair{"null", Protection::Anonymous}};
    return {name, R"(a list of "dnssec", "dns" and "null")",
            [&target](std::vector<std::string> const& texts) {
                AcceptedProtections chosen{};
                for (auto const& text : texts) {
                    auto const* const word =
                        std::ranges::find(words, text, [](auto const& w) { return w.first; });
                    if (word == words.end())
                        return false;
                    chosen.add(word->second);
                }
                target = chosen;
                return !texts.empty();
            }};
}

/// All keys, with the bounds that oekd.conf(5) names.
// NOLINTNEXTLINE(readability-function-size): a table
std::vector<Setting> settings_of(Config& config)
{
    using Negotiation = Conduct::Negotiation;
    auto& timing = config.timing;
    auto& groups = config.groups;
    auto& probe = config.probe;
    auto& ike = config.ike;
    auto& surroundings = config.surroundings;
    return {
        path_setting("policies", config.policies, max_path),
        path_setting("control", config.control, max_socket_path),
        list_setting("interfaces", surroundings.interfaces, max_interfaces, max_interface_pattern),

        path_setting("identity.key", config.key, max_path),
        name_setting("identity.name", ike.own_name),

        path_setting("dns.resolv-conf", surroundings.resolv_conf, max_path),
        path_setting("dns.resolved-conf", surroundings.resolved_conf, max_path),
        path_setting("dns.trust-anchor", config.dns.trust_anchor, max_path),
        duration_setting("dns.deadline", config.dns.deadline, 50ms, 10s),
        seconds_setting("dns.ttl-min", config.dns.shortest_ttl, 1s, 1h),

        duration_setting("hold.silence", timing.hold_silence, 10ms, 10s),
        duration_setting("hold.capable", timing.hold_capable, 10ms, 10s),
        duration_setting("hold.limit", timing.hold_limit, 10ms, 1min),

        duration_setting("shunt.again", timing.shunt_again, 100ms, 1h),
        duration_setting("shunt.short", timing.shunt_short, 1s, 24h),
        duration_setting("shunt.short-max", timing.shunt_short_max, 1s, 24h),
        duration_setting("shunt.normal", timing.shunt_normal, 1s, 24h),

        choice_setting("group.private-or-clear.negotiation", groups.private_or_clear.conduct.negotiation,
                       {Negotiation::Hold, Negotiation::Pass, Negotiation::Drop}),
        choice_setting("group.private-or-clear.failure", groups.private_or_clear.conduct.failure,
                       {Conduct::Failure::Pass, Conduct::Failure::Drop}),
        choice_setting("group.private.negotiation", groups.private_.conduct.negotiation,
                       {Negotiation::Hold, Negotiation::Drop}),
        auth_setting("group.clear-or-private.auth", groups.clear_or_private.judgement.accepted),
        auth_setting("group.private-or-clear.auth", groups.private_or_clear.judgement.accepted),
        auth_setting("group.private.auth", groups.private_.judgement.accepted),
        choice_setting("group.private-or-clear.promise-broken",
                       groups.private_or_clear.judgement.promise_broken,
                       {PromiseBroken::Clear, PromiseBroken::Deny}),

        number_setting<unsigned>("probe.total-burst", probe.total.burst, 1, 65'536),
        duration_setting("probe.total-every", probe.total.every, 1ms, 1h),
        number_setting<unsigned>("probe.prefix-burst", probe.prefix.burst, 1, 65'536),
        duration_setting("probe.prefix-every", probe.prefix.every, 1ms, 1h),
        number_setting<unsigned>("probe.answers-burst", probe.answers.burst, 1, 65'536),
        duration_setting("probe.answers-every", probe.answers.every, 1ms, 1h),
        number_setting<unsigned>("probe.answers-prefix-burst", probe.answers_prefix.burst, 1, 65'536),
        duration_setting("probe.answers-prefix-every", probe.answers_prefix.every, 1ms, 1h),
        number_setting<unsigned>("probe.silences", probe.silences, 1, 65'536),
        number_setting<unsigned>("probe.amplification", probe.amplification, 1, 100),

        choice_setting("ike.mode", ike.mode, {EspMode::Transport, EspMode::Tunnel}),
        number_setting<uint16_t>("ike.port", ike.port, 1, 65'535),
        number_setting<uint16_t>("ike.nat-port", ike.nat_port, 1, 65'535),
        duration_setting("ike.retransmit", ike.retransmit_first, 50ms, 10s),
        number_setting<unsigned>("ike.retransmissions", ike.retransmissions, 0, 10),
        duration_setting("ike.deadline", ike.deadline, 1s, 5min),
        seconds_setting("ike.rekey-child", ike.rekey_child, 10s, 24h),
        seconds_setting("ike.rekey-ike", ike.rekey_ike, 10s, 24h),
        number_setting<int>("ike.log-level", ike.log_level, -1, 3), // 4 would log keys

        number_setting<int>("limits.kernel-events", config.event_buffer, 1'024, 256 << 20),
        number_setting<size_t>("limits.flows", config.max_flows, 1, 1'000'000),
        number_setting<size_t>("limits.negotiations", ike.max_negotiations, 1, 65'536),
        number_setting<size_t>("limits.sas", ike.max_sas, 1, 1'000'000),
        number_setting<size_t>("limits.sas-per-address", ike.max_sas_per_address, 1, 65'536),
    };
}

/// Two keys that are fine alone and wrong together.
struct Contradiction {
    bool found;
    std::string_view key;
    std::string_view other;
    std::string message;
};

std::vector<Contradiction> contradictions_in(Config const& config)
{
    auto const& timing = config.timing;
    auto const& ike = config.ike;
    auto const longer = [](std::string_view one, auto value, std::string_view other, auto limit) {
        return Contradiction{value > limit, one, other,
                             fmt::format("{} is {}, longer than {}, which is {}", one, duration_text(value),
                                         other, duration_text(limit))};
    };
    return {
        longer("hold.silence", timing.hold_silence, "hold.limit", timing.hold_limit),
        longer("shunt.short", timing.shunt_short, "shunt.short-max", timing.shunt_short_max),
        longer("ike.retransmit", ike.retransmit_first, "ike.deadline", ike.deadline),
        {ike.port == ike.nat_port, "ike.port", "ike.nat-port",
         fmt::format("ike.port and ike.nat-port are both {}, expected two ports", ike.port)},
    };
}

/// The line of whichever of the two keys the file has; one of them it must have, as the defaults agree.
int line_of(SettingLines const& lines, Contradiction const& contradiction)
{
    auto found = lines.find(contradiction.key);
    if (found == lines.end())
        found = lines.find(contradiction.other);
    return found == lines.end() ? 1 : found->second;
}

Result<Config> parse_config(std::string_view text, std::string_view file)
{
    Config config;
    auto const lines = read_settings(text, file, settings_of(config));
    if (!lines)
        return std::unexpected(lines.error());
    config.timing.hold_capable = std::max(config.timing.hold_capable, config.timing.hold_silence);
    for (auto const& contradiction : contradictions_in(config)) {
        if (contradiction.found)
            return fail(
                ErrorCode::Configuration,
                fmt::format("{}:{}: {}", file, line_of(*lines, contradiction), contradiction.message));
    }
    return config;
}

} // namespace

GroupSettings const& GroupsSettings::of(PolicyGroup group) const
{
    static GroupSettings const others{};
    switch (group) {
    case PolicyGroup::ClearOrPrivate: return clear_or_private;
    case PolicyGroup::PrivateOrClear: return private_or_clear;
    case PolicyGroup::Private: return private_;
    case PolicyGroup::Clear:
    case PolicyGroup::Block: break;
    }
    return others;
}

Result<Config> load_config(std::filesystem::path const& file, ConfigFile required)
{
    auto const text = read_text_file(file, config_file_limit);
    if (text)
        return parse_config(*text, plain_text(file.native()));
    if (text.error().code != ErrorCode::NotFound)
        return std::unexpected(text.error());
    if (required == ConfigFile::Optional)
        return Config{};
    return fail(ErrorCode::Configuration, text.error().message);
}

} // namespace oekd
