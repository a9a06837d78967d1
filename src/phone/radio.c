/* What becomes of an SMS. Everything that will happen to it is drawn when it is submitted and put
 * on the heap of coming events, except for messages over Android's limit, which wait for a tap. */
#include "phone/radio.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/arena.h"

#define SECOND_MS 1000
#define MINUTE_MS 60000
#define HOUR_MS 3600000
#define RIL_RETRIES 3
#define RIL_RETRY_MS 2000

/* An event that waits for its time; a person's answer to a dialog never leaves this file. */
struct og_radio_queued {
    size_t place;
    int64_t at_ms;
    uint64_t sequence;
    bool is_answer;
    struct og_radio_event event;
};

struct og_radio_dialog {
    struct og_radio_job job;
};

static const struct {
    enum og_radio_result result;
    const char *name;
} results[] = {
    {OG_RADIO_OK, "RESULT_OK"},
    {OG_RADIO_GENERIC, "RESULT_ERROR_GENERIC_FAILURE"},
    {OG_RADIO_OFF, "RESULT_ERROR_RADIO_OFF"},
    {OG_RADIO_NO_SERVICE, "RESULT_ERROR_NO_SERVICE"},
    {OG_RADIO_LIMIT, "RESULT_ERROR_LIMIT_EXCEEDED"},
    {OG_RADIO_USER_NO, "RESULT_USER_NOT_ALLOWED"},
    {OG_RADIO_RIL_SEND_RETRY, "RESULT_RIL_SMS_SEND_FAIL_RETRY"},
    {OG_RADIO_RIL_RATE_LIMITED, "RESULT_RIL_REQUEST_RATE_LIMITED"},
};

const char *
og_radio_result_name(enum og_radio_result result)
{
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        if (results[i].result == result) {
            return results[i].name;
        }
    }
    return "UNKNOWN";
}

static bool
is_before(const void *a, const void *b)
{
    const struct og_radio_queued *x = a, *y = b;
    return x->at_ms != y->at_ms ? x->at_ms < y->at_ms : x->sequence < y->sequence;
}

void
og_radio_init(struct og_radio *self, const struct og_radio_profile *profile, struct og_dice *dice)
{
    *self = (struct og_radio){.profile = profile, .dice = dice};
    og_heap_init(&self->events, is_before, offsetof(struct og_radio_queued, place));
}

void
og_radio_finish(struct og_radio *self)
{
    for (void *queued; (queued = og_heap_pop(&self->events));) {
        free(queued);
    }
    og_heap_finish(&self->events);
    free(self->window);
    free(self->dialogs);
    *self = (struct og_radio){0};
}

static void
queue(struct og_radio *self, int64_t at_ms, const struct og_radio_event *event)
{
    struct og_radio_queued *queued = og_xalloc(sizeof(*queued));
    *queued = (struct og_radio_queued){
        .at_ms = at_ms, .sequence = self->sequence++, .event = *event};
    og_heap_push(&self->events, queued);
}

/* ---- delivery reports ---- */

static int
permanent_failure(struct og_radio *self)
{
    static const int statuses[] = {0x41, 0x45, 0x46};
    return statuses[og_dice_between(self->dice, 0, 2)];
}

/* How long the network takes to report; *status_out is what it says. -1: it never does. */
static int64_t
draw_delivery(struct og_radio *self, int *status_out)
{
    const struct og_radio_profile *p = self->profile;
    double failed = p->report_never + p->report_failed;
    double hours = failed + p->report_hours;
    double minutes = hours + p->report_minutes;
    double draw = og_dice_unit(self->dice) * 100.0;
    *status_out = 0;
    if (draw < p->report_never) {
        return -1;
    }
    if (draw < failed) {
        *status_out = permanent_failure(self);
    } else if (draw < hours) {
        return og_dice_between(self->dice, HOUR_MS, 12 * HOUR_MS);
    } else if (draw < minutes) {
        return og_dice_between(self->dice, MINUTE_MS, 10 * MINUTE_MS);
    }
    return og_dice_lognormal(self->dice, p->report_median_ms, p->report_p95_ms);
}

