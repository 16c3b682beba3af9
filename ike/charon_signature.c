// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <sa/ikev2/keymat_v2.h>

// Whether a peer can verify what we sign: RFC 7427 lets it name its hash algorithms in IKE_SA_INIT. Without
// them libcharon would sign with SHA-1, or not at all.

/// RFC 7427 §4: two bytes for each.
static bool is_named(message_t* message, hash_algorithm_t hash)
{
    notify_payload_t* notify = message->get_notify(message, SIGNATURE_HASH_ALGORITHMS);
    chunk_t named = notify ? notify->get_notification_data(notify) : chunk_empty;
    for (; named.len >= 2; named = chunk_skip(named, 2)) {
        if (untoh16(named.ptr) == hash)
            return TRUE;
    }
    return FALSE;
}

/// libcharon itself has not yet read the message at hand.
static bool knows(ike_sa_t* ike_sa, message_t* message, hash_algorithm_t hash)
{
    keymat_v2_t* keymat = (keymat_v2_t*)ike_sa->get_keymat(ike_sa);
    if (message->get_exchange_type(message) == IKE_SA_INIT)
        return is_named(message, hash);
    return keymat->hash_algorithm_supported(keymat, hash);
}

bool takes_our_signature(ike_sa_t* ike_sa, message_t* message)
{
    certificate_t* certificate = own_certificate();
    public_key_t* key = certificate ? certificate->get_public_key(certificate) : NULL;
    if (!key)
        return FALSE;
    key_type_t type = key->get_type(key);
    key->destroy(key);
    if (type == KEY_ED25519 || type == KEY_ED448)
        return knows(ike_sa, message, HASH_IDENTITY); // RFC 8420
    return knows(ike_sa, message, HASH_SHA256) || knows(ike_sa, message, HASH_SHA384) ||
           knows(ike_sa, message, HASH_SHA512);
}

bool have_signed(ike_sa_t* ike_sa)
{
    bool by_key = FALSE;
    auth_cfg_t* done;
    enumerator_t* rounds = ike_sa->create_auth_cfg_enumerator(ike_sa, TRUE);
    while (rounds->enumerate(rounds, &done))
        by_key = by_key || (uintptr_t)done->get(done, AUTH_RULE_AUTH_CLASS) == AUTH_CLASS_PUBKEY;
    rounds->destroy(rounds);
    return by_key;
}
