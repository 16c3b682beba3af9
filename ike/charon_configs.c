// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

/// What we offer, best first. Recorded traffic is exactly what opportunistic encryption protects, so the
/// hybrid key exchange (RFC 9370, ML-KEM-768) comes first. modp2048 stands last: in front it would cost most
/// peers an extra round trip.
static char* const hybrid_ike = "aes256gcm16-prfsha256-x25519-ke1_mlkem768";
static char* const offered_ike[] = {
    "aes256gcm16-prfsha256-x25519",
    "aes256-sha256-x25519-ecp256-modp2048",
};
/// What we accept in addition (RFC 8247).
static char* const accepted_ike[] = {
    "aes256gcm16-aes128gcm16-chacha20poly1305-prfsha256-prfsha384-prfsha512-"
    "x25519-ecp256-ecp384-modp2048-modp3072-modp4096",
    "aes256-aes128-sha256-sha384-sha512-prfsha256-prfsha384-prfsha512-x25519-ecp256-ecp384-modp2048-modp3072-"
    "modp4096",
};

/// ESP never without a key exchange group, so that rekeying always has forward secrecy and nobody can talk us
/// out of it. In IKE_AUTH libcharon leaves the groups out, as RFC 7296 §1.2 wants it.
static char* const hybrid_esp = "aes256gcm16-x25519-ke1_mlkem768-esn-noesn";
static char* const offered_esp[] = {
    "aes256gcm16-x25519-ecp256-modp2048-esn-noesn",
    "aes256-sha256-x25519-ecp256-modp2048-esn-noesn",
};
static char* const accepted_esp[] = {
    "aes256gcm16-aes128gcm16-chacha20poly1305-x25519-ecp256-ecp384-modp2048-modp3072-modp4096-esn-noesn",
    "aes256-aes128-sha256-sha384-sha512-x25519-ecp256-ecp384-modp2048-modp3072-modp4096-esn-noesn",
};

typedef void (*add_proposal_t)(void* config, proposal_t* proposal);

static bool add_each(protocol_id_t protocol, char* const* texts, size_t count, add_proposal_t add,
                     void* config)
{
    for (size_t i = 0; i < count; i++) {
        proposal_t* proposal = proposal_create_from_string(protocol, texts[i]);
        if (!proposal)
            return FALSE;
        add(config, proposal);
    }
    return TRUE;
}

static bool add_all(protocol_id_t protocol, bool initiator, add_proposal_t add, void* config)
{
    bool ike = protocol == PROTO_IKE;
    bool ok = TRUE;
    if (charon_layer.options.post_quantum)
        ok = add_each(protocol, ike ? &hybrid_ike : &hybrid_esp, 1, add, config);
    ok = ok && add_each(protocol, ike ? offered_ike : offered_esp, countof(offered_ike), add, config);
    if (!initiator)
        ok = ok && add_each(protocol, ike ? accepted_ike : accepted_esp, countof(accepted_ike), add, config);
    return ok;
}
_Static_assert(countof(offered_ike) == countof(offered_esp), "add_all takes one count for both");
_Static_assert(countof(accepted_ike) == countof(accepted_esp), "add_all takes one count for both");

static void add_to_ike(void* config, proposal_t* proposal)
{
    ((ike_cfg_t*)config)->add_proposal(config, proposal);
}
static void add_to_child(void* config, proposal_t* proposal)
{
    ((child_cfg_t*)config)->add_proposal(config, proposal);
}
static void discard(void* config, proposal_t* proposal)
{
    (void)config;
    proposal->destroy(proposal);
}

bool check_proposals(void)
{
    return add_all(PROTO_IKE, FALSE, discard, NULL) && add_all(PROTO_ESP, FALSE, discard, NULL);
}

ike_cfg_t* make_ike_config(struct charon_flow const* hosts, bool initiator)
{
    char local[64], remote[64];
    host_t* me = host_from_address(&hosts->local, 0);
    host_t* other = host_from_address(&hosts->remote, 0);
    snprintf(local, sizeof local, "%H", me);
    snprintf(remote, sizeof remote, "%H", other);
    DESTROY_IF(me);
    DESTROY_IF(other);

    ike_cfg_create_t data = {
        .version = IKEV2,
        .local = local,
        .local_port = charon_layer.options.port,
        .remote = remote,
        .remote_port = charon_layer.options.port,
        .no_certreq = TRUE,
        .fragmentation = FRAGMENTATION_YES, // 0 would mean no
        .childless = CHILDLESS_NEVER,
    };
    ike_cfg_t* config = ike_cfg_create(&data);
    add_all(PROTO_IKE, initiator, add_to_ike, config);
    return config;
}

