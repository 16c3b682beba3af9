// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/ike/hostile.h"

#include <daemon.h>
#include <encoding/payloads/auth_payload.h>
#include <encoding/payloads/notify_payload.h>
#include <library.h>
#include <processing/jobs/callback_job.h>

// A bus listener that is asked after oekd's own and spoils what that one made.

static struct hostile_options wanted;

static void say(char const* line)
{
    puts(line);
    fflush(stdout);
}

/// A hash of other addresses than those that the packet has: to the peer this is a NAT (RFC 7296 §2.23).
static void fake_nat(message_t* message)
{
    notify_payload_t* notify = message->get_notify(message, NAT_DETECTION_SOURCE_IP);
    if (notify) {
        chunk_t hash = notify->get_notification_data(notify);
        hash.ptr[0] ^= 0xff;
    }
}

/// The identity must change before AUTH is computed, else it is the AUTH value that is wrong; and after oekd
/// has chosen its own, when it answers what comes before IKE_AUTH.
static void spoil_identity(ike_sa_t* ike_sa)
{
    auth_cfg_t* config;
    peer_cfg_t* peer = ike_sa->get_peer_cfg(ike_sa);
    enumerator_t* configs = peer->create_auth_cfg_enumerator(peer, TRUE);
    if (configs->enumerate(configs, &config)) {
        chunk_t data = chunk_from_str("mallory");
        config->add(config, AUTH_RULE_IDENTITY, identification_create_from_encoding((id_type_t)13, data));
    }
    configs->destroy(configs);
}

static bool on_message(listener_t* self, ike_sa_t* ike_sa, message_t* message, bool incoming, bool plain)
{
    (void)self;
    if (!plain)
        return TRUE;
    exchange_type_t exchange = message->get_exchange_type(message);
    if (incoming) {
        if (wanted.id_data && (exchange == IKE_SA_INIT || exchange == IKE_INTERMEDIATE))
            spoil_identity(ike_sa);
        return TRUE;
    }
    auth_payload_t* auth = (auth_payload_t*)message->get_payload(message, PLV2_AUTH);
    if (wanted.psk && auth)
        auth->set_auth_method(auth, AUTH_PSK);
    if (wanted.nat && exchange == IKE_SA_INIT)
        fake_nat(message);
    return TRUE;
}

static traffic_selector_t* selector_from(char const* text)
{
    char cidr[64] = "";
    unsigned protocol = 0, first = 0, last = 65535;
    sscanf(text, "%63s %u %u %u", cidr, &protocol, &first, &last);
    return traffic_selector_create_from_cidr(cidr, (uint8_t)protocol, (uint16_t)first, (uint16_t)last);
}

static void replace(linked_list_t* list, char const* texts)
{
    traffic_selector_t* selector;
    char* text;
    if (!*texts)
        return;
    while (list->remove_last(list, (void**)&selector) == SUCCESS)
        selector->destroy(selector);
    enumerator_t* each = enumerator_create_token(texts, ",", " ");
    while (each->enumerate(each, &text))
        list->insert_last(list, selector_from(text));
    each->destroy(each);
}

static bool on_narrow(listener_t* self, ike_sa_t* ike_sa, child_sa_t* child, narrow_hook_t hook,
                      linked_list_t* local, linked_list_t* remote)
{
    (void)self;
    (void)child;
    if (hook == NARROW_INITIATOR_POST_NOAUTH || hook == NARROW_INITIATOR_POST_AUTH)
        return TRUE;
    host_t* host = ike_sa->get_other_host(ike_sa);
    char const* everything = host->get_family(host) == AF_INET ? "0.0.0.0/0" : "::/0";
    if (wanted.wide) {
        replace(local, everything);
        replace(remote, everything);
    }
    bool first = ike_sa->get_child_count(ike_sa) == 0;
    replace(local, first ? wanted.source : wanted.rekey_source);
    replace(remote, first ? wanted.target : wanted.rekey_target);
    return TRUE;
}

// ---- jobs on an IKE_SA that is up

struct work {
    ike_sa_id_t* id;
    status_t (*act)(ike_sa_t* ike_sa, child_cfg_t* config);
    child_cfg_t* config; // for a second child
    unsigned repeat_ms;
};

static void release_work(void* data)
{
    struct work* work = data;
    work->id->destroy(work->id);
    DESTROY_IF(work->config);
    free(work);
}

static job_requeue_t do_work(void* data)
{
    struct work* work = data;
    ike_sa_t* ike_sa = charon->ike_sa_manager->checkout(charon->ike_sa_manager, work->id);
    if (!ike_sa)
        return JOB_REQUEUE_NONE;
    if (work->act(ike_sa, work->config) == SUCCESS)
        charon->ike_sa_manager->checkin(charon->ike_sa_manager, ike_sa);
    else
        charon->ike_sa_manager->checkin_and_destroy(charon->ike_sa_manager, ike_sa);
    if (work->repeat_ms)
        return JOB_RESCHEDULE_MS(work->repeat_ms);
    return JOB_REQUEUE_NONE;
}

// The answer to IKE_AUTH is still being processed.
enum { delay_ms = 50 };

