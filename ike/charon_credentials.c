// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <credentials/credential_set.h>
#include <credentials/keys/shared_key.h>

// All credentials there are: the empty pre-shared key that stands for AUTH-NULL (charon_auth_null.c says
// why), our own key, and the keys that the peer at hand may prove.

static private_key_t* own_key;
static certificate_t* own;

certificate_t* own_certificate(void) { return own; }

static certificate_t* wrap(struct charon_key const* key)
{
    chunk_t spki = chunk_create((u_char*)key->data, key->size);
    return lib->creds->create(lib->creds, CRED_CERTIFICATE, CERT_TRUSTED_PUBKEY, BUILD_BLOB_ASN1_DER, spki,
                              BUILD_END);
}

static bool belong_together(private_key_t* private, certificate_t* certificate)
{
    public_key_t* public = certificate->get_public_key(certificate);
    bool belong = public && private->belongs_to(private, public);
    DESTROY_IF(public);
    return belong;
}

bool load_own_key(struct charon_own_key const* key)
{
    if (!key->pem)
        return TRUE;
    chunk_t pem = chunk_create((u_char*)key->pem, key->pem_size);
    own_key = lib->creds->create(lib->creds, CRED_PRIVATE_KEY, KEY_ANY, BUILD_BLOB_PEM, pem, BUILD_END);
    own = wrap(&key->spki);
    if (own_key && own && belong_together(own_key, own))
        return TRUE;
    DBG1(DBG_CFG, "our own key is not in PKCS #8, or not that of its public key");
    return FALSE;
}

void forget_own_key(void)
{
    DESTROY_IF(own_key);
    DESTROY_IF(own);
    own_key = NULL;
    own = NULL;
}

struct one_key {
    enumerator_t public;
    shared_key_t* key;
    bool done;
};

static bool next_key(enumerator_t* enumerator, va_list arguments)
{
    struct one_key* self = (struct one_key*)enumerator;
    shared_key_t** key;
    id_match_t *me, *other;
    VA_ARGS_VGET(arguments, key, me, other);
    if (self->done)
        return FALSE;
    self->done = TRUE;
    *key = self->key;
    if (me)
        *me = ID_MATCH_ANY;
    if (other)
        *other = ID_MATCH_ANY;
    return TRUE;
}

static void destroy_key(enumerator_t* enumerator)
{
    struct one_key* self = (struct one_key*)enumerator;
    self->key->destroy(self->key);
    free(self);
}

static enumerator_t* shared_keys(credential_set_t* self, shared_key_type_t type, identification_t* me,
                                 identification_t* other)
{
    struct one_key* keys;
    (void)self;
    (void)me;
    (void)other;
    if (type != SHARED_IKE)
        return NULL;
    INIT(
        keys,
        .public = {.enumerate = enumerator_enumerate_default, .venumerate = next_key, .destroy = destroy_key},
        .key = shared_key_create(SHARED_IKE, chunk_empty));
    return &keys->public;
}

static enumerator_t* private_keys(credential_set_t* self, key_type_t type, identification_t* id)
{
    (void)self;
    if (!own_key || (type != KEY_ANY && own_key->get_type(own_key) != type) ||
        (id && !own_key->has_fingerprint(own_key, id->get_encoding(id))))
        return NULL;
    return enumerator_create_single(own_key, NULL);
}

static void destroy_certificates(void* list)
{
    linked_list_t* certificates = list;
    certificates->destroy_offset(certificates, offsetof(certificate_t, destroy));
}

static void add_if_of_type(linked_list_t* list, certificate_t* certificate, key_type_t type)
{
    public_key_t* public = certificate->get_public_key(certificate);
    if (type == KEY_ANY || public->get_type(public) == type)
        list->insert_last(list, certificate);
    else
        certificate->destroy(certificate);
    public->destroy(public);
}

/// Whatever identity libcharon looks for: the keys count, and the identity is but a claim. They are asked for
/// as issuers too, and a key that is its own issuer is trusted.
static enumerator_t* certificates(credential_set_t* self, certificate_type_t certificate, key_type_t key,
                                  identification_t* id, bool trusted)
{
    (void)self;
    (void)id;
    (void)trusted;
    struct charon_authentication const* peer = authentication_of(charon->bus->get_sa(charon->bus));
    if (!peer || (certificate != CERT_ANY && certificate != CERT_TRUSTED_PUBKEY))
        return NULL;
    linked_list_t* list = linked_list_create();
    for (size_t i = 0; i < peer->key_count; i++) {
        certificate_t* each = wrap(&peer->keys[i]);
        if (each)
            add_if_of_type(list, each, key);
    }
    return enumerator_create_cleaner(list->create_enumerator(list), destroy_certificates, list);
}

static enumerator_t* no_distribution_points(credential_set_t* self, certificate_type_t type,
                                            identification_t* id)
{
    (void)self;
    (void)type;
    (void)id;
    return NULL;
}
static void cache_nothing(credential_set_t* self, certificate_t* certificate)
{
    (void)self;
    (void)certificate;
}

credential_set_t own_credentials = {
    .create_private_enumerator = private_keys,
    .create_cert_enumerator = certificates,
    .create_shared_enumerator = shared_keys,
    .create_cdp_enumerator = no_distribution_points,
    .cache_cert = cache_nothing,
};
