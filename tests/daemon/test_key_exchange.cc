// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/key_exchange.h"

#include <catch2/catch.hpp>

using oekd::key_exchange_of;

TEST_CASE("a proposal's key exchange has a name that people know", "[daemon]")
{
    CHECK(key_exchange_of("AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE_25519/KE1_ML_KEM_768") ==
          "x25519+ML-KEM-768");
    CHECK(key_exchange_of("AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/ECP_256") == "P-256");
    CHECK(key_exchange_of("AES_GCM_16_256/PRF_HMAC_SHA2_256/MODP_2048") == "MODP_2048");
    CHECK(key_exchange_of("AES_GCM_16_256/EXT_SEQ").empty());
    CHECK(key_exchange_of("").empty());
    CHECK(key_exchange_of("KE").empty());
    CHECK(key_exchange_of("///").empty());
}