static void schedule(ike_sa_t* ike_sa, status_t (*act)(ike_sa_t*, child_cfg_t*), child_cfg_t* config,
                     unsigned repeat_ms)
{
    struct work* work;
    ike_sa_id_t* id = ike_sa->get_id(ike_sa);
    INIT(work, .id = id->clone(id), .act = act, .config = config, .repeat_ms = repeat_ms);
    lib->scheduler->schedule_job_ms(lib->scheduler,
                                    (job_t*)callback_job_create(do_work, work, release_work, NULL), delay_ms);
}

// ---- rekeying

static status_t rekey_ike(ike_sa_t* ike_sa, child_cfg_t* config)
{
    (void)config;
    return ike_sa->rekey(ike_sa);
}

static status_t rekey_child(ike_sa_t* ike_sa, child_cfg_t* config)
{
    (void)config;
    uint32_t spi = 0;
    child_sa_t* child;
    enumerator_t* children = ike_sa->create_child_sa_enumerator(ike_sa);
    while (children->enumerate(children, &child)) {
        if (child->get_state(child) == CHILD_INSTALLED)
            spi = child->get_spi(child, TRUE);
    }
    children->destroy(children);
    return spi ? ike_sa->rekey_child_sa(ike_sa, PROTO_ESP, spi) : SUCCESS;
}

// ---- a second child

static child_cfg_t* copy_of(child_sa_t* child)
{
    proposal_t* proposal;
    child_cfg_t* original = child->get_config(child);
    child_cfg_create_t data = {
        .options = OPT_NO_POLICIES,
        .reqid = child->get_reqid(child),
        .mode = child->get_mode(child),
        .inactivity = 3600, // so that libcharon takes it for another one
    };
    child_cfg_t* copy = child_cfg_create("second", &data);
    linked_list_t* proposals = original->get_proposals(original, FALSE, FALSE);
    while (proposals->remove_first(proposals, (void**)&proposal) == SUCCESS)
        copy->add_proposal(copy, proposal);
    proposals->destroy(proposals);
    copy->add_traffic_selector(copy, TRUE, traffic_selector_create_dynamic(0, 0, 65535));
    copy->add_traffic_selector(copy, FALSE, traffic_selector_create_dynamic(0, 0, 65535));
    return copy;
}

static status_t ask_for_second(ike_sa_t* ike_sa, child_cfg_t* config)
{
    return ike_sa->initiate(ike_sa, config->get_ref(config), NULL);
}

// ---- another address

static status_t build_move(task_t* self, message_t* message)
{
    (void)self;
    message->add_notify(message, FALSE, UPDATE_SA_ADDRESSES, chunk_empty);
    return NEED_MORE;
}

static status_t process_move(task_t* self, message_t* message)
{
    (void)self;
    (void)message;
    say("hostile-move answered");
    return SUCCESS;
}

static task_type_t move_type(task_t* self)
{
    (void)self;
    return TASK_IKE_DPD;
}

static void migrate_move(task_t* self, ike_sa_t* ike_sa)
{
    (void)self;
    (void)ike_sa;
}

static void destroy_move(task_t* self) { free(self); }

static status_t move_away(ike_sa_t* ike_sa, child_cfg_t* config)
{
    (void)config;
    task_t* task;
    INIT(task, .build = build_move, .process = process_move, .get_type = move_type, .migrate = migrate_move,
         .destroy = destroy_move);
    host_t* old = ike_sa->get_my_host(ike_sa);
    ike_sa->set_my_host(ike_sa, host_create_from_string((char*)wanted.move, old->get_port(old)));
    ike_sa->queue_task(ike_sa, task);
    return ike_sa->initiate(ike_sa, NULL, NULL);
}

static bool on_child_updown(listener_t* self, ike_sa_t* ike_sa, child_sa_t* child, bool up)
{
    (void)self;
    if (!up)
        return TRUE;
    if (streq(child->get_name(child), "second")) {
        say("hostile-child up");
        return TRUE;
    }
    if (wanted.children)
        schedule(ike_sa, ask_for_second, copy_of(child), 0);
    if (wanted.rekeys)
        schedule(ike_sa, rekey_child, NULL, 50);
    if (wanted.ike_rekey)
        schedule(ike_sa, rekey_ike, NULL, 0);
    if (*wanted.move)
        schedule(ike_sa, move_away, NULL, 0);
    return TRUE;
}

static bool on_ike_rekey(listener_t* self, ike_sa_t* old, ike_sa_t* successor)
{
    (void)self;
    (void)old;
    (void)successor;
    say("hostile-ike-rekey done");
    return TRUE;
}

static bool on_alert(listener_t* self, ike_sa_t* ike_sa, alert_t alert, va_list arguments)
{
    (void)self;
    (void)ike_sa;
    (void)arguments;
    if (alert == ALERT_KEEP_ON_CHILD_SA_FAILURE)
        say("hostile-child refused");
    if (alert == ALERT_PROPOSAL_MISMATCH_IKE)
        say("hostile-ike-rekey refused");
    return TRUE;
}

static listener_t listener = {
    .message = on_message,
    .narrow = on_narrow,
    .child_updown = on_child_updown,
    .ike_rekey = on_ike_rekey,
    .alert = on_alert,
};

void hostile_start(struct hostile_options const* options)
{
    wanted = *options;
    charon->bus->add_listener(charon->bus, &listener);
}
