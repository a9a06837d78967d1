/*
 * Each limit is asked for itself; the latest answer counts.
 */
#include "route/pace.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define COOLDOWN_DOUBLINGS_MAX 4
#define MINUTE_MS 60000
#define DAY_MS (OG_PACE_DAY_MINUTES * INT64_C(60000))

static const char *const reason_names[OG_PACE_REASON_COUNT] = {
    [OG_PACE_FREE] = "free",
    [OG_PACE_BY_MINUTE] = "minute",
    [OG_PACE_BY_HOUR] = "hour",
    [OG_PACE_BY_DAY] = "day",
    [OG_PACE_BY_MONTH] = "month",
    [OG_PACE_BY_DAY_RECIPIENTS] = "day_recipients",
    [OG_PACE_BY_MONTH_RECIPIENTS] = "month_recipients",
    [OG_PACE_BY_GAP] = "gap",
    [OG_PACE_BY_QUIET_HOURS] = "quiet_hours",
    [OG_PACE_BY_COOLDOWN] = "cooldown",
};

const char *
og_pace_reason_name(enum og_pace_reason reason)
{
    return reason_names[reason];
}

void
og_pace_finish(struct og_pace *self)
{
    og_recipient_set_finish(&self->recipients);
    free(self->windows);
    *self = (struct og_pace){0};
}

void
og_pace_detach(struct og_pace *self, struct og_pace_window room[OG_PACE_SPAN_COUNT])
{
    const size_t size = OG_PACE_SPAN_COUNT * sizeof *room;
    if (self->windows) {
        memcpy(room, self->windows, size);
    } else {
        memset(room, 0, size);
    }
    self->windows = room;
}

/* To count in. */
static struct og_pace_window *
windows_of(struct og_pace *self)
{
    if (!self->windows) {
        self->windows = og_xalloc(OG_PACE_SPAN_COUNT * sizeof *self->windows);
    }
    return self->windows;
}

static void
wait_until(struct og_pace_verdict *verdict, int64_t at_ms, enum og_pace_reason reason)
{
    if (at_ms > verdict->at_ms) {
        *verdict = (struct og_pace_verdict){at_ms, reason};
    }
}

/* ---- parts ---- */

/* A new SIM begins with the share of its first day. */
static int64_t
warmed(const struct og_pace *self, const struct og_pace_limits *limits, int64_t limit,
       int64_t now_ms)
{
    const int64_t age_ms = self->first_at && now_ms > self->first_at ? now_ms - self->first_at : 0;
    const int64_t grown_ms = (age_ms / DAY_MS + 1) * DAY_MS;
    if (limit == 0 || grown_ms >= limits->warmup_ms) {
        return limit;
    }
    const int64_t share = limit * (grown_ms / MINUTE_MS) / (limits->warmup_ms / MINUTE_MS);
    return share > 0 ? share : 1;
}

/* What of the limit this message may use; at least one, so that nothing waits for ever. */
static int64_t
usable(const struct og_pace_limits *limits, int64_t limit, bool is_otp)
{
    const int64_t rest =
        is_otp ? limit : limit - limit * limits->otp_reserve_percent / 100;
    return rest > 0 ? rest : 1;
}

static void
ask_parts(struct og_pace *self, const struct og_pace_limits *limits, const struct og_pace_ask *ask,
          int64_t now_ms, struct og_pace_verdict *verdict)
{
    for (int span = 0; self->windows && span < OG_PACE_SPAN_COUNT; span++) {
        int64_t limit = warmed(self, limits, limits->parts[span], now_ms);
        if (limit == 0) {
            continue;
        }
        limit = usable(limits, limit, ask->is_otp);
        const int64_t most = limit > ask->parts ? limit - ask->parts : 0;
        struct og_pace_window *window = &self->windows[span];
        if (og_pace_window_count(window, (enum og_pace_span)span, now_ms) > (uint64_t)most) {
            wait_until(verdict,
                       og_pace_window_free_at(window, (enum og_pace_span)span, now_ms,
                                              (uint32_t)most),
                       (enum og_pace_reason)(OG_PACE_BY_MINUTE + span));
        }
    }
}