/* Queue the reports for one part; returns when the last of them comes. */
static int64_t
plan_delivery(struct og_radio *self, const struct og_radio_job *job, int part, int64_t sent_at)
{
    const struct og_radio_profile *p = self->profile;
    struct og_radio_event event = {.kind = OG_RADIO_DELIVERY, .job = *job, .part = part};
    int status;
    int64_t wait = draw_delivery(self, &status);
    bool is_early = og_dice_percent(self->dice, p->report_early);
    bool is_temporary = og_dice_percent(self->dice, p->report_temporary);
    bool is_twice = og_dice_percent(self->dice, p->report_twice);
    if (wait < 0) {
        return sent_at;
    }
    int64_t at = is_early ? sent_at - 1 : sent_at + wait;
    if (is_temporary && wait > 0 && !is_early) {
        event.tp_status = (int)og_dice_between(self->dice, 0x20, 0x25);
        queue(self, sent_at + wait / 2, &event);
    }
    event.tp_status = status;
    queue(self, at, &event);
    if (is_twice) {
        at = (at > sent_at ? at : sent_at) + SECOND_MS;
        queue(self, at, &event);
    }
    return at > sent_at ? at : sent_at;
}

/* ---- the SIM ---- */

enum fate { FATE_RESULT, FATE_SILENT };

static enum og_radio_result
draw_result(struct og_radio *self, enum fate *fate_out)
{
    const struct og_radio_profile *p = self->profile;
    const struct {
        double percent;
        enum og_radio_result result;
    } mix[] = {
        {p->generic, OG_RADIO_GENERIC}, {p->no_service, OG_RADIO_NO_SERVICE},
        {p->radio_off, OG_RADIO_OFF},   {p->limit, OG_RADIO_LIMIT},
        {p->ril / 2, OG_RADIO_RIL_SEND_RETRY}, {p->ril / 2, OG_RADIO_RIL_RATE_LIMITED},
    };
    double draw = og_dice_unit(self->dice) * 100.0;
    *fate_out = FATE_RESULT;
    for (size_t i = 0; i < sizeof(mix) / sizeof(mix[0]); i++) {
        if (draw < mix[i].percent) {
            return mix[i].result;
        }
        draw -= mix[i].percent;
    }
    *fate_out = draw < p->silent ? FATE_SILENT : FATE_RESULT;
    return OG_RADIO_OK;
}

/* How long the SIM is busy with a part, given how it ends; a part past the limit fails. */
static int64_t
draw_latency(struct og_radio *self, enum og_radio_result *result)
{
    const struct og_radio_profile *p = self->profile;
    int64_t latency = og_dice_lognormal(self->dice, p->part_median_ms, p->part_p95_ms);
    if (*result == OG_RADIO_NO_SERVICE || *result == OG_RADIO_OFF || *result == OG_RADIO_LIMIT) {
        return 0; /* Android answers these at once */
    }
    if (*result == OG_RADIO_RIL_SEND_RETRY) {
        latency += RIL_RETRIES * RIL_RETRY_MS;
    }
    if (p->part_limit_ms > 0 && latency > p->part_limit_ms) {
        *result = OG_RADIO_GENERIC;
        return p->part_limit_ms;
    }
    return latency;
}

static void
transmit(struct og_radio *self, const struct og_radio_job *job, int64_t now_ms)
{
    int64_t *free_at = &self->sim_free_at[job->sim];
    int64_t at = *free_at > now_ms ? *free_at : now_ms;
    int64_t over_at = at;
    bool is_aired = true;
    for (int part = 0; part < job->parts; part++) {
        enum fate fate;
        enum og_radio_result result = draw_result(self, &fate);
        at += draw_latency(self, &result);
        struct og_radio_event event = {
            .kind = OG_RADIO_RESULT, .job = *job, .part = part, .result = result};
        is_aired = is_aired && result == OG_RADIO_OK;
        if (is_aired && part == job->parts - 1) {
            queue(self, at, &(struct og_radio_event){.kind = OG_RADIO_AIRED, .job = *job});
        }
        if (fate != FATE_SILENT) {
            queue(self, at, &event);
        }
        int64_t last = at;
        if (result == OG_RADIO_OK && job->want_report) {
            last = plan_delivery(self, job, part, at);
        }
        over_at = last > over_at ? last : over_at;
    }
    *free_at = at;
    queue(self, over_at, &(struct og_radio_event){.kind = OG_RADIO_OVER, .job = *job});
}

