/*
 * The day's load. Codes come more in the day than in the night; bulk comes as campaigns, posted as
 * fast as an application does it.
 */
#include "tests/fleet/crowd.h"

#include <math.h>
#include <stdlib.h>

#include "service/otp/otp_service.h"
#include "tests/fleet/machine.h"
#include "tests/fleet/sim.h"

#define RETRY_MS 1000
#define CAMPAIGN_MESSAGES 5000
#define BULK_EVERY_MS 20
#define TYPING_MIN_MS 5000
#define TYPING_MAX_MS 40000
#define TYPED_PERCENT 90
#define CODE_DIGITS 6

struct crowd {
    struct sim *sim;
    struct og_dice dice;
    int64_t *code_at; /* in order */
    int next_code;
    int next_bulk;
    char (*verification_ids)[OG_LONG_ID_BYTES]; /* by code */
};

static struct og_services *
services(const struct crowd *self)
{
    return self->sim->gateway.parts.services;
}

/* ---- codes ---- */

struct start {
    struct crowd *crowd;
    int code;
    struct og_arena mem;
    struct og_otp_start_op op;
};

static void ask_for_code(void *ctx);

static void
ask_again(struct start *self)
{
    if (!self->crowd->sim->is_over) {
        agenda_add(&self->crowd->sim->agenda, RETRY_MS, ask_for_code, self);
        return;
    }
    og_arena_finish(&self->mem);
    free(self);
}

static void
start_done(struct og_op *op)
{
    struct start *self = OG_CONTAINER_OF(op, struct start, op.base.op);
    struct crowd *crowd = self->crowd;
    struct ledger *ledger = &crowd->sim->ledger;
    int64_t now_ms = sim_now(crowd->sim);
    if (op->code == OG_OK) {
        snprintf(crowd->verification_ids[self->code], OG_LONG_ID_BYTES, "%" OG_STR_FMT,
                 OG_STR_ARG(self->op.out.id));
        ledger_accepted(ledger, self->code, now_ms, self->op.out.expires_at - MACHINE_STARTS_AT,
                        self->op.out.message_id);
    } else {
        ledger_refused(ledger, self->code, now_ms);
    }
    og_otp_start_release(&self->op, op->code == OG_OK);
    og_arena_finish(&self->mem);
    free(self);
}

static void
start_ready(struct og_otp_base *base, enum og_code code, const struct og_err *err)
{
    static const struct og_op_kind kind = {"otp.start", og_otp_start_apply,
                                           og_otp_start_committed, start_done};
    struct start *self = base->ctx;
    (void)err;
    if (code != OG_OK) {
        abort(); /* no randomness, or the store is full: neither happens here */
    }
    gateway_submit(&self->crowd->sim->gateway, &base->op, &kind);
}

static void
ask_for_code(void *ctx)
{
    struct start *self = ctx;
    struct crowd *crowd = self->crowd;
    char number[LEDGER_NUMBER_BYTES];
    if (!gateway_is_up(&crowd->sim->gateway)) {
        ask_again(self);
        return;
    }
    ledger_number(LEDGER_CODE, self->code, number);
    const struct og_otp_policy *policy = &services(crowd)->otp;
    self->op = (struct og_otp_start_op){
        .base = {.svc = services(crowd),
                 .mem = &self->mem,
                 .loop = crowd->sim->gateway.parts.loop,
                 .ready = start_ready,
                 .ctx = self,
                 .account_id = SIM_ACCOUNT},
        .to = og_str_dup(&self->mem, og_str_from(number)),
        .purpose = OG_STR("login"),
        .code_length = CODE_DIGITS,
        .ttl_ms = policy->ttl_ms,
        .asked_at = machine_wall_ms(),
    };
    og_otp_start_prepare(&self->op);
}

