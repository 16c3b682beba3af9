// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <credentials/credential_set.h>
#include <credentials/keys/shared_key.h>

// All credentials there are: the empty pre-shared key that stands for AUTH-NULL (charon_auth_null.c says
// why).

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

static enumerator_t* no_private_keys(credential_set_t* self, key_type_t type, identification_t* id)
{
    (void)self;
    (void)type;
    (void)id;
    return NULL;
}
static enumerator_t* no_certificates(credential_set_t* self, certificate_type_t certificate, key_type_t key,
                                     identification_t* id, bool trusted)
{
    (void)self;
    (void)certificate;
    (void)key;
    (void)id;
    (void)trusted;
    return NULL;
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

credential_set_t null_credentials = {
    .create_private_enumerator = no_private_keys,
    .create_cert_enumerator = no_certificates,
    .create_shared_enumerator = shared_keys,
    .create_cdp_enumerator = no_distribution_points,
    .cache_cert = cache_nothing,
};
