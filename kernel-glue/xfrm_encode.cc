// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/xfrm_messages.h"

#include <algorithm>
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>
#include <vector>

namespace oekd::xfrm {

namespace {

uint16_t kernel_family(Family family) { return family == Family::V4 ? AF_INET : AF_INET6; }

void write(xfrm_address_t& raw, Address const& address)
{
    std::memcpy(&raw, address.bytes().data(), address.bytes().size());
}

void write(xfrm_selector& raw, Selector const& selector)
{
    raw.family = kernel_family(selector.source.family());
    write(raw.saddr, selector.source.address());
    write(raw.daddr, selector.destination.address());
    raw.prefixlen_s = static_cast<uint8_t>(selector.source.length());
    raw.prefixlen_d = static_cast<uint8_t>(selector.destination.length());
    raw.proto = selector.protocol;
    raw.user = selector.alias;
    if (selector.source_port) {
        raw.sport = htons(*selector.source_port);
        raw.sport_mask = 0xffff;
    }
    if (selector.destination_port) {
        raw.dport = htons(*selector.destination_port);
        raw.dport_mask = 0xffff;
    }
}

uint8_t kernel_direction(Direction direction)
{
    switch (direction) {
    case Direction::In: return XFRM_POLICY_IN;
    case Direction::Out: return XFRM_POLICY_OUT;
    case Direction::Forward: return XFRM_POLICY_FWD;
    }
    __builtin_unreachable();
}

uint8_t kernel_mode(EspMode mode) { return mode == EspMode::Tunnel ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT; }

// In seconds it is zero that means "for ever": XFRM_INF overflows in xfrm_policy_timer() and expires at once.
void never_expire(xfrm_lifetime_cfg& raw)
{
    raw.soft_byte_limit = raw.hard_byte_limit = XFRM_INF;
    raw.soft_packet_limit = raw.hard_packet_limit = XFRM_INF;
}

void put_template(netlink::Request& request, Template const& tmpl)
{
    xfrm_user_tmpl raw;
    std::memset(&raw, 0, sizeof raw);
    raw.id.proto = IPPROTO_ESP;
    write(raw.id.daddr, tmpl.destination);
    write(raw.saddr, tmpl.source);
    raw.family = kernel_family(tmpl.source.family());
    raw.reqid = static_cast<uint32_t>(tmpl.reqid);
    raw.mode = kernel_mode(tmpl.mode);
    raw.optional = tmpl.level == Level::Use ? 1 : 0;
    raw.aalgos = raw.ealgos = raw.calgos = ~uint32_t{0};
    request.put_attribute(XFRMA_TMPL, std::as_bytes(std::span(&raw, 1)));
}

netlink::Request encode_policy(uint16_t type, Policy const& policy)
{
    netlink::Request request(type, NLM_F_ACK);
    auto& raw = request.put_struct<xfrm_userpolicy_info>();
    write(raw.sel, policy.selector);
    never_expire(raw.lft);
    raw.priority = policy.priority;
    raw.dir = kernel_direction(policy.direction);
    raw.action = policy.verdict == Verdict::Block ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW;
    if (policy.tmpl)
        put_template(request, *policy.tmpl);
    return request;
}

netlink::Request encode_policy_id(uint16_t type, Selector const& selector, Direction direction)
{
    netlink::Request request(type, NLM_F_ACK);
    auto& raw = request.put_struct<xfrm_userpolicy_id>();
    write(raw.sel, selector);
    raw.dir = kernel_direction(direction);
    return request;
}

netlink::Request encode_state_id(uint16_t type, Address const& destination, Spi spi)
{
    netlink::Request request(type, NLM_F_ACK);
    auto& raw = request.put_struct<xfrm_usersa_id>();
    write(raw.daddr, destination);
    raw.spi = htonl(static_cast<uint32_t>(spi));
    raw.family = kernel_family(destination.family());
    raw.proto = IPPROTO_ESP;
    return request;
}

void write(xfrm_usersa_info& raw, StateIdentity const& identity)
{
    raw.sel.family = raw.family = kernel_family(identity.flow.local.family());
    write(raw.saddr, identity.flow.local);
    write(raw.id.daddr, identity.flow.remote);
    raw.id.spi = htonl(static_cast<uint32_t>(identity.spi));
    raw.id.proto = IPPROTO_ESP;
    raw.reqid = static_cast<uint32_t>(identity.reqid);
    raw.mode = kernel_mode(identity.mode);
    never_expire(raw.lft);
}

// xfrm_algo, xfrm_algo_auth and xfrm_algo_aead differ in one field between the head and the key.
template <typename T> void put_algorithm(netlink::Request& request, uint16_t type, T raw,
                                         std::string_view name)
{
    std::ranges::copy(name, raw.alg_name);
    std::vector<std::byte> value(sizeof raw + raw.alg_key_len / 8, std::byte{0x4f});
    std::memcpy(value.data(), &raw, sizeof raw);
    request.put_attribute(type, value);
}

void put_aead(netlink::Request& request, std::string_view name, unsigned key_bits)
{
    xfrm_algo_aead raw{};
    raw.alg_key_len = key_bits;
    raw.alg_icv_len = 128;
    put_algorithm(request, XFRMA_ALG_AEAD, raw, name);
}

void put_cbc_and_hmac(netlink::Request& request)
{
    xfrm_algo cipher{};
    cipher.alg_key_len = 256;
    put_algorithm(request, XFRMA_ALG_CRYPT, cipher, "cbc(aes)");
    xfrm_algo_auth integrity{};
    integrity.alg_key_len = 256;
    integrity.alg_trunc_len = 128; // RFC 4868 §2.6
    put_algorithm(request, XFRMA_ALG_AUTH_TRUNC, integrity, "hmac(sha256)");
}

} // namespace

netlink::Request encode_new_policy(Policy const& policy) { return encode_policy(XFRM_MSG_NEWPOLICY, policy); }

netlink::Request encode_update_policy(Policy const& policy)
{
    return encode_policy(XFRM_MSG_UPDPOLICY, policy);
}

netlink::Request encode_get_policy(Selector const& selector, Direction direction)
{
    return encode_policy_id(XFRM_MSG_GETPOLICY, selector, direction);
}

netlink::Request encode_delete_policy(Selector const& selector, Direction direction)
{
    return encode_policy_id(XFRM_MSG_DELPOLICY, selector, direction);
}

netlink::Request encode_delete_policy(uint32_t index, Direction direction)
{
    netlink::Request request(XFRM_MSG_DELPOLICY, NLM_F_ACK);
    auto& raw = request.put_struct<xfrm_userpolicy_id>();
    raw.index = index;
    raw.dir = kernel_direction(direction);
    return request;
}

netlink::Request encode_dump_policies()
{
    netlink::Request request(XFRM_MSG_GETPOLICY, NLM_F_DUMP);
    request.put_struct<xfrm_userpolicy_id>();
    return request;
}

netlink::Request encode_get_state(Address const& destination, Spi spi)
{
    return encode_state_id(XFRM_MSG_GETSA, destination, spi);
}

netlink::Request encode_delete_state(Address const& destination, Spi spi)
{
    return encode_state_id(XFRM_MSG_DELSA, destination, spi);
}

netlink::Request encode_dump_states()
{
    netlink::Request request(XFRM_MSG_GETSA, NLM_F_DUMP);
    request.put_struct<xfrm_usersa_id>();
    return request;
}

netlink::Request encode_allocate_spi(StateIdentity const& identity)
{
    netlink::Request request(XFRM_MSG_ALLOCSPI, NLM_F_ACK);
    auto& raw = request.put_struct<xfrm_userspi_info>();
    write(raw.info, identity);
    raw.info.id.spi = 0;
    raw.min = raw.max = static_cast<uint32_t>(identity.spi);
    return request;
}

netlink::Request encode_new_state(StateIdentity const& identity, EspAlgorithms algorithms)
{
    netlink::Request request(XFRM_MSG_NEWSA, NLM_F_ACK);
    write(request.put_struct<xfrm_usersa_info>(), identity);
    switch (algorithms) { // the AES-GCM and ChaCha20 keys end with 32 bits of salt
    case EspAlgorithms::Aes256Gcm: put_aead(request, "rfc4106(gcm(aes))", 256 + 32); break;
    case EspAlgorithms::Aes128Gcm: put_aead(request, "rfc4106(gcm(aes))", 128 + 32); break;
    case EspAlgorithms::Aes256CbcSha256: put_cbc_and_hmac(request); break;
    case EspAlgorithms::ChaCha20Poly1305: put_aead(request, "rfc7539esp(chacha20,poly1305)", 256 + 32); break;
    }
    return request;
}

} // namespace oekd::xfrm