/* ---- recipients ---- */

static void
ask_recipients(struct og_pace *self, const struct og_pace_limits *limits,
               const struct og_pace_ask *ask, int64_t now_ms, struct og_pace_verdict *verdict)
{
    int64_t day = 0, month = 0, new_day = 0, new_month = 0;
    if (!limits->recipients_per_day && !limits->recipients_per_month) {
        return;
    }
    for (size_t i = 0; i < ask->recipient_count; i++) {
        const struct og_recipient_use use =
            og_recipient_set_use(&self->recipients, ask->recipients[i], now_ms);
        day = (int64_t)use.day;
        month = (int64_t)use.month;
        new_day += !use.in_day;
        new_month += !use.in_month;
    }
    if (limits->recipients_per_day && new_day && day &&
        day + new_day > limits->recipients_per_day) {
        wait_until(verdict,
                   og_recipient_set_free_at(&self->recipients, OG_RECIPIENT_DAY_MS, now_ms),
                   OG_PACE_BY_DAY_RECIPIENTS);
    }
    if (limits->recipients_per_month && new_month && month &&
        month + new_month > limits->recipients_per_month) {
        wait_until(verdict,
                   og_recipient_set_free_at(&self->recipients, OG_RECIPIENT_MONTH_MS, now_ms),
                   OG_PACE_BY_MONTH_RECIPIENTS);
    }
}

/* ---- hours ---- */

/* The end of the quiet hours that we are in; now when we are in none. */
static int64_t
quiet_until(const struct og_pace_limits *limits, int64_t now_ms)
{
    const int64_t local_ms = now_ms + limits->utc_offset_minutes * MINUTE_MS;
    const int64_t minute = local_ms / MINUTE_MS % OG_PACE_DAY_MINUTES;
    const int64_t length =
        (limits->quiet_to - limits->quiet_from + OG_PACE_DAY_MINUTES) % OG_PACE_DAY_MINUTES;
    const int64_t since =
        (minute - limits->quiet_from + OG_PACE_DAY_MINUTES) % OG_PACE_DAY_MINUTES;
    if (since >= length) {
        return now_ms;
    }
    return now_ms - local_ms % MINUTE_MS + (length - since) * MINUTE_MS;
}

struct og_pace_verdict
og_pace_ask(struct og_pace *self, const struct og_pace_limits *limits,
            const struct og_pace_ask *ask, int64_t now_ms)
{
    struct og_pace_verdict verdict = {now_ms, OG_PACE_FREE};
    ask_parts(self, limits, ask, now_ms, &verdict);
    ask_recipients(self, limits, ask, now_ms, &verdict);
    /* what lies further ahead than it can was written before the clock was set back */
    if (self->gap_until <= now_ms + limits->gap_max_ms) {
        wait_until(&verdict, self->gap_until, OG_PACE_BY_GAP);
    }
    if (self->cooldown_until <= now_ms + (limits->cooldown_ms << COOLDOWN_DOUBLINGS_MAX)) {
        wait_until(&verdict, self->cooldown_until, OG_PACE_BY_COOLDOWN);
    }
    if (!ask->is_otp) {
        wait_until(&verdict, quiet_until(limits, now_ms), OG_PACE_BY_QUIET_HOURS);
    }
    return verdict;
}

void
og_pace_take(struct og_pace *self, const struct og_pace_limits *limits,
             const struct og_pace_ask *ask, int64_t now_ms, uint64_t random)
{
    const int64_t spread_ms = limits->gap_max_ms - limits->gap_min_ms; /* none below 0 */
    struct og_pace_window *windows = windows_of(self);
    self->first_at = self->first_at ? self->first_at : now_ms;
    for (int span = 0; span < OG_PACE_SPAN_COUNT; span++) {
        og_pace_window_add(&windows[span], (enum og_pace_span)span, now_ms,
                           (uint32_t)ask->parts);
    }
    if (limits->recipients_per_day || limits->recipients_per_month) {
        for (size_t i = 0; i < ask->recipient_count; i++) {
            og_recipient_set_note(&self->recipients, ask->recipients[i], now_ms);
        }
    }
    self->gap_until = now_ms + limits->gap_min_ms +
                      (spread_ms > 0 ? (int64_t)(random % (uint64_t)(spread_ms + 1)) : 0);
}

