// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <processing/jobs/callback_job.h>
#include <processing/jobs/delete_ike_sa_job.h>
#include <sa/ikev2/tasks/ike_dpd.h>

// What is done to an IKE_SA from outside is a job on a worker: never from within a hook, never on the main
// thread.

static void give_back(ike_sa_t* ike_sa, status_t status)
{
    if (status == SUCCESS)
        charon->ike_sa_manager->checkin(charon->ike_sa_manager, ike_sa);
    else
        charon->ike_sa_manager->checkin_and_destroy(charon->ike_sa_manager, ike_sa);
}

static void queue(callback_job_cb_t function, void* data, void (*release)(void*))
{
    callback_job_t* job = callback_job_create_with_prio(function, data, release, NULL, JOB_PRIO_MEDIUM);
    lib->processor->queue_job(lib->processor, (job_t*)job);
}

static void schedule(callback_job_cb_t function, void* data, void (*release)(void*), unsigned delay_ms)
{
    callback_job_t* job = callback_job_create_with_prio(function, data, release, NULL, JOB_PRIO_MEDIUM);
    lib->scheduler->schedule_job_ms(lib->scheduler, (job_t*)job, delay_ms);
}

// ---- close

void queue_close(ike_sa_t* ike_sa)
{
    delete_ike_sa_job_t* job = delete_ike_sa_job_create(ike_sa->get_id(ike_sa), TRUE);
    lib->processor->queue_job(lib->processor, (job_t*)job);
}

static ike_sa_id_t* id_of(struct charon_sa const* sa)
{
    return ike_sa_id_create(IKEV2_MAJOR_VERSION, sa->initiator_spi, sa->responder_spi,
                            sa->initiated ? TRUE : FALSE);
}

static void release_id(void* id) { ((ike_sa_id_t*)id)->destroy(id); }

void charon_close(struct charon_sa const* sa)
{
    ike_sa_id_t* id = id_of(sa);
    lib->processor->queue_job(lib->processor, (job_t*)delete_ike_sa_job_create(id, TRUE));
    id->destroy(id);
}

static job_requeue_t run_abandon(void* id)
{
    ike_sa_t* ike_sa = charon->ike_sa_manager->checkout(charon->ike_sa_manager, id);
    if (ike_sa)
        give_back(ike_sa, ike_sa->delete(ike_sa, TRUE));
    return JOB_REQUEUE_NONE;
}

void charon_abandon(struct charon_sa const* sa) { queue(run_abandon, id_of(sa), release_id); }

// ---- review: a negotiation of ours is looked at after a while

struct review {
    ike_sa_id_t* id;
    bool last;
};

static void release_review(void* data)
{
    struct review* review = data;
    review->id->destroy(review->id);
    free(review);
}

static job_requeue_t run_review(void* data)
{
    struct review* review = data;
    ike_sa_t* ike_sa = charon->ike_sa_manager->checkout(charon->ike_sa_manager, review->id);
    if (!ike_sa)
        return JOB_REQUEUE_NONE;
    struct charon_sa sa = sa_of(ike_sa);
    enum charon_verdict verdict = charon_layer.hooks.review(charon_layer.hooks.context, &sa, review->last,
                                                            ike_sa->get_state(ike_sa) == IKE_ESTABLISHED);
    // An established SA gets its DELETE and goes when that is answered.
    give_back(ike_sa, verdict == CHARON_GIVE_UP ? ike_sa->delete(ike_sa, FALSE) : SUCCESS);
    if (verdict == CHARON_WAIT && review->last)
        return JOB_RESCHEDULE_MS(charon_layer.options.deadline_ms);
    return JOB_REQUEUE_NONE;
}

static void schedule_review(ike_sa_t* ike_sa, bool last, unsigned delay_ms)
{
    struct review* review;
    ike_sa_id_t* id = ike_sa->get_id(ike_sa);
    INIT(review, .id = id->clone(id), .last = last);
    schedule(run_review, review, release_review, delay_ms);
}

// ---- negotiate

struct negotiation {
    uint64_t number;
    struct charon_flow hosts;
    struct charon_flow flow;
    unsigned silence_ms;
};

static job_requeue_t run_negotiation(void* data)
{
    struct negotiation* negotiation = data;
    struct charon_hooks const* hooks = &charon_layer.hooks;
    peer_cfg_t* peer = make_peer_config(&negotiation->hosts, &negotiation->flow, TRUE);
    ike_sa_t* ike_sa = charon->ike_sa_manager->checkout_by_config(charon->ike_sa_manager, peer);
    if (!ike_sa) {
        peer->destroy(peer);
        hooks->not_begun(hooks->context, negotiation->number);
        return JOB_REQUEUE_NONE;
    }
    struct charon_sa sa = sa_of(ike_sa);
    hooks->begun(hooks->context, negotiation->number, &sa);
    schedule_review(ike_sa, FALSE, negotiation->silence_ms);
    schedule_review(ike_sa, TRUE, charon_layer.options.deadline_ms);
    status_t status = ike_sa->initiate(ike_sa, child_config_of(peer), NULL);
    if (status != SUCCESS)
        hooks->failed(hooks->context, &sa, CHARON_LOCAL, "IKE_SA_INIT could not be sent");
    peer->destroy(peer); // the IKE_SA has its own reference
    give_back(ike_sa, status);
    return JOB_REQUEUE_NONE;
}

void charon_negotiate(uint64_t number, struct charon_flow const* hosts, struct charon_flow const* flow,
                      unsigned silence_ms)
{
    struct negotiation* negotiation;
    INIT(negotiation, .number = number, .hosts = *hosts, .flow = *flow, .silence_ms = silence_ms);
    queue(run_negotiation, negotiation, free);
}

// ---- an initiator has its SA only when it has worked through our answer, which it shows by its ESP or by
// answering the next request: that is asked for soon, but not so soon that it overtakes our answer inside the
// peer, which would throw it away. One that gave up while our answer was on its way has left us with an SA
// that nobody uses: that is found a little later.

enum { confirmation_delay_ms = 20, liveness_delay_ms = 2000 };

static bool has_heard_esp(ike_sa_t* ike_sa)
{
    uint64_t packets = 0;
    child_sa_t* child;
    enumerator_t* children = ike_sa->create_child_sa_enumerator(ike_sa);
    while (packets == 0 && children->enumerate(children, &child))
        child->get_usestats(child, TRUE, NULL, NULL, &packets);
    children->destroy(children);
    return packets != 0;
}

/// Something that the peer must answer, unless ESP has come from it.
static job_requeue_t run_question(void* data)
{
    ike_sa_t* ike_sa = charon->ike_sa_manager->checkout(charon->ike_sa_manager, data);
    if (!ike_sa)
        return JOB_REQUEUE_NONE;
    status_t status = SUCCESS;
    if (ike_sa->get_state(ike_sa) == IKE_ESTABLISHED && !has_heard_esp(ike_sa)) {
        ike_sa->queue_task(ike_sa, (task_t*)ike_dpd_create(TRUE));
        status = ike_sa->initiate(ike_sa, NULL, NULL);
    }
    give_back(ike_sa, status);
    return JOB_REQUEUE_NONE;
}

void queue_confirmation(ike_sa_t* ike_sa)
{
    ike_sa_id_t* id = ike_sa->get_id(ike_sa);
    if (id->is_initiator(id))
        return;
    schedule(run_question, id->clone(id), release_id, confirmation_delay_ms);
    schedule(run_question, id->clone(id), release_id, liveness_delay_ms);
}
