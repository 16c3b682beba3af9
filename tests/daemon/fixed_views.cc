// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/daemon/fixed_views.h"

namespace oekd {

namespace {

constexpr WallTime start{std::chrono::seconds{1'795'285'800}}; // 2026-11-21 18:30:00 UTC

Flow flow_between(std::string_view local, std::string_view remote)
{
    return {Address::parse(local).value(), Address::parse(remote).value()};
}

SaDescription example_sa(Flow const& flow)
{
    return {.sa = IkeSaId{7},
            .flow = flow,
            .reqid = Reqid{1001},
            .mode = EspMode::Transport,
            .inbound = Spi{0xc0000001},
            .outbound = Spi{0x0a0b0c0d},
            .protection = Protection::Anonymous,
            .by = Established::By::Peer,
            .ike_proposal = "AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE_25519/KE1_ML_KEM_768",
            .esp_proposal = "AES_GCM_16_256/ESN"};
}

FlowView encrypted_flow()
{
    FlowView view;
    view.flow = flow_between("192.0.2.7", "192.0.2.80");
    view.group = PolicyGroup::PrivateOrClear;
    view.group_file = "/etc/oekd/policies/private-or-clear";
    view.group_line = 3;
    view.state = ConnectionState::Keyed;
    view.protection = Protection::Anonymous;
    view.since = start + std::chrono::seconds{5};
    view.why = "AUTH-NULL, by the peer";
    view.clear_until = start + std::chrono::seconds{5};
    view.reqid = Reqid{1001};
    view.sas = {example_sa(view.flow)};
    view.bytes_in = 1'234'567;
    view.bytes_out = 310'000;
    view.packets_in = 1203;
    view.packets_out = 998;
    view.history = {{start, "expired -> clear: no answer on UDP 500"},
                    {start + std::chrono::seconds{5}, "clear -> keyed: AUTH-NULL, by the peer"}};
    return view;
}

FlowView clear_flow()
{
    FlowView view;
    view.flow = flow_between("2001:db8::7", "2001:db8:1:2:3:4:5:6");
    view.group = PolicyGroup::PrivateOrClear;
    view.group_file = "/etc/oekd/policies/private-or-clear";
    view.group_line = 4;
    view.state = ConnectionState::ClearText;
    view.protection = Protection::Clear;
    view.since = start + std::chrono::seconds{60};
    view.why = "no answer on UDP 500";
    view.next_try = std::chrono::seconds{10};
    return view;
}

/// Its reason holds what a peer might send to fool a terminal.
FlowView denied_flow()
{
    FlowView view;
    view.flow = flow_between("192.0.2.7", "198.51.100.4");
    view.group = PolicyGroup::Private;
    view.group_file = "/etc/oekd/policies/private";
    view.group_line = 1;
    view.state = ConnectionState::Deny;
    view.protection = Protection::Blocked;
    view.since = start + std::chrono::seconds{90};
    view.why = "refused by the peer: \x1b[2J\xff";
    return view;
}

} // namespace

FixedViews example_views()
{
    FixedViews views;
    views.flow_views = {denied_flow(), clear_flow(), encrypted_flow()};
    views.line = GroupLine{Prefix::parse("192.0.2.0/24").value(), PolicyGroup::PrivateOrClear,
                           "/etc/oekd/policies/private-or-clear", 3};
    auto& status = views.status_view;
    status.version = "0.1.0";
    status.strongswan = "6.1.0";
    status.started = start;
    status.encrypted = 1;
    status.clear = 1;
    status.blocked = 1;
    status.max_flows = 65'536;
    status.lines = {*views.line};
    status.warnings = {
        "/etc/oekd/policies/clear:2: \"10.0.0.0/33\": the length is over 32; this line is skipped"};
    views.metric_views = {
        {"oekd_decisions",
         Metric::Type::Counter,
         "Changes of a flow's state",
         {{{{"from", "pending"}, {"to", "keyed"}}, 7}, {{{"from", "pending"}, {"to", "a\"b\\c"}}, 1}}},
        {"oekd_uptime_seconds", Metric::Type::Gauge, "Seconds since the start", {{{}, 260}}}};
    views.why_view.line = views.line;
    views.why_view.exceptions = {{Prefix::parse("192.0.2.0/24").value(), PolicyGroup::Private,
                                  "/etc/oekd/policies/private", 2, Service::read("tcp", "0", "22").value()}};
    views.why_view.overruled = {
        {Prefix::parse("0.0.0.0/0").value(), PolicyGroup::Clear, "/etc/oekd/policies/clear", 1}};
    views.why_view.exemptions = {"DHCP", "NTP"};
    views.why_view.forecast = {"First this.", "Then that."};
    views.reload_result = ReloadView{1, status.warnings};
    NamedLine const named{"www.example.net", PolicyGroup::Private, "/etc/oekd/policies/private", 7};
    HostAddress const proven{HostAddress::Provenance::Signed, Address::parse("192.0.2.80").value()};
    HostAddress const unproven{HostAddress::Provenance::Unsigned, Address::parse("2001:db8::80").value()};
    status.key = "Ed25519 abc";
    status.published = {{*Address::parse("192.0.2.7"), "dnssec", "published"}};
    status.names = {
        {named, {proven, unproven}, ""},
        {{"gone.example.net", PolicyGroup::Block, "/etc/oekd/policies/block", 1}, {}, "no \xff name"}};
    status.exempt = {.own_addresses = {Address::parse("192.0.2.7").value()},
                     .dns_servers = {Address::parse("192.0.2.53").value()},
                     .ntp = Exempt::Ntp::ToAny};
    status.tunnels_left_out = {"wg0"};
    return views;
}

std::vector<Decision> example_decisions()
{
    auto blocked = flow_between("2001:db8::7", "2001:db8::80");
    blocked.service = Service::read("tcp", "0", "22").value();
    return {{.when = start + std::chrono::milliseconds{5042},
             .flow = flow_between("192.0.2.7", "192.0.2.80"),
             .group = PolicyGroup::PrivateOrClear,
             .file = "/etc/oekd/policies/private-or-clear",
             .line = 3,
             .before = ConnectionState::PendingOe,
             .after = ConnectionState::Keyed,
             .protection = Protection::Anonymous,
             .why = "AUTH-NULL, started by us"},
            {.when = start + std::chrono::seconds{6},
             .flow = blocked,
             .group = PolicyGroup::Private,
             .file = "/etc/oekd/policies/private",
             .line = 1,
             .before = ConnectionState::PendingOe,
             .after = ConnectionState::Deny,
             .protection = Protection::Blocked,
             .why = "refused by the peer: \x1b[2J\xff"}};
}

} // namespace oekd
