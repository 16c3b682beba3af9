// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

#include <string>
#include <utility>

namespace oekd {

/// Sets a kernel parameter of this network namespace and puts the old value back when destroyed.
class SysctlOverride {
public:
    /// `name` like "net.core.xfrm_larval_drop".
    static Result<SysctlOverride> set(std::string name, std::string const& value);
    SysctlOverride(SysctlOverride&& other) noexcept
        : m_name(std::exchange(other.m_name, {})), m_old(std::move(other.m_old))
    {}
    SysctlOverride& operator=(SysctlOverride&&) = delete;
    ~SysctlOverride();

private:
    SysctlOverride(std::string name, std::string old) : m_name(std::move(name)), m_old(std::move(old)) {}
    std::string m_name; ///< empty when moved from
    std::string m_old;
};

Result<std::string> read_sysctl(std::string const& name);
Result<void> write_sysctl(std::string const& name, std::string const& value);

} // namespace oekd