/* ---- Android's limit ---- */

static bool
window_has_room(struct og_radio *self, int parts, int64_t now_ms)
{
    size_t max = (size_t)self->profile->os_parts;
    if (!self->window) {
        self->window = og_xalloc(max * sizeof(self->window[0]));
    }
    while (self->window_count > 0 &&
           self->window[self->window_first] <= now_ms - self->profile->os_window_ms) {
        self->window_first = (self->window_first + 1) % max;
        self->window_count--;
    }
    return self->window_count + (size_t)parts <= max;
}

static void
window_add(struct og_radio *self, int parts, int64_t now_ms)
{
    size_t max = (size_t)self->profile->os_parts;
    for (int i = 0; i < parts && self->window_count < max; i++) {
        self->window[(self->window_first + self->window_count++) % max] = now_ms;
    }
}

static void
refuse(struct og_radio *self, const struct og_radio_job *job, enum og_radio_result result,
       int64_t now_ms)
{
    for (int part = 0; part < job->parts; part++) {
        queue(self, now_ms, &(struct og_radio_event){.kind = OG_RADIO_RESULT, .job = *job,
                                                     .part = part, .result = result});
    }
    queue(self, now_ms, &(struct og_radio_event){.kind = OG_RADIO_OVER, .job = *job});
}

/* The message hangs without any callback until a person taps, if ever. */
static void
ask_person(struct og_radio *self, const struct og_radio_job *job, int64_t now_ms)
{
    if (self->dialog_count == OG_RADIO_DIALOGS_MAX) {
        refuse(self, job, OG_RADIO_LIMIT, now_ms);
        return;
    }
    if (!self->dialogs) {
        self->dialogs = og_xalloc(OG_RADIO_DIALOGS_MAX * sizeof(self->dialogs[0]));
    }
    self->dialogs[self->dialog_count++].job = *job;
    if (self->profile->dialog_answer_ms > 0) {
        struct og_radio_queued *answer = og_xalloc(sizeof(*answer));
        *answer = (struct og_radio_queued){.at_ms = now_ms + self->profile->dialog_answer_ms,
                                           .sequence = self->sequence++, .is_answer = true};
        og_heap_push(&self->events, answer);
    }
}

static void
answer_dialog(struct og_radio *self, int64_t now_ms)
{
    struct og_radio_job job = self->dialogs[0].job;
    self->dialog_count--;
    memmove(self->dialogs, self->dialogs + 1,
            (size_t)self->dialog_count * sizeof(self->dialogs[0]));
    if (og_dice_percent(self->dice, self->profile->dialog_yes)) {
        window_has_room(self, job.parts, now_ms); /* lets the old ones go */
        window_add(self, job.parts, now_ms);
        transmit(self, &job, now_ms);
    } else {
        refuse(self, &job, OG_RADIO_USER_NO, now_ms);
    }
}

void
og_radio_submit(struct og_radio *self, const struct og_radio_job *job, int64_t now_ms)
{
    if (self->profile->os_class == OG_OS_UNLIMITED) {
        transmit(self, job, now_ms);
    } else if (window_has_room(self, job->parts, now_ms)) {
        window_add(self, job->parts, now_ms);
        transmit(self, job, now_ms);
    } else if (self->profile->os_class == OG_OS_FAIL_FAST) {
        refuse(self, job, OG_RADIO_LIMIT, now_ms);
    } else {
        ask_person(self, job, now_ms);
    }
}

/* ---- events ---- */

int64_t
og_radio_next_at(const struct og_radio *self)
{
    const struct og_radio_queued *first = og_heap_top(&self->events);
    return first ? first->at_ms : OG_NEVER;
}

bool
og_radio_step(struct og_radio *self, int64_t now_ms, struct og_radio_event *out)
{
    while (og_radio_next_at(self) <= now_ms) {
        struct og_radio_queued *queued = og_heap_pop(&self->events);
        bool is_answer = queued->is_answer;
        int64_t at_ms = queued->at_ms;
        *out = queued->event;
        free(queued);
        if (!is_answer) {
            return true;
        }
        answer_dialog(self, at_ms);
    }
    return false;
}
