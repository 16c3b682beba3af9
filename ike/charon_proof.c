// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

// What the peer has proven, once libcharon has verified its signature, or its AUTH-NULL.

/// Nothing with SHA-1, which libcharon itself would take.
static bool is_strong(auth_cfg_t* peer)
{
    signature_params_t* used = peer->get(peer, AUTH_RULE_IKE_SIGNATURE_SCHEME);
    if (!used)
        return FALSE;
    switch (used->scheme) {
    case SIGN_RSA_EMSA_PSS: return ((rsa_pss_params_t*)used->params)->hash != HASH_SHA1;
    case SIGN_RSA_EMSA_PKCS1_SHA2_256:
    case SIGN_RSA_EMSA_PKCS1_SHA2_384:
    case SIGN_RSA_EMSA_PKCS1_SHA2_512:
    case SIGN_ECDSA_WITH_SHA256_DER:
    case SIGN_ECDSA_WITH_SHA384_DER:
    case SIGN_ECDSA_WITH_SHA512_DER:
    case SIGN_ECDSA_256:
    case SIGN_ECDSA_384:
    case SIGN_ED25519:
    case SIGN_ED448: return TRUE;
    default: return FALSE;
    }
}

/// Which of the keys that we let it prove; -1 for none of them.
static int proven_key(ike_sa_t* ike_sa, auth_cfg_t* peer)
{
    struct charon_authentication const* authentication = authentication_of(ike_sa);
    certificate_t* certificate = peer->get(peer, AUTH_RULE_SUBJECT_CERT);
    chunk_t spki;
    int found = -1;
    if (!authentication || !certificate ||
        !certificate->get_encoding(certificate, PUBKEY_SPKI_ASN1_DER, &spki))
        return -1;
    for (size_t i = 0; found < 0 && i < authentication->key_count; i++) {
        struct charon_key const* key = &authentication->keys[i];
        if (chunk_equals(spki, chunk_create((u_char*)key->data, key->size)))
            found = (int)i;
    }
    chunk_free(&spki);
    return found;
}

bool authorize_peer(ike_sa_t* ike_sa)
{
    auth_cfg_t* peer = ike_sa->get_auth_cfg(ike_sa, FALSE);
    auth_class_t class = (auth_class_t)(uintptr_t)peer->get(peer, AUTH_RULE_AUTH_CLASS);
    int key = -1;
    if (class == AUTH_CLASS_PUBKEY) {
        key = proven_key(ike_sa, peer);
        if (key < 0 || !is_strong(peer))
            return FALSE;
    } else if (class != AUTH_CLASS_PSK) { // AUTH-NULL
        return FALSE;
    }
    struct charon_sa sa = sa_of(ike_sa);
    return charon_layer.hooks.authorize(charon_layer.hooks.context, &sa, key);
}
