/*
 * From the pull to the air: each message once, in the app's order, by the model of the radio; and
 * what the books need to know of it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fleet/phone.h"

/* A message at the radio. */
struct phone_flight {
    struct phone_flight *prev, *next;
    struct og_sms *sms;
    int epoch;
    int64_t begun_at; /* when its SIM began to send it; LEDGER_NEVER: it does not */
};

static void
flight_end(struct phone *self, struct phone_flight *flight)
{
    *(flight->prev ? &flight->prev->next : &self->flights) = flight->next;
    if (flight->next) {
        flight->next->prev = flight->prev;
    }
    flight->sms->pins--;
    free(flight);
}

static struct phone_flight *
flight_begin(struct phone *self, struct og_sms *sms)
{
    struct phone_flight *flight = og_xalloc(sizeof *flight);
    *flight = (struct phone_flight){
        .next = self->flights, .sms = sms, .epoch = self->epoch, .begun_at = LEDGER_NEVER};
    if (flight->next) {
        flight->next->prev = flight;
    }
    self->flights = flight;
    sms->pins++;
    return flight;
}

void
phone_free_flights(struct phone *self)
{
    while (self->flights) {
        flight_end(self, self->flights);
    }
}

/* ---- from the gateway ---- */

static void
move(struct phone *self, struct og_sms *sms, enum og_sms_state state, const char *error)
{
    if (og_sms_move(sms, 0, state, error, phone_wall_ms(self))) {
        phone_tell(self, sms);
    }
}

void
phone_take(struct phone *self, const struct og_pull_item *item)
{
    struct og_sms *sms = og_known_find(&self->known, item->id);
    if (sms && item->state == OG_SMS_CANCELLING) {
        phone_cancel(self, item->id);
    }
    if (sms) {
        phone_tell(self, sms); /* the gateway missed what we said of it */
        return;
    }
    sms = og_sms_create(item, phone_wall_ms(self));
    og_known_add(&self->known, sms);
    if (item->state == OG_SMS_CANCELLING) {
        move(self, sms, OG_SMS_CANCELLED, NULL);
    } else {
        og_send_queue_add(&self->queue, sms);
    }
}

void
phone_cancel(struct phone *self, struct og_str id)
{
    struct og_sms *sms = og_known_find(&self->known, id);
    if (sms && og_send_queue_remove(&self->queue, sms)) {
        move(self, sms, OG_SMS_CANCELLED, NULL);
    }
}

/* ---- to the radio ---- */

static void listen(struct phone *self);

static void
listen_now(void *ctx)
{
    struct phone *self = ctx;
    self->radio_due_at = AGENDA_NEVER;
    listen(self);
}

static void
send_now(void *ctx)
{
    struct phone *self = ctx;
    self->send_due_at = AGENDA_NEVER;
    phone_send(self);
}

/* Once on the agenda is enough; what comes too early looks again. */
static void
wait_until(struct phone *self, int64_t at_ms, int64_t *due_at, void (*run)(void *ctx))
{
    if (at_ms < *due_at) {
        *due_at = at_ms;
        agenda_add(&self->sim->agenda, at_ms - sim_now(self->sim), run, self);
    }
}

/* Would these parts go beyond what Android lets an app send in a minute? */
static bool
count_parts(struct phone *self, int parts)
{
    int64_t since = sim_now(self->sim) - PHONE_OS_WINDOW_MS;
    int used = 0;
    for (int i = 0; i < PHONE_OS_PARTS; i++) {
        used += self->parts_at[i] > since;
    }
    for (int i = 0; i < parts; i++) {
        self->parts_at[self->parts_next] = sim_now(self->sim);
        self->parts_next = (self->parts_next + 1) % PHONE_OS_PARTS;
    }
    return used + parts > PHONE_OS_PARTS;
}

/* The part that a dialog or a wedged modem plays; true: nothing reaches the radio. */
static bool
is_held(struct phone *self, struct og_sms *sms)
{
    if (self->trouble == PHONE_SILENT) {
        return true;
    }
    if (self->trouble != PHONE_DIALOG) {
        return false;
    }
    if (self->held_count < OG_RADIO_DIALOGS_MAX) {
        self->held[self->held_count++] = sms;
        sms->pins++;
    } else {
        move(self, sms, OG_SMS_FAILED, "Send result: RESULT_ERROR_LIMIT_EXCEEDED");
    }
    return true;
}

