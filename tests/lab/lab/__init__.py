# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts, wire and daemons of the lab: what the scenarios and the demo are written with."""
