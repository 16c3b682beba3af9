// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

// libcharon's events, turned into calls of the hooks. All of this runs with the bus locked, and events that
// an action in here would cause are lost to this listener: whatever must be done to an SA is queued as a job.

void report_failure(ike_sa_t* ike_sa, enum charon_failure failure, char const* detail)
{
    struct charon_sa sa = sa_of(ike_sa);
    charon_layer.hooks.failed(charon_layer.hooks.context, &sa, failure, detail);
}

static bool on_message(listener_t* self, ike_sa_t* ike_sa, message_t* message, bool incoming, bool plain)
{
    (void)self;
    if (!ike_sa)
        return TRUE;
    if (incoming && !plain)
        note_packet(ike_sa, message);
    if (!plain)
        return TRUE;
    if (incoming)
        take_incoming(ike_sa, message);
    else
        take_outgoing(ike_sa, message);
    return TRUE;
}

static bool on_authorize(listener_t* self, ike_sa_t* ike_sa, bool final, bool* success)
{
    (void)self;
    let_id_null_equal_itself(ike_sa);
    // Once the peer is authenticated; with `final` it asks again, when what it has proven is filed away.
    if (!final && !authorize_peer(ike_sa))
        *success = FALSE;
    return TRUE;
}

static bool on_narrow(listener_t* self, ike_sa_t* ike_sa, child_sa_t* child, narrow_hook_t hook,
                      linked_list_t* local, linked_list_t* remote)
{
    (void)self;
    guard_selectors(ike_sa, child, hook, local, remote);
    return TRUE;
}

static bool on_alert(listener_t* self, ike_sa_t* ike_sa, alert_t alert, va_list arguments)
{
    (void)self;
    (void)arguments;
    if (!ike_sa)
        return TRUE;
    switch (alert) {
    case ALERT_RETRANSMIT_SEND_TIMEOUT: report_failure(ike_sa, CHARON_SILENT, "no answer"); break;
    case ALERT_PEER_AUTH_FAILED:
        report_failure(ike_sa, CHARON_NOT_PROVEN, "the peer did not prove what it had to");
        break;
    case ALERT_TS_MISMATCH:
        report_failure(ike_sa, CHARON_REFUSED, "the peer wants other traffic selectors");
        break;
    case ALERT_PROPOSAL_MISMATCH_CHILD:
        report_failure(ike_sa, CHARON_REFUSED, "no common ESP proposal");
        break;
    case ALERT_LOCAL_AUTH_FAILED:
        report_failure(ike_sa, CHARON_LOCAL, "our own authentication failed");
        break;
    case ALERT_INSTALL_CHILD_SA_FAILED:
        report_failure(ike_sa, CHARON_LOCAL, "the kernel refused the SA");
        break;
    default: break;
    }
    return TRUE;
}

static void describe(proposal_t* proposal, char* text, size_t size)
{
    char whole[256] = "";
    if (proposal)
        snprintf(whole, sizeof whole, "%P", proposal);
    char const* colon = strchr(whole, ':'); // "IKE:AES_GCM_16_256/..."
    snprintf(text, size, "%s", colon ? colon + 1 : whole);
}

typedef int (*child_hook_t)(void* context, struct charon_sa const* sa, struct charon_child const* child);

static int tell_rekeyed(void* context, struct charon_sa const* sa, struct charon_child const* child)
{
    charon_layer.hooks.child_rekeyed(context, sa, child);
    return 1;
}

static int tell_child(ike_sa_t* ike_sa, child_sa_t* child, child_hook_t hook)
{
    char ike[256], esp[256];
    describe(ike_sa->get_proposal(ike_sa), ike, sizeof ike);
    describe(child->get_proposal(child), esp, sizeof esp);
    struct charon_child told = {
        .hosts = hosts_of(ike_sa),
        .reqid = child->get_reqid(child),
        .signed_ = have_signed(ike_sa),
        .tunnel = child->get_mode(child) == MODE_TUNNEL,
        .inbound_spi = ntohl(child->get_spi(child, TRUE)),
        .outbound_spi = ntohl(child->get_spi(child, FALSE)),
        .ike_proposal = ike,
        .esp_proposal = esp,
    };
    if (!flow_of_child(child, &told.flow))
        return 0;
    struct charon_sa sa = sa_of(ike_sa);
    return hook(charon_layer.hooks.context, &sa, &told);
}

/// While another one serves, a child that ends is not the end of the flow.
static bool has_other_child(ike_sa_t* ike_sa, child_sa_t* gone)
{
    bool other = FALSE;
    child_sa_t* child;
    enumerator_t* children = ike_sa->create_child_sa_enumerator(ike_sa);
    while (children->enumerate(children, &child))
        other = other || (child != gone && child->get_state(child) == CHILD_INSTALLED);
    children->destroy(children);
    return other;
}

static bool on_child_updown(listener_t* self, ike_sa_t* ike_sa, child_sa_t* child, bool up)
{
    (void)self;
    if (up) {
        if (!tell_child(ike_sa, child, charon_layer.hooks.child_up))
            queue_close(ike_sa);
        else
            queue_confirmation(ike_sa);
        return TRUE;
    }
    if (has_other_child(ike_sa, child))
        return TRUE;
    struct charon_sa sa = sa_of(ike_sa);
    charon_layer.hooks.child_down(charon_layer.hooks.context, &sa);
    // An IKE_SA without its child has no purpose.
    if (ike_sa->get_state(ike_sa) == IKE_ESTABLISHED)
        queue_close(ike_sa);
    return TRUE;
}

static bool on_child_rekey(listener_t* self, ike_sa_t* ike_sa, child_sa_t* old, child_sa_t* successor)
{
    (void)self;
    (void)old;
    tell_child(ike_sa, successor, tell_rekeyed);
    return TRUE;
}

static bool on_ike_rekey(listener_t* self, ike_sa_t* old, ike_sa_t* successor)
{
    (void)self;
    struct charon_sa before = sa_of(old);
    struct charon_sa after = sa_of(successor);
    let_id_null_equal_itself(successor);
    charon_layer.hooks.sa_rekeyed(charon_layer.hooks.context, &before, &after);
    return TRUE;
}

/// An address change ends the flow and starts a new one. Ports may change: that is a NAT.
static bool on_ike_update(listener_t* self, ike_sa_t* ike_sa, host_t* local, host_t* remote)
{
    (void)self;
    host_t* me = ike_sa->get_my_host(ike_sa);
    host_t* other = ike_sa->get_other_host(ike_sa);
    if (!me->ip_equals(me, local) || !other->ip_equals(other, remote))
        queue_close(ike_sa);
    return TRUE;
}

static bool on_ike_state(listener_t* self, ike_sa_t* ike_sa, ike_sa_state_t state)
{
    (void)self;
    if (state == IKE_DESTROYING) {
        struct charon_sa sa = sa_of(ike_sa);
        forget_waiting(ike_sa);
        charon_layer.hooks.sa_gone(charon_layer.hooks.context, &sa);
    }
    return TRUE;
}

listener_t event_listener = {
    .message = on_message,
    .authorize = on_authorize,
    .narrow = on_narrow,
    .alert = on_alert,
    .child_updown = on_child_updown,
    .child_rekey = on_child_rekey,
    .ike_rekey = on_ike_rekey,
    .ike_update = on_ike_update,
    .ike_state_change = on_ike_state,
};
