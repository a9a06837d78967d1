/*
 * Calls of a phone that bring it something: an identity, messages. A call is one struct from its
 * departure to its answer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "service/device/device_service.h"
#include "service/message/message_service.h"
#include "tests/fleet/phone.h"

#define RETRY_MS 10000
#define REGISTER_RETRY_MS 5000

struct call {
    struct phone *phone;
    int epoch;
    struct og_arena mem;
    bool is_applied;
    union {
        struct og_op op;
        struct og_device_register_op join;
        struct og_pull_op pull;
    } u;
};

static struct call *
call_make(struct phone *phone)
{
    struct call *call = og_xalloc(sizeof *call);
    call->phone = phone;
    call->epoch = phone->epoch;
    og_arena_init(&call->mem, 0);
    return call;
}

static void
call_free(struct call *call)
{
    og_arena_finish(&call->mem);
    free(call);
}

/* Does its answer reach the phone that made it? */
static bool
is_answered(const struct call *call)
{
    return call->is_applied && call->epoch == call->phone->epoch && phone_is_online(call->phone);
}

static void
send_later(struct phone *self, void (*run)(void *ctx), void *ctx)
{
    agenda_add(&self->sim->agenda, phone_draw_latency(self), run, ctx);
}

static struct og_services *
services(const struct phone *self)
{
    return self->sim->gateway.parts.services;
}

/* ---- register ---- */

static void
register_again(void *ctx)
{
    struct phone *self = ctx;
    if (!self->device_id[0]) {
        phone_register(self);
    }
}

static void
register_answered(void *ctx)
{
    struct call *call = ctx;
    struct phone *self = call->phone;
    if (is_answered(call)) {
        snprintf(self->device_id, sizeof self->device_id, "%" OG_STR_FMT,
                 OG_STR_ARG(call->u.join.out.id));
        phone_open_stream(self);
    } else if (call->epoch == self->epoch && !self->sim->is_over) {
        agenda_add(&self->sim->agenda, REGISTER_RETRY_MS, register_again, self);
    }
    call_free(call);
}

static void
register_done(struct og_op *op)
{
    struct call *call = OG_CONTAINER_OF(op, struct call, u.op);
    call->is_applied = op->code == OG_OK;
    send_later(call->phone, register_answered, call);
}

static const char *
describe_sims(const struct phone *self)
{
    return self->profile.sims > 1
               ? "[{\"slotIndex\":0,\"simNumber\":1},{\"slotIndex\":1,\"simNumber\":2}]"
               : "[{\"slotIndex\":0,\"simNumber\":1}]";
}

static void
register_arrived(void *ctx)
{
    static const struct og_op_kind kind = {"device.register", og_device_register_apply,
                                           og_device_register_committed, register_done};
    struct call *call = ctx;
    struct phone *self = call->phone;
    if (!sim_is_reachable(self->sim)) {
        register_answered(call);
        return;
    }
    call->u.join = (struct og_device_register_op){
        .svc = services(self),
        .mem = &call->mem,
        .account_id = SIM_ACCOUNT,
        .name = og_str_printf(&call->mem, "phone %d", self->index + 1),
        .sims = og_str_from(describe_sims(self)),
        .app_version = og_str_from(self->app->agent),
    };
    gateway_submit(&self->sim->gateway, &call->u.op, &kind);
}

void
phone_register(struct phone *self)
{
    send_later(self, register_arrived, call_make(self));
}

/* ---- pull ---- */

/* An SMS is to one recipient here, as the applications of the simulation send them. */
static void
take(struct phone *self, const struct og_message *m, struct og_arena *mem)
{
    struct og_str *number = OG_ARENA_NEW(mem, struct og_str);
    *number = m->record.recipients[0].number;
    struct og_pull_item item = {
        .id = og_message_public_id(m),
        .state = m->record.state == OG_MESSAGE_CANCELLING ? OG_SMS_CANCELLING : OG_SMS_PENDING,
        .text = m->text,
        .want_report = m->want_report,
        .priority = self->app->knows_priority ? (int)m->priority : 0,
        .sim_number = (int)m->sim_number,
        .numbers = {number, 1},
        .created_at = m->created_at,
        .valid_until_at = m->valid_until,
    };
    phone_take(self, &item);
}

static void
pull_again(void *ctx)
{
    phone_pull(ctx);
}

static void
pull_answered(void *ctx)
{
    struct call *call = ctx;
    struct phone *self = call->phone;
    if (is_answered(call)) {
        self->pull_tries = 0;
        for (int i = 0; i < call->u.pull.count; i++) {
            take(self, &call->u.pull.items[i], &call->mem);
        }
        phone_send(self);
    }
    if (call->epoch == self->epoch) {
        self->is_pulling = false;
        if (!call->is_applied && self->app->has_stream && self->pull_tries++ < 5) {
            agenda_add(&self->sim->agenda, RETRY_MS, pull_again, self);
        } else if (self->pull_again) {
            phone_pull(self);
        }
    }
    call_free(call);
}

static void
pull_done(struct og_op *op)
{
    struct call *call = OG_CONTAINER_OF(op, struct call, u.op);
    call->is_applied = op->code == OG_OK;
    for (int i = 0; call->is_applied && i < call->u.pull.count; i++) {
        struct og_str number = call->u.pull.items[i].record.recipients[0].number;
        struct ledger_event event = phone_event(call->phone, og_str_cstr(&call->mem, number));
        ledger_handed(&call->phone->sim->ledger, &event, phone_condition(call->phone));
    }
    send_later(call->phone, pull_answered, call);
}

static void
pull_arrived(void *ctx)
{
    static const struct og_op_kind kind = {"message.pull", og_pull_apply, og_pull_committed,
                                           pull_done, og_pull_decides_first};
    struct call *call = ctx;
    struct phone *self = call->phone;
    if (!sim_is_reachable(self->sim) || call->epoch != self->epoch) {
        pull_answered(call);
        return;
    }
    call->u.pull = (struct og_pull_op){
        .svc = services(self),
        .mem = &call->mem,
        .account_id = SIM_ACCOUNT,
        .device_id = og_str_dup(&call->mem, og_str_from(self->device_id)),
        .lifo = self->app->order == OG_ORDER_LIFO,
    };
    gateway_submit(&self->sim->gateway, &call->u.op, &kind);
}

void
phone_pull(struct phone *self)
{
    if (!self->device_id[0] || !phone_is_online(self)) {
        return; /* with its network comes the next occasion */
    }
    if (self->is_pulling) {
        self->pull_again = true;
        return;
    }
    self->is_pulling = true;
    self->pull_again = false;
    send_later(self, pull_arrived, call_make(self));
}
