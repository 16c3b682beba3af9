// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <encoding/payloads/notify_payload.h>
#include <encoding/payloads/sa_payload.h>

// Each message of an IKE_SA in the clear: before it is encrypted, or after it was decrypted and before any
// task sees it.

/// Error types are those below 16384 (RFC 7296 §3.10.1). INVALID_KE_PAYLOAD asks for another try and ends
/// nothing.
static void report_error_notifies(ike_sa_t* ike_sa, message_t* message)
{
    bool clear = message->get_exchange_type(message) == IKE_SA_INIT;
    payload_t* payload;
    enumerator_t* payloads = message->create_payload_enumerator(message);
    while (payloads->enumerate(payloads, &payload)) {
        if (payload->get_type(payload) != PLV2_NOTIFY)
            continue;
        notify_type_t type = ((notify_payload_t*)payload)->get_notify_type((notify_payload_t*)payload);
        if (type >= 16384 || type == INVALID_KE_PAYLOAD)
            continue;
        char detail[80];
        snprintf(detail, sizeof detail, "%N from the peer", notify_type_names, type);
        report_failure(ike_sa, clear ? CHARON_UNPROTECTED : CHARON_REFUSED, detail);
    }
    payloads->destroy(payloads);
}

static bool sets_up(exchange_type_t exchange)
{
    return exchange == IKE_SA_INIT || exchange == IKE_INTERMEDIATE || exchange == IKE_AUTH;
}

/// Whether libcharon answers it with IKE_AUTH: the key exchange of RFC 9370 comes in between.
static bool leads_to_auth(message_t* message)
{
    if (message->get_exchange_type(message) == IKE_INTERMEDIATE)
        return TRUE;
    sa_payload_t* payload = (sa_payload_t*)message->get_payload(message, PLV2_SECURITY_ASSOCIATION);
    if (message->get_exchange_type(message) != IKE_SA_INIT || !payload)
        return FALSE;
    bool more = FALSE;
    proposal_t* proposal;
    linked_list_t* proposals = payload->get_proposals(payload);
    enumerator_t* each = proposals->create_enumerator(proposals);
    while (each->enumerate(each, &proposal))
        more = more || proposal->get_algorithm(proposal, ADDITIONAL_KEY_EXCHANGE_1, NULL, NULL);
    each->destroy(each);
    proposals->destroy_offset(proposals, offsetof(proposal_t, destroy));
    return !more;
}

void take_incoming(ike_sa_t* ike_sa, message_t* message)
{
    exchange_type_t exchange = message->get_exchange_type(message);
    struct charon_sa sa = sa_of(ike_sa);

    note_message(ike_sa, message);
    bool request = message->get_request(message);
    if (!request || !sets_up(exchange))
        charon_layer.hooks.heard(charon_layer.hooks.context, &sa, exchange != IKE_SA_INIT);
    if (!request && sets_up(exchange))
        report_error_notifies(ike_sa, message);
    if (exchange == IKE_AUTH && message->get_payload(message, PLV2_AUTH))
        take_claim(ike_sa, message);
    else if (!request && leads_to_auth(message))
        may_authenticate(ike_sa, message);
}

void take_outgoing(ike_sa_t* ike_sa, message_t* message)
{
    if (message->get_exchange_type(message) != IKE_AUTH)
        return;
    if (name_own_method(message) == CHARON_SIGNATURE)
        bring_own_key(message);
    if (message->get_request(message)) {
        struct charon_sa sa = sa_of(ike_sa);
        charon_layer.hooks.auth_sent(charon_layer.hooks.context, &sa);
    }
}
