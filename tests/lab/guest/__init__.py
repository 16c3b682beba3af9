# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs on the host: finds or boots a kernel with ESP and runs one job there."""
