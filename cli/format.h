// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace oekd::cli {

/// For whom a verb writes.
enum class Format { People, Json };

} // namespace oekd::cli