void
og_pace_result(struct og_pace *self, const struct og_pace_limits *limits, bool is_sent,
               int64_t now_ms)
{
    if (is_sent) {
        self->errors = self->cooldowns = 0;
        return;
    }
    if (limits->errors_max && ++self->errors >= limits->errors_max) {
        self->cooldown_until = now_ms + (limits->cooldown_ms << self->cooldowns);
        self->cooldowns += self->cooldowns < COOLDOWN_DOUBLINGS_MAX;
        self->errors = 0;
    }
}

/* ---- for people and estimates ---- */

int
og_pace_use_percent(struct og_pace *self, const struct og_pace_limits *limits, int64_t now_ms,
                    enum og_pace_span *span_out)
{
    int64_t most = 0;
    *span_out = OG_PACE_MINUTE;
    for (int span = 0; self->windows && span < OG_PACE_SPAN_COUNT; span++) {
        const int64_t limit = warmed(self, limits, limits->parts[span], now_ms);
        const int64_t count =
            og_pace_window_count(&self->windows[span], (enum og_pace_span)span, now_ms);
        if (limit && count * 100 / limit > most) {
            most = count * 100 / limit;
            *span_out = (enum og_pace_span)span;
        }
    }
    return most > INT16_MAX ? INT16_MAX : (int)most;
}

int64_t
og_pace_part_ms(const struct og_pace_limits *limits)
{
    static const int64_t span_ms[OG_PACE_SPAN_COUNT] = {
        [OG_PACE_MINUTE] = MINUTE_MS,
        [OG_PACE_HOUR] = 60 * MINUTE_MS,
        [OG_PACE_DAY] = DAY_MS,
        [OG_PACE_MONTH] = 31 * DAY_MS,
    };
    for (int span = 0; span < OG_PACE_SPAN_COUNT; span++) {
        if (limits->parts[span]) {
            return span_ms[span] / limits->parts[span];
        }
    }
    return 0;
}

/* ---- rows ---- */

#define FIELD_COUNT 4

void
og_pace_write(const struct og_pace *self, struct og_buf *out)
{
    const int64_t fields[FIELD_COUNT] = {self->first_at, self->cooldown_until, self->errors,
                                         self->cooldowns};
    static const struct og_pace_window nothing[OG_PACE_SPAN_COUNT];
    const struct og_pace_window *windows = self->windows ? self->windows : nothing;
    for (int span = 0; span < OG_PACE_SPAN_COUNT; span++) {
        og_pace_window_write(&windows[span], (enum og_pace_span)span, out);
        og_buf_add_byte(out, ' ');
    }
    for (int i = 0; i < FIELD_COUNT; i++) {
        og_buf_add_i64(out, fields[i]);
        og_buf_add_byte(out, ' ');
    }
}

static struct og_str
take_word(struct og_str *text)
{
    const size_t len = og_str_find(*text, ' ');
    const struct og_str word = og_str_slice(*text, 0, len);
    *text = og_str_slice(*text, len < text->len ? len + 1 : len, text->len);
    return word;
}

bool
og_pace_read(struct og_pace *self, struct og_str text)
{
    int64_t fields[FIELD_COUNT] = {0};
    struct og_pace_window *windows = windows_of(self);
    bool is_read = true;
    for (int span = 0; span < OG_PACE_SPAN_COUNT; span++) {
        is_read &= og_pace_window_read(&windows[span], (enum og_pace_span)span,
                                       take_word(&text));
    }
    for (int i = 0; i < FIELD_COUNT; i++) {
        is_read &= og_str_to_i64(take_word(&text), &fields[i]);
    }
    self->first_at = fields[0];
    self->cooldown_until = fields[1];
    self->errors = (int)fields[2];
    self->cooldowns = fields[3] >= 0 && fields[3] <= COOLDOWN_DOUBLINGS_MAX ? (int)fields[3] : 0;
    return is_read;
}
