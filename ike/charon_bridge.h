// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "ike/charon.h"
#include "ike/ike_log.h"
#include "ike/responder_gate.h"
#include "ike/sa_table.h"
#include "ike/udp_ports.h"

namespace oekd {

/// Answers the C layer's hooks. Must outlive libcharon.
class CharonBridge {
public:
    CharonBridge(UdpPorts& ports, SaTable& sas, ResponderGate& gate, IkeLog& log)
        : m_ports(ports), m_sas(sas), m_gate(gate), m_log(log)
    {}
    CharonBridge(CharonBridge const&) = delete;
    CharonBridge& operator=(CharonBridge const&) = delete;

    [[nodiscard]] charon_hooks hooks();

private:
    struct Hooks; ///< the C callbacks
    charon_received receive(charon_datagram& datagram);
    [[nodiscard]] bool is_heard(Datagram const& datagram) const;
    [[nodiscard]] bool is_forgery(Datagram const& datagram);

    UdpPorts& m_ports;
    SaTable& m_sas;
    ResponderGate& m_gate;
    IkeLog& m_log;
};

} // namespace oekd