/* The person says no, so nothing goes out late. */
void
phone_release_dialog(struct phone *self)
{
    for (int i = 0; i < self->held_count; i++) {
        self->held[i]->pins--;
        move(self, self->held[i], OG_SMS_FAILED, "Send result: RESULT_USER_NOT_ALLOWED");
    }
    self->held_count = 0;
}

static void
submit(struct phone *self, struct og_sms *sms)
{
    int64_t now_ms = sim_now(self->sim), wall_ms = phone_wall_ms(self);
    int sim = sms->sim > 0 ? sms->sim - 1 : 0;
    if (sms->valid_until_at > 0 && wall_ms > sms->valid_until_at) {
        move(self, sms, OG_SMS_FAILED, "TTL expired");
        return;
    }
    if (sim >= self->profile.sims) {
        move(self, sms, OG_SMS_FAILED, "Can't send message: SIM not found");
        return;
    }
    move(self, sms, OG_SMS_PROCESSED, NULL);
    self->sim->ledger.limits_exceeded += count_parts(self, sms->parts);
    if (is_held(self, sms)) {
        return;
    }
    int64_t free_at = self->radio.sim_free_at[sim];
    int dialogs = self->radio.dialog_count;
    struct phone_flight *flight = flight_begin(self, sms);
    struct og_radio_job job = {flight, 0, sms->parts, sim, sms->want_report};
    og_radio_submit(&self->radio, &job, now_ms);
    if (self->radio.dialog_count == dialogs) {
        flight->begun_at = free_at > now_ms ? free_at : now_ms;
    }
}

void
phone_send(struct phone *self)
{
    struct og_sms *sms;
    int64_t now_ms = sim_now(self->sim);
    int64_t wall_ms = phone_wall_ms(self);
    while ((sms = og_send_queue_take(&self->queue, now_ms, wall_ms, &self->dice))) {
        submit(self, sms);
    }
    wait_until(self, og_send_queue_next_at(&self->queue, now_ms, wall_ms), &self->send_due_at,
               send_now);
    listen(self);
}

/* ---- what the radio says ---- */

static void
on_aired(struct phone *self, struct phone_flight *flight)
{
    struct og_sms *sms = flight->sms;
    int64_t begun_at =
        flight->begun_at == LEDGER_NEVER ? sim_now(self->sim) : flight->begun_at;
    struct ledger_event aired = phone_event(self, sms->recipients[0].number);
    ledger_aired(&self->sim->ledger, &aired, begun_at);
    sim_on_sms(self->sim, sms->recipients[0].number, (struct og_str){sms->text, sms->text_len});
    og_sms_drop_text(sms);
}

static void
on_result(struct phone *self, struct phone_flight *flight, const struct og_radio_event *event)
{
    struct og_sms *sms = flight->sms;
    char error[OG_SMS_ERROR_BYTES];
    if (event->result != OG_RADIO_OK) {
        struct ledger_event lost = phone_event(self, sms->recipients[0].number);
        ledger_lost(&self->sim->ledger, &lost, flight->begun_at);
        snprintf(error, sizeof error, "Send result: %s",
                 og_radio_result_name((enum og_radio_result)event->result));
        sms->recipients[0].has_failed_part = true;
        move(self, sms, OG_SMS_FAILED, error);
    } else if (event->part == event->job.parts - 1 && !sms->recipients[0].has_failed_part) {
        move(self, sms, OG_SMS_SENT, NULL);
    }
}

static void
on_delivery(struct phone *self, struct og_sms *sms, int tp_status)
{
    char error[OG_SMS_ERROR_BYTES];
    snprintf(error, sizeof error, "Delivery result: 0x%02x", (unsigned)tp_status);
    if (tp_status < 0x20) {
        move(self, sms, OG_SMS_DELIVERED, NULL);
    } else if (tp_status >= 0x40) {
        move(self, sms, OG_SMS_FAILED, error);
    }
}

static void
listen(struct phone *self)
{
    struct og_radio_event event;
    while (og_radio_step(&self->radio, sim_now(self->sim), &event)) {
        struct phone_flight *flight = event.job.owner;
        bool is_ours = flight->epoch == self->epoch; /* else the app that would hear it is gone */
        if (event.kind == OG_RADIO_AIRED) {
            on_aired(self, flight);
        } else if (event.kind == OG_RADIO_OVER) {
            flight_end(self, flight);
        } else if (is_ours && event.kind == OG_RADIO_RESULT) {
            on_result(self, flight, &event);
        } else if (is_ours) {
            on_delivery(self, flight->sms, event.tp_status);
        }
    }
    wait_until(self, og_radio_next_at(&self->radio), &self->radio_due_at, listen_now);
}
