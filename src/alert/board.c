/*
 * An array under a lock: there are few alerts, and they are looked at once a second. Durations are
 * measured by the monotonic clock; what people read is UTC.
 */
#include "alert/board.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/metrics.h"

#define LABEL_BYTES 48

struct told {
    int64_t at; /* monotonic */
    bool start, end;
};

struct entry {
    struct og_alert alert;
    int64_t raised_mono, cleared_mono; /* cleared 0: it is not */
    uint64_t look;                     /* in which it was last raised */
    bool is_start_logged, is_end_logged;
    struct told told[OG_ALERT_CHANNELS_MAX];
};

struct og_alert_board {
    struct og_alert_board_config config;
    struct {
        pthread_mutex_t lock;
        struct entry entries[OG_ALERTS_MAX]; /* oldest first */
        int count;
        uint64_t look;
    } shared;
};

static char active_labels[OG_ALERT_KINDS][LABEL_BYTES];
static struct og_metric active_metrics[OG_ALERT_KINDS];
static struct og_metric lost_metric = {"otpgate_alerts_lost_total", "",
                                       "Alerts that found no room.", OG_METRIC_COUNTER};

void
og_alert_register_metrics(void)
{
    for (int i = 0; i < OG_ALERT_KINDS; i++) {
        snprintf(active_labels[i], LABEL_BYTES, "kind=\"%s\"", og_alert_kinds[i].word);
        active_metrics[i] = (struct og_metric){.name = "otpgate_alerts_active",
                                               .labels = active_labels[i],
                                               .help = "Alerts that last, by kind.",
                                               .type = OG_METRIC_GAUGE};
    }
    og_metrics_register(active_metrics, OG_ALERT_KINDS);
    og_metrics_register(&lost_metric, 1);
}

struct og_alert_board *
og_alert_board_create(const struct og_alert_board_config *config)
{
    struct og_alert_board *self = og_xalloc(sizeof *self);
    self->config = *config;
    pthread_mutex_init(&self->shared.lock, NULL);
    return self;
}

void
og_alert_board_destroy(struct og_alert_board *self)
{
    if (self) {
        pthread_mutex_destroy(&self->shared.lock);
        free(self);
    }
}

static void
lock(struct og_alert_board *self)
{
    pthread_mutex_lock(&self->shared.lock);
}

static void
unlock(struct og_alert_board *self)
{
    pthread_mutex_unlock(&self->shared.lock);
}

/* ---- raise and clear ---- */

static bool
is_active(const struct entry *entry)
{
    return entry->alert.ended_at == 0;
}

static void
subject_copy(struct og_str subject, char out[OG_ALERT_SUBJECT_BYTES])
{
    snprintf(out, OG_ALERT_SUBJECT_BYTES, "%" OG_STR_FMT, OG_STR_ARG(subject));
}

/* The one that lasts, or NULL. */
static struct entry *
find_locked(struct og_alert_board *self, enum og_alert_kind kind, const char *subject)
{
    for (int i = 0; i < self->shared.count; i++) {
        struct entry *entry = &self->shared.entries[i];
        if (is_active(entry) && entry->alert.kind == kind &&
            strcmp(entry->alert.subject, subject) == 0) {
            return entry;
        }
    }
    return NULL;
}

/* The oldest ended one goes. False: all of them last. */
static bool
make_room_locked(struct og_alert_board *self)
{
    struct entry *entries = self->shared.entries;
    int at = 0;
    if (self->shared.count < OG_ALERTS_MAX) {
        return true;
    }
    while (at < OG_ALERTS_MAX && is_active(&entries[at])) {
        at++;
    }
    if (at == OG_ALERTS_MAX) {
        return false;
    }
    self->shared.count--;
    memmove(&entries[at], &entries[at + 1],
            (size_t)(self->shared.count - at) * sizeof entries[0]);
    return true;
}

