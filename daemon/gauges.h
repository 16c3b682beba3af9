// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "daemon/config.h"
#include "daemon/connection_table.h"
#include "daemon/metric.h"

#include <vector>

namespace oekd {

/// How things are now, each as one metric, with the limits that the configuration sets.
[[nodiscard]] std::vector<Metric> gauges_of(ConnectionTable const& table, Config const& config);

/// One number without labels; the name is without "oekd_".
[[nodiscard]] Metric gauge(std::string_view name, std::string_view help, uint64_t value);

} // namespace oekd
