// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "publish/records.h"
#include "publish/tsig_key.h"

#include <string>

namespace oekd::publish {

/// Who takes changes of a zone.
struct Primary {
    std::string server; ///< name or address; TCP port 53
    std::string zone;   ///< without the dot at the end
    TsigKey key;
};

/// Replaces what the names have now (RFC 2136), signed (RFC 8945); blocks. Where the server refuses a message
/// the error says so, and how many names it has taken before: each message is taken as a whole or not at all.
[[nodiscard]] Result<void> send_update(Publication const& publication, Primary const& primary);

} // namespace oekd::publish