static struct entry *
add_locked(struct og_alert_board *self, enum og_alert_kind kind, const char *subject)
{
    if (!make_room_locked(self)) {
        og_metric_add(&lost_metric, 1);
        return NULL;
    }
    struct entry *entry = &self->shared.entries[self->shared.count++];
    *entry = (struct entry){
        .alert = {.kind = kind, .started_at = og_now_ms(self->config.clock)}};
    memcpy(entry->alert.subject, subject, OG_ALERT_SUBJECT_BYTES);
    return entry;
}

void
og_alert_raise(struct og_alert_board *self, enum og_alert_kind kind, struct og_str subject,
               int64_t figure)
{
    char text[OG_ALERT_SUBJECT_BYTES] = "";
    if (!self) {
        return;
    }
    subject_copy(subject, text);
    lock(self);
    struct entry *entry = find_locked(self, kind, text);
    if (!entry) {
        entry = add_locked(self, kind, text);
    }
    if (entry) {
        entry->alert.figure = figure;
        entry->raised_mono = og_mono_ms(self->config.clock);
        entry->cleared_mono = 0;
        entry->look = self->shared.look;
    }
    unlock(self);
}

static void
clear_entry(struct og_alert_board *self, struct entry *entry)
{
    if (entry->cleared_mono == 0) {
        entry->cleared_mono = og_mono_ms(self->config.clock);
    }
}

void
og_alert_clear(struct og_alert_board *self, enum og_alert_kind kind, struct og_str subject)
{
    char text[OG_ALERT_SUBJECT_BYTES] = "";
    if (!self) {
        return;
    }
    subject_copy(subject, text);
    lock(self);
    struct entry *entry = find_locked(self, kind, text);
    if (entry) {
        clear_entry(self, entry);
    }
    unlock(self);
}

void
og_alert_set(struct og_alert_board *self, enum og_alert_kind kind, struct og_str subject,
             bool is_wrong)
{
    if (is_wrong) {
        og_alert_raise(self, kind, subject, 0);
    } else {
        og_alert_clear(self, kind, subject);
    }
}

void
og_alert_look_begin(struct og_alert_board *self)
{
    if (self) {
        lock(self);
        self->shared.look++;
        unlock(self);
    }
}

void
og_alert_look_end(struct og_alert_board *self, enum og_alert_kind kind)
{
    if (!self) {
        return;
    }
    lock(self);
    for (int i = 0; i < self->shared.count; i++) {
        struct entry *entry = &self->shared.entries[i];
        if (is_active(entry) && entry->alert.kind == kind && entry->look != self->shared.look) {
            clear_entry(self, entry);
        }
    }
    unlock(self);
}

/* ---- time passes ---- */

static void
end_entry(struct og_alert_board *self, struct entry *entry, int64_t mono_ms)
{
    const int64_t lasts_ms = og_alert_kinds[entry->alert.kind].lasts_ms;
    int64_t over_since = -1;
    if (!is_active(entry)) {
        return;
    }
    if (entry->cleared_mono && mono_ms - entry->cleared_mono >= self->config.keep_ms) {
        over_since = entry->cleared_mono;
    } else if (lasts_ms && mono_ms - entry->raised_mono >= lasts_ms) {
        over_since = entry->raised_mono + lasts_ms;
    }
    if (over_since >= 0) {
        entry->alert.ended_at = og_now_ms(self->config.clock) - (mono_ms - over_since);
    }
}

static void
log_entry(const struct entry *entry, bool is_end)
{
    const struct og_alert *alert = &entry->alert;
    og_log(is_end ? OG_LOG_INFO : OG_LOG_WARN, "alert", is_end ? "alert ended" : "alert",
           "kind=%s severity=%s subject=%s figure=%lld", og_alert_kinds[alert->kind].word,
           og_alert_severity_name(og_alert_kinds[alert->kind].severity),
           og_log_quote(og_str_from(alert->subject)), (long long)alert->figure);
}

