// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/sysctl.h"

#include "base/fd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace oekd {

namespace {

std::string path_of(std::string name)
{
    std::ranges::replace(name, '.', '/');
    return "/proc/sys/" + name;
}

Error failure(std::string_view verb, std::string const& name)
{
    return system_error(errno, fmt::format("{} {}", verb, name));
}

} // namespace

Result<std::string> read_sysctl(std::string const& name)
{
    Fd const file(::open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file)
        return std::unexpected(failure("reading", name));
    std::array<char, 256> buffer;
    ssize_t const size = ::read(file.get(), buffer.data(), buffer.size());
    if (size < 0)
        return std::unexpected(failure("reading", name));
    std::string text(buffer.data(), static_cast<size_t>(size));
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text;
}

Result<void> write_sysctl(std::string const& name, std::string const& value)
{
    Fd const file(::open(path_of(name).c_str(), O_WRONLY | O_CLOEXEC));
    if (!file || ::write(file.get(), value.data(), value.size()) < 0)
        return std::unexpected(failure("writing", name));
    return {};
}

Result<SysctlOverride> SysctlOverride::set(std::string name, std::string const& value)
{
    auto old = read_sysctl(name);
    if (!old)
        return std::unexpected(old.error());
    if (auto written = write_sysctl(name, value); !written)
        return std::unexpected(written.error());
    return SysctlOverride(std::move(name), std::move(*old));
}

SysctlOverride::~SysctlOverride()
{
    // Nobody is left to tell: when this fails the parameter stays as it is.
    if (!m_name.empty()) [[maybe_unused]]
        auto written = write_sysctl(m_name, m_old);
}

} // namespace oekd
