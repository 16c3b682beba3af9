# SPDX-License-Identifier: GPL-2.0-or-later
"""What became of pings, in one word: judged by the answers and by every packet on the wire."""

from .pcap import Packet
from .probe import Ping


def outcome(packets: list[Packet], source: str, destination: str, ping: Ping) -> str:
    """tunnel    ESP both ways and nothing in the clear, the first packet included
    later     the source began in the clear; all answers are ESP
    clear     both ways, and nothing else
    nothing   no answer, and none on the wire that did not arrive
    All but the last mean that every ping was answered; anything else says what went wrong."""
    between = [packet for packet in packets if {packet.src, packet.dst} == {source, destination}]
    esp = {packet.src for packet in between if packet.esp}
    clear = {packet.src for packet in between if packet.cleartext}
    if ping.received == 0:
        return "ESP all the same" if esp else "an answer on the wire" if destination in clear else "nothing"
    if ping.lost:
        return f"{ping.lost} lost"
    if not esp:
        return "clear" if clear == {source, destination} else "no packet at all"
    if destination in clear:
        return "an answer in the clear"
    if clear:
        return "later" if destination in esp else "unanswered"
    return "tunnel" if esp == {source, destination} else "ESP one way"
