/* Telling the server: each change of a message as one PATCH, repeated until it is accepted or given
 * up. Which states a report holds depends on the profile's report mode. */
#include "phone/phone_priv.h"

#include <stdlib.h>

#define BATCH_MESSAGES_MAX 32
#define STATES_PER_MESSAGE 5

/* A PATCH under way and what it told. */
struct og_flight {
    struct og_flight *prev, *next;
    struct og_vphone *phone;
    struct og_client_call *call;
    bool is_echo; /* a repetition: its answer changes nothing */
    size_t count;
    struct {
        struct og_outbox_job job;
        enum og_sms_state as;    /* the last state told; OG_SMS_STATE_COUNT for what was true */
        enum og_sms_state state; /* of the message then */
        int64_t state_count;     /* states that it had reached then */
    } told[];
};

static int64_t
count_states(const struct og_sms *sms)
{
    int64_t count = 0;
    for (size_t i = 0; i < sms->recipient_count; i++) {
        count += og_sms_state_rank(sms->recipients[i].state);
    }
    return count;
}

/* The state that comes next in the message's history after `told`; OG_SMS_STATE_COUNT when none. */
static enum og_sms_state
next_state(const struct og_sms *sms, enum og_sms_state told)
{
    static const enum og_sms_state order[] = {OG_SMS_PROCESSED, OG_SMS_SENT, OG_SMS_DELIVERED,
                                              OG_SMS_FAILED, OG_SMS_CANCELLED};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (sms->state_at[order[i]] != 0 &&
            og_sms_state_rank(order[i]) > og_sms_state_rank(told)) {
            return order[i];
        }
    }
    return OG_SMS_STATE_COUNT;
}

static bool
has_more(const struct og_vphone *self, const struct og_sms *sms, int64_t told_count)
{
    if (self->world->profile->report_mode == OG_REPORT_CURRENT) {
        return count_states(sms) > told_count;
    }
    return next_state(sms, sms->reported) != OG_SMS_STATE_COUNT || count_states(sms) > told_count;
}

static void
add_later(struct og_vphone *self, struct og_sms *sms, int64_t wait_ms, int tries)
{
    int64_t due_ms = og_vphone_mono(self) + wait_ms;
    self->world->counts->reports_open += !sms->has_report;
    og_outbox_add(&self->outbox, sms, due_ms, tries);
    og_vphone_due(self, DUE_REPORT, due_ms);
}

static int64_t
draw_delay(struct og_vphone *self)
{
    const struct og_profile *profile = self->world->profile;
    return og_dice_between(&self->dice, profile->report_delay_min_ms, profile->report_delay_max_ms);
}

void
og_vphone_tell(struct og_vphone *self, struct og_sms *sms)
{
    if (!sms->has_report) {
        add_later(self, sms, draw_delay(self), 0);
    }
}

/* ---- answers ---- */

static void
job_over(struct og_vphone *self, struct og_outbox_job *job)
{
    self->world->counts->reports_open--;
    og_outbox_done(job);
}

static void
flight_end(struct og_flight *flight)
{
    struct og_vphone *self = flight->phone;
    *(flight->prev ? &flight->prev->next : &self->flights) = flight->next;
    if (flight->next) {
        flight->next->prev = flight->prev;
    }
    self->flight_count--;
    free(flight);
}

static void
on_accepted(struct og_vphone *self, struct og_flight *flight, size_t index)
{
    struct og_outbox_job *job = &flight->told[index].job;
    struct og_sms *sms = job->sms;
    bool is_part = flight->told[index].as != OG_SMS_STATE_COUNT;
    sms->reported = is_part ? flight->told[index].as : flight->told[index].state;
    sms->acked = sms->reported;
    sms->acked_us = og_mono_us();
    self->world->counts->reports++;
    if (has_more(self, sms, flight->told[index].state_count)) {
        add_later(self, sms, draw_delay(self), 0);
    } else {
        job_over(self, job);
    }
}

static void
on_refused(struct og_vphone *self, struct og_outbox_job *job)
{
    const struct og_link_profile *profile = &self->world->profile->link;
    if (job->tries + 1 > profile->report_tries) {
        self->world->counts->reports_dropped++;
        job_over(self, job);
        return;
    }
    self->world->counts->reports_retried++;
    add_later(self, job->sms, og_link_retry_wait(profile, job->tries + 1), job->tries + 1);
}

static void
settle(struct og_vphone *self, struct og_flight *flight, bool is_accepted, int status)
{
    const struct og_vphone_listener *listener = self->world->listener;
    for (size_t i = 0; i < flight->count; i++) {
        if (listener->on_report) {
            listener->on_report(listener->ctx, self, flight->told[i].job.sms, flight->told[i].as,
                                status);
        }
        if (is_accepted) {
            on_accepted(self, flight, i);
        } else {
            on_refused(self, &flight->told[i].job);
        }
    }
}

static void launch_echo(struct og_vphone *self, struct og_sms *sms);

