// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"
#include "kernel-glue/forwarding_plane.h"
#include "kernel-glue/own_addresses.h"
#include "policy/flow.h"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace oekd::test {

inline Address address(std::string_view text) { return Address::parse(text).value(); }

inline Prefix prefix(std::string_view text) { return Prefix::parse(text).value(); }

inline Flow flow(std::string_view local, std::string_view remote)
{
    return {address(local), address(remote)};
}

/// A flow about which a line for the remote's /16 decides.
inline FlowOfLine of(Flow const& flow, PolicyGroup group) { return {flow, group, Prefix(flow.remote, 16)}; }

/// The table for every address of this host, and this exempt besides them.
inline Result<std::vector<GroupLine>> install(ForwardingPlane& plane, GroupTable const& table,
                                              Exempt exempt = {})
{
    auto const own = own_addresses({}).value();
    exempt.own_addresses = own.all;
    return plane.install(table, own.flow_ends, exempt);
}

/// True as soon as the condition holds, false when it does not within two seconds.
bool eventually(std::function<bool()> const& condition);

/// Runs a command that must succeed.
void run(std::string const& command);

/// A network namespace of this process's own, with one interface (10.1.0.1/8, fd01::1/16) to a wire where
/// everything that is sent can be seen. Needs no root: without it a user namespace comes with it. Each one
/// replaces the one before.
class PrivateNetwork {
public:
    PrivateNetwork();

    /// Sends a UDP datagram with this text. False when the kernel refuses at once.
    bool send(std::string_view to, std::string_view text) const;
    /// Did a frame with this text come out on the wire, within the deadline?
    bool seen(std::string_view text);
    /// The texts of all UDP datagrams seen so far.
    std::vector<std::string> const& texts();
    /// Did a socket of this host get a datagram with this text, within the deadline?
    bool heard(std::string_view text);
    /// Delivers an IPv4 UDP datagram from the wire to 10.1.0.1; true if a socket there got it within the
    /// deadline.
    bool arrives(std::string_view from, std::string_view text);
    /// The same, but for a datagram that must not arrive: a second one from a permitted host shows that the
    /// wire works.
    bool refused(std::string_view from, std::string_view permitted, std::string_view text);

    /// The last IPv4 packet with this protocol on the wire, or nothing within the deadline.
    std::string packet(uint8_t protocol);
    /// Sends an IPv4 packet from the wire as if its two ends had changed places.
    void reflect(std::string packet) const;

    /// Held packets need a parameter that user namespaces do not have; then the kernel drops them.
    [[nodiscard]] static bool can_hold();

private:
    void collect();
    void inject(std::string_view packet) const;
    bool received(std::string_view text);

    Fd m_wire;     ///< sees and sends frames at the far end
    Fd m_listener; ///< UDP port 7777, both families
    std::vector<std::string> m_frames;
    std::vector<std::string> m_texts;
    std::vector<std::string> m_received;
};

} // namespace oekd::test
