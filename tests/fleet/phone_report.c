/*
 * Telling the gateway: after each change, what is true of a message when the report leaves; again
 * and again until it is answered or given up.
 */
#include <stdlib.h>

#include "service/message/message_service.h"
#include "tests/fleet/phone.h"

struct report {
    struct phone *phone;
    struct og_sms *sms;
    int epoch;
    int tries;
    enum og_sms_state told;
    bool is_applied;
    struct og_arena mem; /* of one try */
    union {
        struct og_op op;
        struct og_report_op report;
    } u;
};

static void leave(void *ctx);

static void
again_after(struct report *self, int64_t wait_ms)
{
    agenda_add(&self->phone->sim->agenda, wait_ms, leave, self);
}

static int64_t
draw_delay(struct phone *phone)
{
    return og_dice_between(&phone->dice, phone->profile.report_delay_min_ms,
                           phone->profile.report_delay_max_ms);
}

static void
give_up(struct report *self)
{
    self->sms->has_report = false;
    self->sms->pins--;
    free(self);
}

static void
retry(struct report *self)
{
    const struct og_link_profile *link = &self->phone->profile.link;
    if (++self->tries > link->report_tries || self->epoch != self->phone->epoch) {
        give_up(self);
    } else {
        again_after(self, og_link_retry_wait(link, self->tries));
    }
}

static void
answered(void *ctx)
{
    struct report *self = ctx;
    bool is_heard = self->is_applied && phone_is_online(self->phone);
    og_arena_finish(&self->mem);
    if (!is_heard) {
        retry(self);
    } else if (self->sms->state != self->told) {
        self->tries = 0;
        again_after(self, draw_delay(self->phone));
    } else {
        self->sms->reported = self->told;
        give_up(self);
    }
}

static void
done(struct og_op *op)
{
    struct report *self = OG_CONTAINER_OF(op, struct report, u.op);
    self->is_applied = op->code == OG_OK;
    if (self->is_applied && self->told == OG_SMS_FAILED) {
        struct ledger_event event = phone_event(self->phone, self->sms->recipients[0].number);
        ledger_told_failed(&self->phone->sim->ledger, &event);
    }
    agenda_add(&self->phone->sim->agenda, phone_draw_latency(self->phone), answered, self);
}

static enum og_message_state
state_of(enum og_sms_state state)
{
    enum og_message_state out = OG_MESSAGE_PENDING;
    og_message_state_from_text(og_str_from(og_sms_state_name(state)), &out);
    return out;
}

static const struct og_report *
write_report(struct report *self)
{
    const struct og_sms *sms = self->sms;
    struct og_report *out = OG_ARENA_NEW(&self->mem, struct og_report);
    struct og_recipient_report *recipient = OG_ARENA_NEW(&self->mem, struct og_recipient_report);
    *recipient = (struct og_recipient_report){
        .number = og_str_from(sms->recipients[0].number),
        .state = state_of(sms->recipients[0].state),
        .error = og_str_dup(&self->mem, og_str_from(sms->recipients[0].error)),
    };
    *out = (struct og_report){.id = og_str_from(sms->id),
                              .report = {.state = state_of(sms->state),
                                         .recipients = recipient,
                                         .recipient_count = 1}};
    for (int i = 0; i < OG_SMS_STATE_COUNT; i++) {
        out->report.times.at_ms[state_of((enum og_sms_state)i)] = sms->state_at[i];
    }
    return out;
}

static void
arrive(void *ctx)
{
    static const struct og_op_kind kind = {"message.report", og_report_apply, og_report_committed,
                                           done, og_report_decides_first};
    struct report *self = ctx;
    struct phone *phone = self->phone;
    if (!sim_is_reachable(phone->sim) || self->epoch != phone->epoch) {
        answered(self);
        return;
    }
    self->u.report.svc = phone->sim->gateway.parts.services;
    gateway_submit(&phone->sim->gateway, &self->u.op, &kind);
}

static void
leave(void *ctx)
{
    struct report *self = ctx;
    struct phone *phone = self->phone;
    if (self->epoch != phone->epoch || !phone_is_online(phone)) {
        retry(self);
        return;
    }
    og_arena_init(&self->mem, 1024);
    self->told = self->sms->state;
    self->is_applied = false;
    self->u.report = (struct og_report_op){
        .mem = &self->mem,
        .account_id = SIM_ACCOUNT,
        .device_id = og_str_dup(&self->mem, og_str_from(phone->device_id)),
        .items = write_report(self),
        .count = 1,
    };
    agenda_add(&phone->sim->agenda, phone_draw_latency(phone), arrive, self);
}

void
phone_tell(struct phone *self, struct og_sms *sms)
{
    if (!sms->has_report) {
        struct report *report = og_xalloc(sizeof *report);
        *report = (struct report){.phone = self, .sms = sms, .epoch = self->epoch};
        sms->has_report = true;
        sms->pins++;
        again_after(report, draw_delay(self));
    }
}
