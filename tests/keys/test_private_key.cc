// SPDX-License-Identifier: GPL-2.0-or-later
#include "keys/fingerprint.h"
#include "keys/private_key.h"
#include "tests/daemon/temporary_directory.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <sys/stat.h>

using namespace oekd;
using namespace oekd::keys;
namespace fs = std::filesystem;

namespace {

using Pair = Handle<EVP_PKEY, EVP_PKEY_free>;
using Context = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using File = Handle<std::FILE, std::fclose>;
using Bytes = std::vector<std::byte>;

constexpr mode_t mode_bits = 07777;

mode_t mode_of(fs::path const& path)
{
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & mode_bits;
}

std::string text_of(fs::path const& path)
{
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
}

Pair read_pair(fs::path const& path)
{
    File const file(std::fopen(path.c_str(), "r"));
    REQUIRE(file);
    return Pair(PEM_read_PrivateKey(file.get(), nullptr, nullptr, nullptr));
}

void write_pair(fs::path const& path, EVP_PKEY const& pair, EVP_CIPHER const* cipher = nullptr,
                std::string passphrase = {})
{
    File const file(std::fopen(path.c_str(), "w"));
    REQUIRE(file);
    REQUIRE(::fchmod(::fileno(file.get()), 0600) == 0);
    REQUIRE(PEM_write_PKCS8PrivateKey(file.get(), &pair, cipher, passphrase.data(),
                                      static_cast<int>(passphrase.size()), nullptr, nullptr) == 1);
}

/// What load() says about it.
std::string refusal(fs::path const& path)
{
    auto const key = PrivateKey::load(path);
    REQUIRE_FALSE(key);
    INFO(key.error().message);
    CHECK_THAT(key.error().message, Catch::StartsWith(path.native() + ": "));
    return key.error().message.substr(path.native().size() + 2);
}

std::string hex_of(EVP_PKEY const& pair, char const* name)
{
    BIGNUM* number = nullptr;
    REQUIRE(EVP_PKEY_get_bn_param(&pair, name, &number) == 1);
    Handle<BIGNUM, BN_free> const owned(number);
    char* const text = BN_bn2hex(number);
    std::string result = text;
    OPENSSL_free(text);
    return result;
}

std::string hex_of(Bytes const& bytes)
{
    std::string text;
    for (auto const byte : bytes)
        text += fmt::format("{:02X}", std::to_integer<int>(byte));
    return text;
}

Pair rsa_pair(size_t bits, uint64_t exponent)
{
    Context const context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    OSSL_PARAM const parameters[]{OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_RSA_BITS, &bits),
                                  OSSL_PARAM_construct_uint64(OSSL_PKEY_PARAM_RSA_E, &exponent),
                                  OSSL_PARAM_construct_end()};
    EVP_PKEY* pair = nullptr;
    REQUIRE(EVP_PKEY_keygen_init(context.get()) == 1);
    REQUIRE(EVP_PKEY_CTX_set_params(context.get(), parameters) == 1);
    REQUIRE(EVP_PKEY_generate(context.get(), &pair) == 1);
    return Pair(pair);
}

} // namespace

