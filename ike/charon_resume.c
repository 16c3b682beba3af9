// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <processing/jobs/callback_job.h>

// The end of waiting, as jobs on libcharon's workers: the answer has come, or will not.

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
void limit_waiting(ike_sa_t* ike_sa)
{
    ike_sa_id_t* id = ike_sa->get_id(ike_sa);
    if (id->is_initiator(id))
        return;
    callback_job_t* job = callback_job_create(run_overdue, id->clone(id), release_id, NULL);
    lib->scheduler->schedule_job_ms(lib->scheduler, (job_t*)job, charon_layer.options.answer_limit_ms);
}

/// As libcharon does with one that comes from the network.
static job_requeue_t run_resume(void* data)
{
    ike_sa_t* ike_sa = charon->ike_sa_manager->checkout(charon->ike_sa_manager, data);
    if (!ike_sa)
        return JOB_REQUEUE_NONE;
    message_t* message = take_waiting(ike_sa);
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
