// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "publish/records.h"

#include <string>
#include <string_view>

namespace oekd::publish {

/// Lines for a zone file, as every server reads them.
[[nodiscard]] std::string zone_lines(Publication const& publication);

/// Where nsupdate(1) sends it; what is empty it finds out by itself.
struct Destination {
    std::string_view server;
    std::string_view zone;
};
/// A script for nsupdate(1), which replaces what the names have now.
[[nodiscard]] std::string nsupdate_script(Publication const& publication, Destination const& destination);

} // namespace oekd::publish
