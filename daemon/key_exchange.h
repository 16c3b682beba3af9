// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace oekd {

/// How the keys were agreed, for people: "AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE_25519/KE1_ML_KEM_768"
/// becomes "x25519+ML-KEM-768". Groups without a common name keep libcharon's.
[[nodiscard]] std::string key_exchange_of(std::string_view ike_proposal);

} // namespace oekd