/// How we speak to the peer; of a negotiation of ours that is said later.
static auth_cfg_t* make_own_auth(struct charon_flow const* hosts)
{
    auth_cfg_t* config = auth_cfg_create();
    host_t* host = host_from_address(&hosts->local, 0);
    add_own_rules(config, authentication_of(charon->bus->get_sa(charon->bus)), host);
    host->destroy(host);
    return config;
}

/// Any way to authenticate, as anybody: what was proven is judged in authorize_peer().
static auth_cfg_t* make_peer_auth(void)
{
    auth_cfg_t* config = auth_cfg_create();
    config->add(config, AUTH_RULE_IDENTITY, identification_create_from_encoding(ID_ANY, chunk_empty));
    return config;
}

/// The flow's hosts and its service, and nothing else, whatever the peer asks for.
static void add_selectors(child_cfg_t* config, struct charon_flow const* flow)
{
    struct charon_service const* service = &flow->service;
    config->add_traffic_selector(config, TRUE,
                                 make_selector(&flow->local, service->protocol, service->local_port));
    config->add_traffic_selector(config, FALSE,
                                 make_selector(&flow->remote, service->protocol, service->remote_port));
}

/// Who speaks for another host can only do so in tunnel mode.
static child_cfg_t* make_child_config(struct charon_flow const* hosts, struct charon_flow const* flow,
                                      bool initiator)
{
    bool tunnel = charon_layer.options.tunnel || !same_hosts(hosts, flow);
    uint64_t rekey = charon_layer.options.rekey_child_s;
    child_cfg_create_t data = {
        .options = OPT_NO_POLICIES,
        .mode = tunnel ? MODE_TUNNEL : MODE_TRANSPORT,
        .lifetime.time = {.rekey = rekey, .life = rekey + rekey / 10 + 60, .jitter = rekey / 10},
        // Without extended sequence numbers the counter has 32 bits.
        .lifetime.packets = {.rekey = 4000000000, .life = 4200000000, .jitter = 100000000},
        .hw_offload = HW_OFFLOAD_NO,
    };
    child_cfg_t* config = child_cfg_create("oekd", &data);
    add_all(PROTO_ESP, initiator, add_to_child, config);
    add_selectors(config, flow);
    return config;
}

static peer_cfg_t* make_config(struct charon_flow const* hosts, bool initiator)
{
    uint32_t rekey = charon_layer.options.rekey_ike_s;
    peer_cfg_create_t data = {
        .options = OPT_NO_MOBIKE,       // an opportunistic flow is its address pair
        .cert_policy = CERT_NEVER_SEND, // see bring_own_key()
        .ocsp_policy = OCSP_SEND_NEVER,
        .unique = UNIQUE_NEVER, // all anonymous peers share one identity
        .keyingtries = 1,
        .rekey_time = rekey,
        .jitter_time = rekey / 10,
        .over_time = rekey / 10 + 60,
        .dpd = charon_layer.options.liveness_s,
    };
    peer_cfg_t* config = peer_cfg_create("oekd", make_ike_config(hosts, initiator), &data);
    config->add_auth_cfg(config, make_own_auth(hosts), TRUE);
    config->add_auth_cfg(config, make_peer_auth(), FALSE);
    return config;
}

peer_cfg_t* make_peer_config(struct charon_flow const* hosts, struct charon_flow const* flow, bool initiator)
{
    peer_cfg_t* config = make_config(hosts, initiator);
    config->add_child_cfg(config, make_child_config(hosts, flow, initiator));
    return config;
}

peer_cfg_t* make_childless_config(struct charon_flow const* hosts) { return make_config(hosts, FALSE); }

child_cfg_t* child_config_of(peer_cfg_t* peer)
{
    child_cfg_t* child = NULL;
    enumerator_t* children = peer->create_child_cfg_enumerator(peer);
    if (children->enumerate(children, &child))
        child->get_ref(child);
    children->destroy(children);
    return child;
}
