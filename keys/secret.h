// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace oekd::keys {

/// Bytes that are wiped before their memory is given back. Their number never changes, so that no copy is
/// left behind.
class Secret {
public:
    explicit Secret(size_t size) : m_bytes(size) {}
    Secret(Secret&&) = default;
    Secret& operator=(Secret&&) = delete;
    ~Secret();

    [[nodiscard]] char* data() { return m_bytes.data(); }
    [[nodiscard]] char const* data() const { return m_bytes.data(); }
    [[nodiscard]] std::string_view view() const { return {m_bytes.data(), m_bytes.size()}; }
    [[nodiscard]] size_t size() const { return m_bytes.size(); }

private:
    std::vector<char> m_bytes;
};

} // namespace oekd::keys
