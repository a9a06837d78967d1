/*
 * Read: a verification and what happened to it, told from its rows. The code is in none of them.
 */
#include <stdlib.h>

#include "service/otp/priv.h"

#define CHECKS_MAX 50
#define EVENTS_PER_SEND 5

static const char *const event_names[OG_OTP_EVENT_KIND_COUNT] = {
    [OG_OTP_EVENT_ACCEPTED] = "accepted",   [OG_OTP_EVENT_RESENT] = "resent",
    [OG_OTP_EVENT_HANDED] = "handed",       [OG_OTP_EVENT_SENT] = "sent",
    [OG_OTP_EVENT_DELIVERED] = "delivered", [OG_OTP_EVENT_SEND_FAILED] = "send_failed",
    [OG_OTP_EVENT_CHECKED] = "checked",     [OG_OTP_EVENT_APPROVED] = "approved",
    [OG_OTP_EVENT_FAILED] = "failed",       [OG_OTP_EVENT_EXPIRED] = "expired",
    [OG_OTP_EVENT_CANCELED] = "canceled",
};

const char *
og_otp_event_name(enum og_otp_event_kind kind)
{
    return event_names[kind];
}

static void
add(struct og_otp_get_op *self, enum og_otp_event_kind kind, int64_t at, int send)
{
    if (at) {
        self->events[self->event_count++] = (struct og_otp_event){kind, at, send, {NULL, 0}};
    }
}

static void
add_send(struct og_otp_get_op *self, const struct og_otp_send *send)
{
    add(self, send->n == 1 ? OG_OTP_EVENT_ACCEPTED : OG_OTP_EVENT_RESENT, send->at, send->n);
    add(self, OG_OTP_EVENT_HANDED, send->handed_at, send->n);
    add(self, OG_OTP_EVENT_SENT, send->sent_at, send->n);
    add(self, OG_OTP_EVENT_DELIVERED, send->delivered_at, send->n);
    if (send->failed_at) {
        add(self, OG_OTP_EVENT_SEND_FAILED, send->failed_at, send->n);
        self->events[self->event_count - 1].reason = send->reason;
    }
}

/* How it ended; of an expired one that the sweep has not seen yet, too. */
static void
add_end(struct og_otp_get_op *self, enum og_verification_state state)
{
    static const enum og_otp_event_kind kinds[OG_VERIFICATION_STATE_COUNT] = {
        [OG_VERIFICATION_APPROVED] = OG_OTP_EVENT_APPROVED,
        [OG_VERIFICATION_FAILED] = OG_OTP_EVENT_FAILED,
        [OG_VERIFICATION_EXPIRED] = OG_OTP_EVENT_EXPIRED,
        [OG_VERIFICATION_CANCELED] = OG_OTP_EVENT_CANCELED,
    };
    if (state != OG_VERIFICATION_PENDING) {
        add(self, kinds[state], self->out.closed_at ? self->out.closed_at : self->out.expires_at,
            0);
    }
}

static int
by_time(const void *a, const void *b)
{
    const struct og_otp_event *x = a, *y = b;
    if (x->at != y->at) {
        return x->at < y->at ? -1 : 1;
    }
    if (x->send != y->send && x->send && y->send) {
        return x->send - y->send;
    }
    return (int)x->kind - (int)y->kind;
}

static void
tell(struct og_otp_get_op *self, const struct og_otp_send *sends, int send_count,
     const struct og_otp_check *checks, int check_count)
{
    self->events =
        OG_ARENA_ARRAY(self->base.mem, struct og_otp_event,
                       (size_t)(send_count * EVENTS_PER_SEND + check_count + 1));
    for (int i = 0; i < send_count; i++) {
        add_send(self, &sends[i]);
    }
    for (int i = 0; i < check_count; i++) {
        if (checks[i].verdict != OG_CHECK_APPROVED) {
            add(self, OG_OTP_EVENT_CHECKED, checks[i].at, 0);
        }
    }
    add_end(self, self->out.state);
    qsort(self->events, (size_t)self->event_count, sizeof(self->events[0]), by_time);
}

/* Of the last send: an earlier one does not matter any more. */
static struct og_str
why_undeliverable(const struct og_otp_send *sends, int count)
{
    const bool is_lost = count > 0 && sends[count - 1].failed_at &&
                         og_str_starts(sends[count - 1].reason, OG_STR("undeliverable"));
    return is_lost ? sends[count - 1].reason : OG_STR("");
}

enum og_code
og_otp_get_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_otp_get_op *self = (struct og_otp_get_op *)op;
    struct og_arena *mem = self->base.mem;
    struct og_otp_send *sends = NULL;
    struct og_otp_check *checks = NULL;
    int send_count = 0, check_count = 0;
    enum og_code code = og_verification_find(tx->db, NULL, self->base.account_id, self->id, mem,
                                             &self->out, &op->err);
    if (code == OG_OK) {
        code = og_otp_sends(tx->db, self->base.account_id, self->id, mem, &sends, &send_count,
                            &op->err);
    }
    if (code == OG_OK) {
        code = og_otp_checks(tx->db, self->base.account_id, self->id, CHECKS_MAX, mem, &checks,
                             &check_count, &op->err);
    }
    if (code == OG_OK) {
        self->out.state = og_verification_state_at(&self->out, tx->now_ms);
        self->undeliverable = why_undeliverable(sends, send_count);
        tell(self, sends, send_count, checks, check_count);
    }
    return code;
}
