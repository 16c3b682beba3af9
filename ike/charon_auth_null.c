// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <encoding/payloads/auth_payload.h>
#include <encoding/payloads/id_payload.h>

// AUTH-NULL (RFC 7619) on a libcharon that knows only its number. The AUTH value is computed as for a
// pre-shared key whose secret is SK_pi or SK_pr, and that is what libcharon does when the shared key is
// empty. So to libcharon this is a pre-shared key, on the wire it is method 13, and a real pre-shared key is
// nothing we accept.

// ---- ID_NULL: libcharon compares identities by their data and holds that empty data equals nothing, not
// even itself. Each IKE_SA would then leave an entry behind that is never found again. Clones copy the method
// pointers.

static bool null_equals(identification_t* self, identification_t* other)
{
    (void)self;
    return other->get_type(other) == OEKD_ID_NULL;
}

static id_match_t null_matches(identification_t* self, identification_t* other)
{
    (void)self;
    if (other->get_type(other) == ID_ANY)
        return ID_MATCH_ANY;
    return other->get_type(other) == OEKD_ID_NULL ? ID_MATCH_PERFECT : ID_MATCH_NONE;
}

static void repair(identification_t* id)
{
    if (id && id->get_type(id) == OEKD_ID_NULL) {
        id->equals = null_equals;
        id->matches = null_matches;
    }
}

identification_t* make_id_null(void)
{
    identification_t* id = identification_create_from_encoding(OEKD_ID_NULL, chunk_empty);
    repair(id);
    return id;
}

void let_id_null_equal_itself(ike_sa_t* ike_sa)
{
    auth_cfg_t* peer = ike_sa->get_auth_cfg(ike_sa, FALSE);
    repair(ike_sa->get_my_id(ike_sa));
    repair(ike_sa->get_other_id(ike_sa));
    // The IKE_SA manager looks the peer up by this copy.
    if (peer)
        repair(peer->get(peer, AUTH_RULE_IDENTITY));
}

// ---- the AUTH method

/// ID_NULL must be empty (RFC 7619 §2.2).
static bool id_is_acceptable(message_t* message, payload_type_t type)
{
    id_payload_t* payload = (id_payload_t*)message->get_payload(message, type);
    if (!payload)
        return TRUE;
    identification_t* id = payload->get_identification(payload);
    bool acceptable = id->get_type(id) != OEKD_ID_NULL || id->get_encoding(id).len == 0;
    id->destroy(id);
    return acceptable;
}

/// Certificates, and whom the initiator would like to talk to (libreswan asks for ID_NULL itself): RFC 7296
/// §2.15 lets a responder answer with another identity than the one asked for.
static void forget(message_t* message, payload_type_t type)
{
    payload_t* payload;
    enumerator_t* payloads = message->create_payload_enumerator(message);
    while (payloads->enumerate(payloads, &payload)) {
        if (payload->get_type(payload) == type) {
            message->remove_payload_at(message, payloads);
            payload->destroy(payload);
        }
    }
    payloads->destroy(payloads);
}

enum charon_method method_of(message_t* message)
{
    auth_payload_t* auth = (auth_payload_t*)message->get_payload(message, PLV2_AUTH);
    bool request = message->get_request(message);
    if (!auth || !id_is_acceptable(message, request ? PLV2_ID_INITIATOR : PLV2_ID_RESPONDER))
        return CHARON_OTHER_METHOD;
    switch ((int)auth->get_auth_method(auth)) {
    case AUTH_NULL: return CHARON_NULL;
    case AUTH_DS: // RFC 7427
    case AUTH_ECDSA_256:
    case AUTH_ECDSA_384: return CHARON_SIGNATURE;
    default: return CHARON_OTHER_METHOD; // RSA with SHA-1 among them
    }
}

void take_auth_method(message_t* message, enum charon_method method)
{
    auth_payload_t* auth = (auth_payload_t*)message->get_payload(message, PLV2_AUTH);
    switch (method) {
    case CHARON_NULL: auth->set_auth_method(auth, AUTH_PSK); break;
    case CHARON_SIGNATURE: break;
    // AUTH_NONE is no method that libcharon could verify: it answers AUTHENTICATION_FAILED.
    case CHARON_OTHER_METHOD: auth->set_auth_method(auth, AUTH_NONE); break;
    }
    forget(message, PLV2_CERTIFICATE);
    if (message->get_request(message))
        forget(message, PLV2_ID_RESPONDER);
}

enum charon_method name_own_method(message_t* message)
{
    auth_payload_t* auth = (auth_payload_t*)message->get_payload(message, PLV2_AUTH);
    if (!auth)
        return CHARON_OTHER_METHOD;
    if (auth->get_auth_method(auth) != AUTH_PSK)
        return CHARON_SIGNATURE;
    auth->set_auth_method(auth, AUTH_NULL);
    return CHARON_NULL;
}
