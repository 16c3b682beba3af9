// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <encoding/payloads/cert_payload.h>
#include <encoding/payloads/id_payload.h>

// Who speaks to whom: what the peer claims in IKE_AUTH, what we say of ourselves, and what was proven at
// last. As with charon_offer.c, libcharon processes a message to its end on the thread that runs the message
// hook, so what that hook was told belongs to the calls that follow on the same thread.

/// RFC 7670 §3: a SubjectPublicKeyInfo.
#define ENC_RAW_PUBLIC_KEY ((cert_encoding_t)15)

static _Thread_local struct {
    uint32_t ike_sa;
    struct charon_authentication authentication;
} last;

struct charon_authentication const* authentication_of(ike_sa_t* ike_sa)
{
    return ike_sa && last.ike_sa == ike_sa->get_unique_id(ike_sa) ? &last.authentication : NULL;
}

static enum charon_readiness ask(ike_sa_t* ike_sa, message_t* message, struct charon_claim const* claim)
{
    struct charon_sa sa = sa_of(ike_sa);
    last.ike_sa = 0;
    struct charon_layer* layer = &charon_layer;
    enum charon_readiness readiness =
        layer->hooks.authentication(layer->hooks.context, &sa, claim, &last.authentication);
    if (readiness == CHARON_PROCEED)
        last.ike_sa = sa.id;
    // To be anonymous is better than to fail.
    if (!takes_our_signature(ike_sa, message))
        last.authentication.own = CHARON_ANONYMOUS;
    return readiness;
}

// ---- our own

/// With its key in the configuration, libcharon finds the private one by it.
void add_own_rules(auth_cfg_t* config, struct charon_authentication const* authentication, host_t* host)
{
    enum charon_identity own = authentication ? authentication->own : CHARON_ANONYMOUS;
    certificate_t* certificate = own_certificate();
    if (own == CHARON_ANONYMOUS || !certificate) {
        // libcharon computes AUTH as RFC 7619 §2.1 asks when a pre-shared key is empty; see
        // charon_auth_null.c.
        config->add(config, AUTH_RULE_AUTH_CLASS, AUTH_CLASS_PSK);
        config->add(config, AUTH_RULE_IDENTITY, make_id_null());
        return;
    }
    chunk_t name = chunk_from_str((char*)charon_layer.options.own_name);
    config->add(config, AUTH_RULE_AUTH_CLASS, AUTH_CLASS_PUBKEY);
    config->add(config, AUTH_RULE_SUBJECT_CERT, certificate->get_ref(certificate));
    config->add(config, AUTH_RULE_IDENTITY,
                own == CHARON_NAME ? identification_create_from_encoding(ID_FQDN, name)
                                   : identification_create_from_sockaddr(host->get_sockaddr(host)));
}

/// The configuration of a negotiation of ours was made before this was known.
static void speak_as_told(ike_sa_t* ike_sa)
{
    auth_cfg_t* local;
    peer_cfg_t* peer = ike_sa->get_peer_cfg(ike_sa);
    enumerator_t* locals = peer->create_auth_cfg_enumerator(peer, TRUE);
    if (locals->enumerate(locals, &local)) {
        local->purge(local, FALSE);
        add_own_rules(local, authentication_of(ike_sa), ike_sa->get_my_host(ike_sa));
    }
    locals->destroy(locals);
}

bool may_authenticate(ike_sa_t* ike_sa, message_t* message)
{
    if (is_waiting(ike_sa)) {
        drop_message(message);
        return FALSE;
    }
    switch (ask(ike_sa, message, NULL)) {
    case CHARON_PROCEED: speak_as_told(ike_sa); return TRUE;
    case CHARON_LATER: let_wait(ike_sa, message); return FALSE;
    case CHARON_REFUSE: break;
    }
    drop_message(message);
    report_failure(ike_sa, CHARON_LOCAL, "given up");
    queue_close(ike_sa);
    return FALSE;
}

/// So that a peer that does not know our key from elsewhere can remember it (RFC 7670).
void bring_own_key(message_t* message)
{
    certificate_t* certificate = own_certificate();
    chunk_t spki;
    if (!certificate || !certificate->get_encoding(certificate, PUBKEY_SPKI_ASN1_DER, &spki))
        return;
    message->add_payload(message,
                         (payload_t*)cert_payload_create_custom(PLV2_CERTIFICATE, ENC_RAW_PUBLIC_KEY, spki));
}

// ---- the peer's

/// Strings of a stranger: what does not fit or is not all of the identity is no name.
static void read_name(message_t* message, char* name, size_t size)
{
    bool request = message->get_request(message);
    id_payload_t* payload =
        (id_payload_t*)message->get_payload(message, request ? PLV2_ID_INITIATOR : PLV2_ID_RESPONDER);
    *name = '\0';
    if (!payload)
        return;
    identification_t* id = payload->get_identification(payload);
    chunk_t data = id->get_encoding(id);
    if (id->get_type(id) == ID_FQDN && data.len < size && !memchr(data.ptr, '\0', data.len)) {
        memcpy(name, data.ptr, data.len);
        name[data.len] = '\0';
    }
    id->destroy(id);
}

/// The first raw key counts. Certificates go unread: no authority stands between us and the peer.
static struct charon_key raw_key_in(message_t* message)
{
    struct charon_key key = {0};
    payload_t* payload;
    enumerator_t* payloads = message->create_payload_enumerator(message);
    while (!key.data && payloads->enumerate(payloads, &payload)) {
        cert_payload_t* certificate = (cert_payload_t*)payload;
        if (payload->get_type(payload) != PLV2_CERTIFICATE ||
            certificate->get_cert_encoding(certificate) != ENC_RAW_PUBLIC_KEY)
            continue;
        chunk_t* data = payload_get_field(payload, CHUNK_DATA, 0);
        if (data)
            key = (struct charon_key){.data = data->ptr, .size = data->len};
    }
    payloads->destroy(payloads);
    return key;
}

bool take_claim(ike_sa_t* ike_sa, message_t* message)
{
    if (is_waiting(ike_sa)) {
        drop_message(message);
        return FALSE;
    }
    char name[256];
    read_name(message, name, sizeof name);
    struct offer const* offer = offer_of(ike_sa);
    struct charon_claim claim = {
        .flow = offer && offer->offered != OFFERED_OTHER ? offer->flow : hosts_of(ike_sa),
        .method = method_of(message),
        .name = name,
        .key = raw_key_in(message),
    };
    enum charon_readiness readiness = ask(ike_sa, message, &claim);
    if (readiness == CHARON_LATER) {
        let_wait(ike_sa, message);
        return FALSE;
    }
    forget_waiting(ike_sa); // its first fragment
    if (claim.method == CHARON_OTHER_METHOD)
        report_failure(ike_sa, CHARON_REFUSED, "the peer authenticates in a way that we do not take");
    take_auth_method(message, readiness == CHARON_PROCEED ? claim.method : CHARON_OTHER_METHOD);
    return TRUE;
}
