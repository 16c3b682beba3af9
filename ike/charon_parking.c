// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <collections/hashtable.h>
#include <processing/jobs/callback_job.h>
#include <threading/mutex.h>

// Messages that wait until it is known what the peer must prove. libcharon ignores a message that a hook
// makes one of an undefined exchange, and expects it once more: so it is taken up later as if it came only
// then. What waits was decrypted and put together from its fragments already; there is one for each IKE_SA.

static hashtable_t* waiting; // message_t by the IKE_SA's number
static mutex_t* lock;

static void* key_of(ike_sa_t* ike_sa) { return (void*)(uintptr_t)ike_sa->get_unique_id(ike_sa); }

bool is_waiting(ike_sa_t* ike_sa)
{
    lock->lock(lock);
    bool found = waiting->get(waiting, key_of(ike_sa)) != NULL;
    lock->unlock(lock);
    return found;
}

static message_t* take_out(ike_sa_t* ike_sa)
{
    lock->lock(lock);
    message_t* message = waiting->remove(waiting, key_of(ike_sa));
    lock->unlock(lock);
    return message;
}

void forget_waiting(ike_sa_t* ike_sa)
{
    message_t* message = take_out(ike_sa);
    DESTROY_IF(message);
}

static status_t parsed_already(message_t* self, keymat_t* keymat)
{
    (void)self;
    (void)keymat;
    return SUCCESS;
}

/// With the payloads of the other, which keeps none.
static message_t* move(message_t* message)
{
    message_t* moved = message_create_from_packet(message->get_packet(message));
    if (moved->parse_header(moved) != SUCCESS) {
        moved->destroy(moved);
        return NULL;
    }
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

static bool put_in(ike_sa_t* ike_sa, message_t* message)
{
    lock->lock(lock);
    bool room = (unsigned)waiting->get_count(waiting) < charon_layer.options.max_waiting;
    if (room)
        waiting->put(waiting, key_of(ike_sa), message);
    lock->unlock(lock);
    return room;
}

static job_requeue_t run_overdue(void* data)
{
    ike_sa_t* ike_sa = charon->ike_sa_manager->checkout(charon->ike_sa_manager, data);
    if (!ike_sa)
        return JOB_REQUEUE_NONE;
    if (is_waiting(ike_sa)) {
        struct charon_sa sa = sa_of(ike_sa);
        charon_layer.hooks.overdue(charon_layer.hooks.context, &sa);
        charon_resume(&sa);
    }
    charon->ike_sa_manager->checkin(charon->ike_sa_manager, ike_sa);
    return JOB_REQUEUE_NONE;
}

static void release_id(void* id) { ((ike_sa_id_t*)id)->destroy(id); }

/// Of a negotiation of ours the deadline is the limit.
static void limit_waiting(ike_sa_t* ike_sa)
{
    ike_sa_id_t* id = ike_sa->get_id(ike_sa);
    if (id->is_initiator(id))
        return;
    callback_job_t* job = callback_job_create(run_overdue, id->clone(id), release_id, NULL);
    lib->scheduler->schedule_job_ms(lib->scheduler, (job_t*)job, charon_layer.options.answer_limit_ms);
}

void drop_message(message_t* message) { message->set_exchange_type(message, EXCHANGE_TYPE_UNDEFINED); }

void let_wait(ike_sa_t* ike_sa, message_t* message)
{
    message_t* moved = move(message);
    drop_message(message);
    if (!moved)
        return;
    if (put_in(ike_sa, moved))
        limit_waiting(ike_sa);
    else
        moved->destroy(moved);
}

/// As libcharon does with one that comes from the network.
static job_requeue_t run_resume(void* data)
{
    ike_sa_t* ike_sa = charon->ike_sa_manager->checkout(charon->ike_sa_manager, data);
    if (!ike_sa)
        return JOB_REQUEUE_NONE;
    message_t* message = take_out(ike_sa);
    status_t status = message ? ike_sa->process_message(ike_sa, message) : SUCCESS;
    if (status == DESTROY_ME)
        charon->ike_sa_manager->checkin_and_destroy(charon->ike_sa_manager, ike_sa);
    else
        charon->ike_sa_manager->checkin(charon->ike_sa_manager, ike_sa);
    DESTROY_IF(message);
    return JOB_REQUEUE_NONE;
}

void charon_resume(struct charon_sa const* sa)
{
    ike_sa_id_t* id = ike_sa_id_create(IKEV2_MAJOR_VERSION, sa->initiator_spi, sa->responder_spi,
                                       sa->initiated ? TRUE : FALSE);
    callback_job_t* job = callback_job_create_with_prio(run_resume, id, release_id, NULL, JOB_PRIO_MEDIUM);
    lib->processor->queue_job(lib->processor, (job_t*)job);
}

void open_waiting_room(void)
{
    waiting = hashtable_create(hashtable_hash_ptr, hashtable_equals_ptr, 64);
    lock = mutex_create(MUTEX_TYPE_DEFAULT);
}

static void destroy_message(void* message, const void* key)
{
    (void)key;
    ((message_t*)message)->destroy(message);
}

void close_waiting_room(void)
{
    waiting->destroy_function(waiting, destroy_message);
    lock->destroy(lock);
}