static void
next_code(void *ctx)
{
    struct crowd *self = ctx;
    struct start *start = og_xalloc(sizeof *start);
    start->crowd = self;
    start->code = self->next_code++;
    og_arena_init(&start->mem, 2048);
    if (self->next_code < self->sim->ledger.code_count) {
        agenda_add(&self->sim->agenda, self->code_at[self->next_code] - sim_now(self->sim),
                   next_code, self);
    }
    ask_for_code(start);
}

static int
compare_times(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

/* Nine times as many at noon as at midnight. */
static void
draw_codes(struct crowd *self, int count, int64_t day_ms)
{
    for (int i = 0; i < count;) {
        double place = og_dice_unit(&self->dice);
        double weight = 0.5 - 0.4 * cos(2.0 * M_PI * place);
        if (og_dice_unit(&self->dice) < weight) {
            self->code_at[i++] = (int64_t)(place * (double)day_ms);
        }
    }
    qsort(self->code_at, (size_t)count, sizeof self->code_at[0], compare_times);
}

/* ---- users ---- */

struct check {
    struct crowd *crowd;
    int code;
    struct og_arena mem;
    struct og_otp_check_op op;
    char typed[CODE_DIGITS + 1];
};

static void
check_free(struct check *self)
{
    og_arena_finish(&self->mem);
    free(self);
}

static void
check_done(struct og_op *op)
{
    struct check *self = OG_CONTAINER_OF(op, struct check, op.base.op);
    if (op->code == OG_OK && self->op.outcome == OG_OTP_APPROVED) {
        ledger_ended(&self->crowd->sim->ledger, self->code, sim_now(self->crowd->sim));
    }
    og_otp_check_release(&self->op, op->code == OG_OK);
    check_free(self);
}

static void
check_ready(struct og_otp_base *base, enum og_code code, const struct og_err *err)
{
    static const struct og_op_kind kind = {"otp.check", og_otp_check_apply,
                                           og_otp_check_committed, check_done};
    struct check *self = base->ctx;
    (void)err;
    if (code == OG_OK) {
        gateway_submit(&self->crowd->sim->gateway, &base->op, &kind);
    } else {
        og_otp_check_release(&self->op, false);
        check_free(self);
    }
}

static void
type_in(void *ctx)
{
    struct check *self = ctx;
    struct crowd *crowd = self->crowd;
    if (!gateway_is_up(&crowd->sim->gateway)) {
        check_free(self); /* that user gives up */
        return;
    }
    self->op = (struct og_otp_check_op){
        .base = {.svc = services(crowd),
                 .mem = &self->mem,
                 .loop = crowd->sim->gateway.parts.loop,
                 .ready = check_ready,
                 .ctx = self,
                 .account_id = SIM_ACCOUNT},
        .id = og_str_from(crowd->verification_ids[self->code]),
        .purpose = OG_STR("login"),
    };
    (void)og_secret_set(&self->op.code, og_str_from(self->typed));
    og_otp_check_prepare(&self->op);
}

/* The first run of digits as long as a code. */
static bool
find_code(struct og_str text, char out[CODE_DIGITS + 1])
{
    size_t run = 0;
    for (size_t i = 0; i < text.len; i++) {
        run = text.ptr[i] >= '0' && text.ptr[i] <= '9' ? run + 1 : 0;
        if (run == CODE_DIGITS) {
            memcpy(out, text.ptr + i + 1 - CODE_DIGITS, CODE_DIGITS);
            return true;
        }
    }
    return false;
}

void
crowd_on_code(struct crowd *self, int code, struct og_str text)
{
    char typed[CODE_DIGITS + 1] = "";
    int64_t wait_ms = og_dice_between(&self->dice, TYPING_MIN_MS, TYPING_MAX_MS);
    if (!og_dice_percent(&self->dice, TYPED_PERCENT) || !find_code(text, typed)) {
        return;
    }
    struct check *check = og_xalloc(sizeof *check);
    check->crowd = self;
    check->code = code;
    og_arena_init(&check->mem, 2048);
    memcpy(check->typed, typed, sizeof typed);
    agenda_add(&self->sim->agenda, wait_ms, type_in, check);
}

/* ---- bulk ---- */

static const char *const bulk_texts[] = {
    "Your parcel will be with you tomorrow between 9 and 12. Not at home? Tell us until tonight.",
    "Hello, your table is booked for Saturday, 19:30.",
    "We open our new branch at the station on Monday. Come and see us: the first hundred guests "
    "get a coffee for free, and everybody gets ten percent off for the whole week. We are open "
    "from eight to eight.",
};

struct send {
    struct crowd *crowd;
    struct og_arena mem;
    struct og_send_op op;
};

static void
send_done(struct og_op *op)
{
    struct send *self = OG_CONTAINER_OF(op, struct send, op.op);
    if (op->code == OG_OK) {
        ledger_bulk_accepted(&self->crowd->sim->ledger);
    }
    og_arena_finish(&self->mem);
    free(self);
}

static void
send_bulk(struct crowd *self)
{
    static const struct og_op_kind kind = {"message.send", og_send_apply, og_send_committed,
                                           send_done, og_send_decides_first};
    struct send *send = og_xalloc(sizeof *send);
    char number[LEDGER_NUMBER_BYTES];
    og_arena_init(&send->mem, 2048);
    ledger_number(LEDGER_BULK, self->next_bulk, number);
    struct og_str *numbers = OG_ARENA_NEW(&send->mem, struct og_str);
    *numbers = og_str_dup(&send->mem, og_str_from(number));
    send->crowd = self;
    send->op.svc = services(self);
    send->op.mem = &send->mem;
    send->op.ask = (struct og_message_ask){
        .account_id = SIM_ACCOUNT,
        .text = og_str_from(bulk_texts[self->next_bulk % 3]),
        .numbers = {numbers, 1},
        .want_report = true,
        .is_bulk = true,
    };
    gateway_submit(&self->sim->gateway, &send->op.op, &kind);
}

static void
next_bulk(void *ctx)
{
    struct crowd *self = ctx;
    if (!gateway_is_up(&self->sim->gateway)) {
        agenda_add(&self->sim->agenda, RETRY_MS, next_bulk, self);
        return;
    }
    send_bulk(self);
    if (++self->next_bulk % CAMPAIGN_MESSAGES != 0 &&
        self->next_bulk < self->sim->ledger.bulk_count) {
        agenda_add(&self->sim->agenda, BULK_EVERY_MS, next_bulk, self);
    }
}

/* Campaigns in the middle of the day, evenly spread. */
static void
plan_bulk(struct crowd *self, int count, int64_t day_ms)
{
    int campaigns = (count + CAMPAIGN_MESSAGES - 1) / CAMPAIGN_MESSAGES;
    for (int i = 0; i < campaigns; i++) {
        agenda_add(&self->sim->agenda, day_ms / 3 + day_ms / 2 * i / campaigns, next_bulk, self);
    }
}

/* ---- life ---- */

struct crowd *
crowd_create(struct sim *sim)
{
    const struct sim_options *options = sim->options;
    struct crowd *self = og_xalloc(sizeof *self);
    self->sim = sim;
    og_dice_seed(&self->dice, options->seed, UINT64_MAX - 1);
    self->code_at = og_xalloc(((size_t)options->codes + 1) * sizeof self->code_at[0]);
    self->verification_ids =
        og_xalloc(((size_t)options->codes + 1) * sizeof self->verification_ids[0]);
    draw_codes(self, options->codes, options->day_ms);
    if (options->codes > 0) {
        agenda_add(&sim->agenda, self->code_at[0], next_code, self);
    }
    plan_bulk(self, options->bulk, options->day_ms);
    return self;
}

void
crowd_destroy(struct crowd *self)
{
    free(self->code_at);
    free(self->verification_ids);
    free(self);
}
