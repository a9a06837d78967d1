/*
 * The day: virtual time goes from one thing to the next, whether it is on the agenda or a timer of
 * the gateway.
 */
#include "tests/fleet/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "store/account_store.h"
#include "tests/fleet/crowd.h"
#include "tests/fleet/machine.h"
#include "tests/fleet/phone.h"
#include "tests/fleet/phone_stream.h"
#include "tests/fleet/trouble.h"
#include "tests/fleet/verdict.h"

#define EVENING_MS (2 * SIM_HOUR_MS) /* reports that are late */
#define LOOK_EVERY_MS 500
#define LATE_MS 5000 /* the goal */
#define MORNING_MS SIM_MINUTE_MS /* phones are switched on before the day begins */

/* ---- time ---- */

static int64_t
next_at(const struct sim *self)
{
    int64_t wait_ms = gateway_wait_ms(&self->gateway);
    int64_t timer_at = wait_ms == INT64_MAX ? AGENDA_NEVER : sim_now(self) + wait_ms;
    int64_t entry_at = agenda_next_at(&self->agenda);
    return timer_at < entry_at ? timer_at : entry_at;
}

static void
run_until(struct sim *self, int64_t end_at)
{
    int64_t at_ms;
    while ((at_ms = next_at(self)) <= end_at && at_ms != AGENDA_NEVER) {
        self->agenda.now_ms = at_ms;
        machine_set_ms(at_ms);
        while (agenda_step(&self->agenda)) {
        }
        if (gateway_is_up(&self->gateway)) {
            gateway_turn(&self->gateway);
        }
    }
    if (end_at != AGENDA_NEVER) {
        self->agenda.now_ms = end_at;
        machine_set_ms(end_at);
    }
}

/* ---- the gateway ---- */

/* Applications and phones belong to one account. */
static void
make_account(struct sim *self)
{
    const struct og_account account = {
        .id = SIM_ACCOUNT, .name = OG_STR("fleet"), .brand = OG_STR(""), .login = OG_STR("")};
    struct og_err err = {0};
    if (og_account_insert(og_lanes_writer(self->gateway.parts.lanes), &account, &err) != OG_OK) {
        fprintf(stderr, "fleet: %s\n", err.text);
        exit(1);
    }
}

static void
start_again(void *ctx)
{
    struct sim *self = ctx;
    gateway_start(&self->gateway);
}

static void
stop_gateway(struct sim *self)
{
    gateway_turn(&self->gateway);
    phone_streams_end(self);
    gateway_stop(&self->gateway);
    for (int i = 0; i < self->options->phones; i++) {
        phone_gateway_down(self->phones[i]);
    }
}

void
sim_restart(struct sim *self, int64_t down_ms)
{
    stop_gateway(self);
    agenda_add(&self->agenda, down_ms, start_again, self);
}

void
sim_cut(struct sim *self, bool is_cut)
{
    self->is_cut = is_cut;
    for (int i = 0; i < self->options->phones; i++) {
        phone_network_changed(self->phones[i]);
    }
}

/* ---- what is seen from above ---- */

void
sim_on_sms(struct sim *self, const char *number, struct og_str text)
{
    enum ledger_kind kind;
    int index;
    if (ledger_read_number(number, &kind, &index) && kind == LEDGER_CODE) {
        crowd_on_code(self->crowd, index, text);
    }
}

static void
look_for_routes(void *ctx)
{
    struct sim *self = ctx;
    bool is_live = false;
    for (int i = 0; i < self->options->phones && !is_live; i++) {
        is_live = phone_can_send(self->phones[i]);
    }
    if (is_live && gateway_is_up(&self->gateway)) {
        ledger_route_is_live(&self->ledger, sim_now(self));
    }
    if (!self->is_over) {
        agenda_add(&self->agenda, LOOK_EVERY_MS, look_for_routes, self);
    }
}

/* ---- the day ---- */

static void
begin(struct sim *self)
{
    machine_reset(self->options->seed);
    agenda_init(&self->agenda);
    og_dice_seed(&self->dice, self->options->seed, 0);
    ledger_init(&self->ledger, self->options->codes, self->options->bulk);
    gateway_init(&self->gateway, self->options->dir, self->options->flags);
    gateway_start(&self->gateway);
    make_account(self);
    self->phones = og_xalloc((size_t)self->options->phones * sizeof self->phones[0]);
    for (int i = 0; i < self->options->phones; i++) {
        self->phones[i] = phone_create(self, i);
        phone_start(self->phones[i]);
    }
    run_until(self, MORNING_MS);
    self->crowd = crowd_create(self);
    trouble_plan(self);
    look_for_routes(self);
}

/* Everybody goes; the gateway alone must end what is still open. */
static void
wait_for_the_last(struct sim *self, struct result *out)
{
    int64_t age_ms = self->gateway.config.message.max_age_ms;
    int64_t end_at = sim_now(self) + age_ms + SIM_HOUR_MS;
    self->is_over = true;
    phone_streams_end(self);
    self->is_cut = true;
    while (sim_now(self) < end_at) {
        self->agenda.now_ms += SIM_MINUTE_MS;
        machine_set_ms(sim_now(self));
        gateway_turn(&self->gateway);
    }
    verdict_read(self, out);
}

static void
end(struct sim *self)
{
    stop_gateway(self);
    run_until(self, AGENDA_NEVER);
    for (int i = 0; i < self->options->phones; i++) {
        phone_destroy(self->phones[i]);
    }
    phone_streams_free(self);
    free(self->phones);
    crowd_destroy(self->crowd);
    gateway_finish(&self->gateway);
    ledger_finish(&self->ledger);
    agenda_finish(&self->agenda);
}

void
sim_run(const struct sim_options *options, struct result *out)
{
    struct sim self = {.options = options};
    clock_t begun = clock();
    *out = (struct result){0};
    begin(&self);
    run_until(&self, MORNING_MS + options->day_ms + EVENING_MS);
    result_count(out, &self.ledger);
    ledger_tell_late(&self.ledger, stdout, LATE_MS, options->tell);
    wait_for_the_last(&self, out);
    end(&self);
    out->cpu_s = (double)(clock() - begun) / CLOCKS_PER_SEC;
}
