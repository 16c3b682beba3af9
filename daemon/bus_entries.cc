// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/bus_entries.h"

#include "base/plain_text.h"

namespace oekd::bus {

uint64_t microseconds(std::chrono::system_clock::time_point time)
{
    auto const since_epoch =
        std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
    return since_epoch < 0 ? 0 : static_cast<uint64_t>(since_epoch);
}

int append_text(sd_bus_message* message, std::string_view text)
{
    return sd_bus_message_append_basic(message, 's', plain_text(text).c_str());
}

} // namespace oekd::bus
