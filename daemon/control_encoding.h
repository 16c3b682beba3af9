// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "daemon/commands.h"
#include "daemon/decision.h"
#include "daemon/view.h"

#include <span>
#include <systemd/sd-bus.h>

/// Views as D-Bus values. Names as in D-Bus, times are microseconds since 1970 (t), numbers t, a value that
/// is not there has no key. All text is made plain ASCII: D-Bus takes valid UTF-8 only, and some of it came
/// from peers.
///
///   status   Version s, StrongSwan s, Started t, Encrypted t, Authenticated t, Clear t, Blocked t, Deciding
///   t,
///            MaxFlows t, Lines aa{sv}, Warnings as, Names aa{sv}, OwnAddresses as, DnsServers as, Dns s
///            ("servers", "any"), Ntp s ("none", "any"), TunnelsLeftOut as
///   name     Name s, Service s, Group s, File s, Line t, Addresses as, SignedAddresses as (of these),
///            Problem s
///   line     Network s, Service s, Group s, File s, Line t
///   flow     Local s, Remote s, Service s, Group s, File s, Line t (the line that decided), State s,
///   Protection s, Since t,
///            Why s, NextTry t (seconds), ClearUntil t, Reqid t, BytesIn t, BytesOut t, PacketsIn t,
///            PacketsOut t
///   details  a flow, and SAs aa{sv}, History a(ts)
///   decision When t, Local s, Remote s, Service s, Group s, File s, Line t, Before s, After s, Protection s,
///            Why s
///   why      Line a{sv} (only where one decides), Exceptions aa{sv}, Overruled aa{sv} (lines), Exemptions
///   as,
///            Forecast as, Flows aa{sv} (details)
///   metric   Name s, Type s ("counter", "gauge"), Help s, Samples a(a{ss}t): labels and value
///   reload   Lines t, Warnings as
///   SA       IkeSa t, Mode s, Protection s, StartedBy s ("us", "peer"), SpiIn t, SpiOut t, IkeProposal s,
///   EspProposal s
namespace oekd::control_encoding {

// Each appends one value, a{sv} or aa{sv}, and returns what sd-bus said: negative where it failed.

int append_status(sd_bus_message* message, StatusView const& status);
/// Without SAs and history: a list may be long.
int append_flows(sd_bus_message* message, std::span<FlowView const> flows);
int append_decision(sd_bus_message* message, Decision const& decision);
int append_why(sd_bus_message* message, WhyView const& why);
int append_metrics(sd_bus_message* message, std::span<Metric const> metrics);
int append_reload(sd_bus_message* message, ReloadView const& reload);
int append_details(sd_bus_message* message, std::span<FlowView const> flows);
/// An empty a{sv} where there is no line.
int append_line(sd_bus_message* message, GroupLine const* line);

} // namespace oekd::control_encoding
