// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <collections/hashtable.h>
#include <threading/mutex.h>

// Messages that wait until it is known what the peer must prove. libcharon ignores a message that a hook
// makes one of an undefined exchange, and expects it once more: so it is taken up later as if it came only
// then. What waits was decrypted and put together from its fragments already; there is one for each IKE_SA.

struct place {
    message_t* message;     // NULL while only fragments have come
    packet_t* first_packet; // of a message in fragments the first of them, else NULL
};

static hashtable_t* places; // by the IKE_SA's number
static unsigned waiting;    // how many have a message
static mutex_t* lock;

static void* key_of(ike_sa_t* ike_sa) { return (void*)(uintptr_t)ike_sa->get_unique_id(ike_sa); }

static void destroy_place(struct place* place)
{
    DESTROY_IF(place->message);
    DESTROY_IF(place->first_packet);
    free(place);
}

bool is_waiting(ike_sa_t* ike_sa)
{
    lock->lock(lock);
    struct place* place = places->get(places, key_of(ike_sa));
    bool found = place && place->message;
    lock->unlock(lock);
    return found;
}

static struct place* take_out(ike_sa_t* ike_sa)
{
    lock->lock(lock);
    struct place* place = places->remove(places, key_of(ike_sa));
    if (place && place->message)
        waiting--;
    lock->unlock(lock);
    return place;
}

void forget_waiting(ike_sa_t* ike_sa)
{
    struct place* place = take_out(ike_sa);
    if (place)
        destroy_place(place);
}

/// RFC 7383 §2.5: behind the two headers, the fragment's number. Nothing is verified yet.
static bool is_first_fragment(message_t* message)
{
    enum { number_at = 32 };
    chunk_t data = message->get_packet_data(message);
    return message->get_first_payload_type(message) == PLV2_FRAGMENT && data.len >= number_at + 2 &&
           untoh16(data.ptr + number_at) == 1;
}

/// libcharon knows the repetition of a request by its first packet, and a message that it has put together
/// has none.
void note_packet(ike_sa_t* ike_sa, message_t* message)
{
    if (ike_sa->get_state(ike_sa) != IKE_CONNECTING || message->get_exchange_type(message) != IKE_AUTH ||
        !message->get_request(message) || !is_first_fragment(message))
        return;
    struct place* place;
    INIT(place, .first_packet = message->get_packet(message));
    lock->lock(lock);
    bool room = (unsigned)places->get_count(places) < 2 * charon_layer.options.max_waiting;
    bool keep = room && !places->get(places, key_of(ike_sa));
    if (keep)
        places->put(places, key_of(ike_sa), place);
    lock->unlock(lock);
    if (!keep)
        destroy_place(place);
}

static status_t parsed_already(message_t* self, keymat_t* keymat)
{
    (void)self;
    (void)keymat;
    return SUCCESS;
}

/// With the payloads of the other, which keeps none.
static message_t* move(message_t* message, packet_t* packet)
{
    message_t* moved = message_create_from_packet(packet);
    moved->set_major_version(moved, message->get_major_version(message));
    moved->set_minor_version(moved, message->get_minor_version(message));
    moved->set_ike_sa_id(moved, message->get_ike_sa_id(message));
    moved->set_message_id(moved, message->get_message_id(message));
    moved->set_request(moved, message->get_request(message));
    moved->set_exchange_type(moved, message->get_exchange_type(message));
    moved->parse_body = parsed_already;
    payload_t* payload;
    enumerator_t* payloads = message->create_payload_enumerator(message);
    while (payloads->enumerate(payloads, &payload)) {
        message->remove_payload_at(message, payloads);
        moved->add_payload(moved, payload);
    }
    payloads->destroy(payloads);
    return moved;
}

/// FALSE where there is no room; the peer will repeat its message.
static bool put_in(ike_sa_t* ike_sa, message_t* message)
{
    struct place* place = take_out(ike_sa);
    if (!place)
        INIT(place);
    packet_t* packet = place->first_packet ? place->first_packet : message->get_packet(message);
    place->first_packet = NULL;
    place->message = move(message, packet);
    lock->lock(lock);
    bool room = waiting < charon_layer.options.max_waiting;
    if (room) {
        places->put(places, key_of(ike_sa), place);
        waiting++;
    }
    lock->unlock(lock);
    if (!room)
        destroy_place(place);
    return room;
}

void drop_message(message_t* message) { message->set_exchange_type(message, EXCHANGE_TYPE_UNDEFINED); }

void let_wait(ike_sa_t* ike_sa, message_t* message)
{
    if (put_in(ike_sa, message))
        limit_waiting(ike_sa);
    drop_message(message);
}

message_t* take_waiting(ike_sa_t* ike_sa)
{
    struct place* place = take_out(ike_sa);
    if (!place)
        return NULL;
    message_t* message = place->message;
    place->message = NULL;
    destroy_place(place);
    return message;
}

void open_waiting_room(void)
{
    places = hashtable_create(hashtable_hash_ptr, hashtable_equals_ptr, 64);
    lock = mutex_create(MUTEX_TYPE_DEFAULT);
    waiting = 0;
}

static void destroy_left(void* place, const void* key)
{
    (void)key;
    destroy_place(place);
}

void close_waiting_room(void)
{
    places->destroy_function(places, destroy_left);
    lock->destroy(lock);
}