static void
on_done(void *ctx, const struct og_client_answer *answer)
{
    struct og_flight *flight = ctx;
    struct og_vphone *self = flight->phone;
    bool is_accepted = og_vphone_is_answered(self, answer, 204, false);
    if (flight->is_echo) {
        flight->told[0].job.sms->pins--;
    } else {
        settle(self, flight, is_accepted, answer->status);
    }
    if (!flight->is_echo && is_accepted &&
        og_dice_percent(&self->dice, self->world->profile->link.report_repeat)) {
        launch_echo(self, flight->told[0].job.sms);
    }
    flight_end(flight);
    og_vphone_due(self, DUE_REPORT, og_outbox_next_at(&self->outbox));
    og_vphone_arm(self);
}

/* ---- departures ---- */

static struct og_flight *
flight_make(struct og_vphone *self, size_t capacity)
{
    struct og_flight *flight =
        og_xalloc(sizeof(*flight) + capacity * sizeof(flight->told[0]));
    flight->phone = self;
    flight->next = self->flights;
    if (flight->next) {
        flight->next->prev = flight;
    }
    self->flights = flight;
    self->flight_count++;
    return flight;
}

static void
send_body(struct og_vphone *self, struct og_flight *flight, const struct og_proto_report *reports,
          size_t count)
{
    struct og_buf *body = &self->world->body;
    og_buf_clear(body);
    og_proto_write_reports(body, reports, count, self->world->profile->zone_minutes);
    flight->call = og_client_send(self->world->client, &(struct og_client_ask){
        .method = "PATCH", .url = self->world->url_message, .headers = self->write_headers,
        .body = og_buf_str(body), .on_done = on_done, .ctx = flight});
}

/* What happens after a crash: a state that was told before is told again, after newer ones. */
static void
launch_echo(struct og_vphone *self, struct og_sms *sms)
{
    struct og_proto_report report = {sms, OG_SMS_PROCESSED};
    if (sms->state_at[OG_SMS_PROCESSED] == 0) {
        return;
    }
    struct og_flight *flight = flight_make(self, 1);
    sms->pins++;
    flight->is_echo = true;
    flight->count = 1;
    flight->told[0].job.sms = sms;
    send_body(self, flight, &report, 1);
}

/* Adds what one message has to tell. Batches tell every state in an item of its own. */
static size_t
add_message(struct og_vphone *self, struct og_flight *flight, const struct og_outbox_job *job,
            struct og_proto_report *reports)
{
    int64_t mode = self->world->profile->report_mode;
    struct og_sms *sms = job->sms;
    size_t count = 0;
    enum og_sms_state as = OG_SMS_STATE_COUNT;
    if (mode != OG_REPORT_CURRENT) {
        as = next_state(sms, sms->reported);
    }
    reports[count++] = (struct og_proto_report){sms, as};
    enum og_sms_state next = as;
    while (mode == OG_REPORT_BATCH && next != OG_SMS_STATE_COUNT && count < STATES_PER_MESSAGE) {
        next = next_state(sms, as);
        if (next != OG_SMS_STATE_COUNT) {
            as = next;
            reports[count++] = (struct og_proto_report){sms, as};
        }
    }
    flight->told[flight->count].job = *job;
    flight->told[flight->count].as = as;
    flight->told[flight->count].state = sms->state;
    flight->told[flight->count].state_count = count_states(sms);
    flight->count++;
    return count;
}

static bool
launch(struct og_vphone *self, int64_t now_ms)
{
    struct og_proto_report reports[BATCH_MESSAGES_MAX * STATES_PER_MESSAGE];
    struct og_outbox_job job;
    size_t max = self->world->profile->report_mode == OG_REPORT_BATCH ? BATCH_MESSAGES_MAX : 1;
    size_t count = 0;
    if (!og_outbox_take(&self->outbox, now_ms, &job)) {
        return false;
    }
    struct og_flight *flight = flight_make(self, max);
    do {
        count += add_message(self, flight, &job, reports + count);
    } while (flight->count < max && og_outbox_take(&self->outbox, now_ms, &job));
    send_body(self, flight, reports, count);
    return true;
}

void
og_vphone_report(struct og_vphone *self)
{
    int64_t now_ms = og_vphone_mono(self);
    if (!self->write_headers) {
        return; /* becomes due with the next answer or change */
    }
    while (self->flight_count < self->world->profile->report_parallel && launch(self, now_ms)) {
    }
    if (self->flight_count < self->world->profile->report_parallel) {
        og_vphone_due(self, DUE_REPORT, og_outbox_next_at(&self->outbox));
    }
}

void
og_vphone_cancel_reports(struct og_vphone *self)
{
    int64_t now_ms = og_vphone_mono(self);
    while (self->flights) {
        struct og_flight *flight = self->flights;
        og_client_cancel(flight->call);
        for (size_t i = 0; i < flight->count; i++) {
            struct og_outbox_job *job = &flight->told[i].job;
            if (flight->is_echo) {
                job->sms->pins--;
            } else {
                og_outbox_add(&self->outbox, job->sms, now_ms, job->tries);
            }
        }
        flight_end(flight);
    }
    og_vphone_due(self, DUE_REPORT, og_outbox_next_at(&self->outbox));
}