TEST_CASE("a key comes back from its file as it was", "[keys]")
{
    struct Row {
        KeyType type;
        unsigned bits;
        KeyAlgorithm algorithm;
        size_t size;
        std::string kind;
    };
    auto const row = GENERATE(values<Row>({{KeyType::Ed25519, 0, KeyAlgorithm::EdDsa, 32, "Ed25519"},
                                           {KeyType::EcdsaP256, 0, KeyAlgorithm::Ecdsa, 64, "ECDSA P-256"},
                                           {KeyType::EcdsaP384, 0, KeyAlgorithm::Ecdsa, 96, "ECDSA P-384"},
                                           {KeyType::Rsa, 2048, KeyAlgorithm::Rsa, 4 + 256, "RSA 2048"},
                                           {KeyType::Rsa, 3072, KeyAlgorithm::Rsa, 4 + 384, "RSA 3072"}}));
    INFO(row.kind);
    TemporaryDirectory const directory;
    auto const path = directory.path() / "key.pem";
    auto const made = PrivateKey::generate(row.type, row.bits).value();
    REQUIRE(made.save(path));
    CHECK(mode_of(path) == 0600);
    CHECK_THAT(text_of(path), Catch::StartsWith("-----BEGIN PRIVATE KEY-----\n")); // PKCS#8
    CHECK(text_of(path) == made.pkcs8_pem()->view());

    auto const loaded = PrivateKey::load(path).value();
    CHECK(loaded.type() == row.type);
    CHECK(loaded.public_key() == made.public_key());
    CHECK(loaded.public_key().algorithm == row.algorithm);
    CHECK(loaded.public_key().bytes.size() == row.size);
    CHECK(kind_of(loaded.public_key()) == row.kind);
    CHECK(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("the public form is what IPSECKEY says", "[keys]")
{
    TemporaryDirectory const directory;
    auto const path = directory.path() / "key.pem";
    SECTION("RSA: RFC 3110")
    {
        auto const key = PrivateKey::generate(KeyType::Rsa, 2048).value();
        REQUIRE(key.save(path));
        auto const modulus = hex_of(*read_pair(path), OSSL_PKEY_PARAM_RSA_N);
        CHECK(hex_of(key.public_key().bytes) == "03010001" + modulus);
    }
    SECTION("ECDSA: RFC 6605, with all leading zeros")
    {
        auto const key = PrivateKey::generate(KeyType::EcdsaP256).value();
        REQUIRE(key.save(path));
        auto const pair = read_pair(path);
        auto const x = fmt::format("{:0>64}", hex_of(*pair, OSSL_PKEY_PARAM_EC_PUB_X));
        auto const y = fmt::format("{:0>64}", hex_of(*pair, OSSL_PKEY_PARAM_EC_PUB_Y));
        CHECK(hex_of(key.public_key().bytes) == x + y);
    }
    SECTION("Ed25519: RFC 8410, 10.3, and RFC 8080")
    {
        directory.write("key.pem", "-----BEGIN PRIVATE KEY-----\n"
                                   "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                                   "-----END PRIVATE KEY-----\n");
        fs::permissions(path, fs::perms::owner_read);
        CHECK(hex_of(PrivateKey::load(path).value().public_key().bytes) ==
              "19BF44096984CDFE8541BAC167DC3B96C85086AA30B6B6CB0C5C38AD703166E1");
    }
}

TEST_CASE("keys that are not ours are refused with the reason", "[keys]")
{
    TemporaryDirectory const directory;
    auto const path = directory.path() / "key.pem";
    SECTION("RSA, too small")
    {
        write_pair(path, *rsa_pair(1024, 65537));
        CHECK(refusal(path) == "an RSA key of 1024 bits; it must have 2048 to 8192");
    }
    SECTION("RSA with a long exponent is slow to verify")
    {
        // The longest that is taken has 8 bytes; OpenSSL itself makes none longer than it needs.
        write_pair(path, *rsa_pair(2048, 0xffffffffffffffc5));
        CHECK(PrivateKey::load(path).value().public_key().bytes.size() == 1 + 8 + 256);
    }
    SECTION("ECDSA on another curve")
    {
        write_pair(path, *Pair(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "secp521r1")));
        CHECK(refusal(path) == "an ECDSA key on the curve secp521r1; P-256 and P-384 can be used");
    }
    SECTION("another algorithm")
    {
        write_pair(path, *Pair(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")));
        CHECK(refusal(path) == "a key of type X25519; Ed25519, ECDSA and RSA can be used");
    }
    SECTION("a passphrase that nobody will type")
    {
        write_pair(path, *Pair(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")), EVP_aes_256_cbc(), "secret");
        CHECK_THAT(refusal(path), Catch::StartsWith("has a passphrase"));
    }
}

TEST_CASE("files that are no keys are refused with the reason", "[keys]")
{
    TemporaryDirectory const directory;
    auto const path = directory.path() / "key.pem";
    auto const write = [&](std::string const& text) {
        directory.write("key.pem", text);
        fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
    };
    SECTION("nothing there")
    {
        CHECK(refusal(path) == "No such file or directory");
        CHECK(PrivateKey::load(path).error().code == ErrorCode::NotFound);
    }
    SECTION("empty")
    {
        write("");
        CHECK_THAT(refusal(path), Catch::StartsWith("not a private key in PEM form"));
    }
    SECTION("a certificate, say")
    {
        write("-----BEGIN CERTIFICATE-----\nMC4CAQAwBQYDK2Vw\n-----END CERTIFICATE-----\n");
        CHECK_THAT(refusal(path), Catch::StartsWith("not a private key in PEM form"));
    }
    SECTION("cut short")
    {
        write("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK\n-----END PRIVATE KEY-----\n");
        CHECK_THAT(refusal(path), Catch::StartsWith("not a private key in PEM form"));
    }
    SECTION("far too large")
    {
        write(std::string(65'537, 'a'));
        CHECK(refusal(path) == "has 65537 bytes, no private key has more than 65536");
    }
    SECTION("a directory")
    {
        fs::create_directory(path);
        CHECK(refusal(path) == "is not a regular file");
    }
}

TEST_CASE("a file that others may read is refused", "[keys]")
{
    TemporaryDirectory const directory;
    auto const path = directory.path() / "key.pem";
    REQUIRE(PrivateKey::generate(KeyType::Ed25519).value().save(path));
    auto const mode = GENERATE(0604U, 0640U, 0620U);
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    CHECK_THAT(refusal(path), Catch::StartsWith(fmt::format("has mode {:04o}, so that others", mode)));
    CHECK(PrivateKey::load(path).error().code == ErrorCode::Permission);
}

TEST_CASE("a key that is there is not overwritten", "[keys]")
{
    TemporaryDirectory const directory;
    auto const path = directory.path() / "key.pem";
    auto const first = PrivateKey::generate(KeyType::Ed25519).value();
    REQUIRE(first.save(path));
    auto const again = PrivateKey::generate(KeyType::Ed25519).value().save(path);
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ErrorCode::Exists);
    CHECK(again.error().message == path.native() + ": File exists");
    CHECK(PrivateKey::load(path).value().public_key() == first.public_key());
    CHECK(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("a missing directory is made, for its owner only; not a whole path", "[keys]")
{
    TemporaryDirectory const directory;
    auto const key = PrivateKey::generate(KeyType::Ed25519).value();
    auto const made = directory.path() / "made";
    REQUIRE(key.save(made / "key.pem"));
    CHECK(mode_of(made) == 0700);
    auto const deep = directory.path() / "not" / "there" / "key.pem";
    CHECK(key.save(deep).error().message == deep.parent_path().native() + ": No such file or directory");
}

TEST_CASE("RSA keys have sane sizes", "[keys]")
{
    auto const bits = GENERATE(0U, 1024U, 2047U, 8193U);
    auto const key = PrivateKey::generate(KeyType::Rsa, bits);
    REQUIRE_FALSE(key);
    CHECK(key.error().message == fmt::format("an RSA key of {} bits; it must have 2048 to 8192", bits));
}

TEST_CASE("a fingerprint names algorithm and key", "[keys]")
{
    // printf '\004abc' | sha256sum | xxd -r -p | base64
    PublicKey const key{KeyAlgorithm::EdDsa, {std::byte{'a'}, std::byte{'b'}, std::byte{'c'}}};
    CHECK(fingerprint(key) == "yJYbIbLuNH1vrpHXFlOrjzpbU+ud6pzircck3bUJbsU");
    CHECK(short_fingerprint(key) == fingerprint(key).substr(0, 12));
    CHECK(fingerprint({KeyAlgorithm::Ecdsa, key.bytes}) != fingerprint(key));
}

TEST_CASE("any bytes have a kind", "[keys]")
{
    CHECK(kind_of({KeyAlgorithm::Rsa, {}}) == "algorithm 2 with 0 bytes");
    CHECK(kind_of({KeyAlgorithm::Rsa, Bytes(4, std::byte{0xff})}) == "algorithm 2 with 4 bytes");
    CHECK(kind_of({KeyAlgorithm::EdDsa, Bytes(57)}) == "Ed448");
    CHECK(kind_of({KeyAlgorithm::Ecdsa, Bytes(32)}) == "algorithm 3 with 32 bytes");
}