/* One that has something to log, copied; `is_end` says what. False: there is none. */
static bool
next_to_log(struct og_alert_board *self, struct entry *out, bool *is_end)
{
    bool has_some = false;
    lock(self);
    for (int i = 0; i < self->shared.count && !has_some; i++) {
        struct entry *entry = &self->shared.entries[i];
        *is_end = entry->is_start_logged;
        has_some = !entry->is_start_logged || (!is_active(entry) && !entry->is_end_logged);
        if (has_some) {
            entry->is_end_logged = *is_end;
            entry->is_start_logged = true;
            *out = *entry;
        }
    }
    unlock(self);
    return has_some;
}

void
og_alert_tick(struct og_alert_board *self, void (*told)(void *ctx, const struct og_alert *alert),
              void *ctx)
{
    const int64_t mono_ms = og_mono_ms(self->config.clock);
    struct entry entry;
    int counts[OG_ALERT_KINDS];
    bool is_end;
    lock(self);
    for (int i = 0; i < self->shared.count; i++) {
        end_entry(self, &self->shared.entries[i], mono_ms);
    }
    unlock(self);
    while (next_to_log(self, &entry, &is_end)) {
        log_entry(&entry, is_end);
        if (told) {
            entry.alert.ended_at = is_end ? entry.alert.ended_at : 0;
            told(ctx, &entry.alert);
        }
    }
    og_alert_counts(self, counts);
    for (int i = 0; i < OG_ALERT_KINDS; i++) {
        og_metric_set(&active_metrics[i], counts[i]);
    }
}

/* ---- who is told ---- */

static bool
is_due(const struct entry *entry, int channel, struct og_str about, int64_t remind_ms,
       int64_t mono_ms)
{
    const struct told *told = &entry->told[channel];
    if (entry->alert.kind == OG_ALERT_CHANNEL_DEAD &&
        og_str_eq(og_str_from(entry->alert.subject), about)) {
        return false;
    }
    if (!is_active(entry)) {
        return told->start && !told->end;
    }
    return !told->start || mono_ms - told->at >= remind_ms;
}

int
og_alert_due(struct og_alert_board *self, int channel, struct og_str about, int64_t remind_ms,
             struct og_alert *out, int max)
{
    const int64_t mono_ms = og_mono_ms(self->config.clock);
    int count = 0;
    lock(self);
    for (int i = 0; i < self->shared.count && count < max; i++) {
        const struct entry *entry = &self->shared.entries[i];
        if (is_due(entry, channel, about, remind_ms, mono_ms)) {
            out[count++] = entry->alert;
        }
    }
    unlock(self);
    return count;
}

static bool
is_same(const struct og_alert *a, const struct og_alert *b)
{
    return a->kind == b->kind && a->started_at == b->started_at &&
           strcmp(a->subject, b->subject) == 0;
}

void
og_alert_told(struct og_alert_board *self, int channel, const struct og_alert *alerts, int count)
{
    const int64_t mono_ms = og_mono_ms(self->config.clock);
    lock(self);
    for (int i = 0; i < self->shared.count; i++) {
        struct entry *entry = &self->shared.entries[i];
        for (int k = 0; k < count; k++) {
            if (is_same(&entry->alert, &alerts[k])) {
                entry->told[channel] = (struct told){mono_ms, true, alerts[k].ended_at != 0};
            }
        }
    }
    unlock(self);
}

/* ---- reading ---- */

int
og_alert_list(struct og_alert_board *self, struct og_alert *out, int max)
{
    int count = 0;
    lock(self);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = self->shared.count - 1; i >= 0 && count < max; i--) {
            const struct entry *entry = &self->shared.entries[i];
            if (is_active(entry) == (pass == 0)) {
                out[count++] = entry->alert;
            }
        }
    }
    unlock(self);
    return count;
}

void
og_alert_counts(struct og_alert_board *self, int out[OG_ALERT_KINDS])
{
    memset(out, 0, OG_ALERT_KINDS * sizeof out[0]);
    lock(self);
    for (int i = 0; i < self->shared.count; i++) {
        out[self->shared.entries[i].alert.kind] += is_active(&self->shared.entries[i]);
    }
    unlock(self);
}
