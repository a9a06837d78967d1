/*
 * Counters and a breaker. Observations change counters, and open or close the breaker;
 * og_health_refresh concludes the state from both and the clock.
 */
#include "route/health.h"

#include <stdlib.h>

#include "base/arena.h"

#define DOUBLINGS_MAX 5
#define UNKNOWN_POLL_GAP_MS 30000 /* until two polls were seen */
#define UNFETCHED_MAX 2
#define LOW_SCORE 60
#define HIGH_SCORE 80
#define SLOW_MS 15000
#define SKEWED_MS 600000
#define REPORTS_MAX 64
#define LEARNED_AFTER 10

static const char *const state_names[OG_HEALTH_STATE_COUNT] = {
    [OG_HEALTH_ONLINE] = "online",
    [OG_HEALTH_DEGRADED] = "degraded",
    [OG_HEALTH_QUARANTINED] = "quarantined",
    [OG_HEALTH_OFFLINE] = "offline",
};

static const char *const reason_names[OG_HEALTH_REASON_COUNT] = {
    [OG_HEALTH_WELL] = "well",           [OG_HEALTH_UNSEEN] = "unseen",
    [OG_HEALTH_SILENT] = "silent",       [OG_HEALTH_FAILING] = "failing",
    [OG_HEALTH_UNFETCHED] = "unfetched", [OG_HEALTH_PROBE_LOST] = "probe_lost",
    [OG_HEALTH_SLOW] = "slow",
};

const char *
og_health_state_name(enum og_health_state state)
{
    return state_names[state];
}

const char *
og_health_reason_name(enum og_health_reason reason)
{
    return reason_names[reason];
}

/* ---- durations ---- */

/* In order, by insertion: they are few. */
static void
sort_ms(const uint32_t *samples_ms, uint32_t count, uint32_t sorted[OG_LATENCY_SAMPLES])
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        for (; at > 0 && sorted[at - 1] > samples_ms[i]; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = samples_ms[i];
    }
}

void
og_latency_add(struct og_latency *self, int64_t ms)
{
    const int64_t most = ms < UINT32_MAX ? ms : UINT32_MAX;
    if (!self->samples_ms) {
        self->samples_ms = og_xalloc(OG_LATENCY_SAMPLES * sizeof self->samples_ms[0]);
    }
    self->samples_ms[self->count++ % OG_LATENCY_SAMPLES] = (uint32_t)(most > 0 ? most : 0);
    const uint32_t known =
        self->count < OG_LATENCY_SAMPLES ? self->count : (uint32_t)OG_LATENCY_SAMPLES;
    uint32_t sorted[OG_LATENCY_SAMPLES];
    sort_ms(self->samples_ms, known, sorted);
    self->p50_ms = sorted[known / 2];
    self->p95_ms = sorted[known * 95 / 100];
}

void
og_latency_finish(struct og_latency *self)
{
    free(self->samples_ms);
    *self = (struct og_latency){0};
}

int64_t
og_health_patience_ms(const struct og_latency *of, int64_t floor_ms, int64_t otherwise_ms)
{
    const int64_t learned = (int64_t)of->p95_ms * 4;
    if (of->count < LEARNED_AFTER || learned > otherwise_ms) {
        return otherwise_ms;
    }
    return learned > floor_ms ? learned : floor_ms;
}

int64_t
og_health_fetch_ms(const struct og_health *self, int64_t otherwise_ms)
{
    return self->fetch.count ? self->fetch.p50_ms : otherwise_ms;
}

int64_t
og_health_part_ms(const struct og_health *self, int64_t otherwise_ms)
{
    return self->serving.count >= LEARNED_AFTER ? self->serving.p50_ms : otherwise_ms;
}

/* ---- observations ---- */

void
og_health_init(struct og_health *self, int64_t seen_at, int64_t now_ms)
{
    *self = (struct og_health){.seen_at = seen_at, .since = now_ms};
}

void
og_health_finish(struct og_health *self)
{
    og_latency_finish(&self->fetch);
    og_latency_finish(&self->answer);
    og_latency_finish(&self->sending);
    og_latency_finish(&self->serving);
}

void
og_health_stream(struct og_health *self, bool is_open, int64_t now_ms)
{
    self->has_stream = is_open;
    self->unfetched_in_row = is_open ? 0 : self->unfetched_in_row;
    self->seen_at = now_ms > self->seen_at ? now_ms : self->seen_at;
}

void
og_health_seen(struct og_health *self, int64_t now_ms)
{
    const int64_t gap_ms = now_ms - self->seen_at;
    if (!self->has_stream && gap_ms > 0 && self->seen_at > 0) {
        self->poll_gap_ms = self->poll_gap_ms ? (self->poll_gap_ms * 3 + gap_ms) / 4 : gap_ms;
    }
    self->seen_at = now_ms > self->seen_at ? now_ms : self->seen_at;
}

void
og_health_fetched(struct og_health *self, int64_t after_ms)
{
    og_latency_add(&self->fetch, after_ms);
    self->unfetched_in_row = 0;
}

void
og_health_unfetched(struct og_health *self)
{
    self->unfetched_in_row++;
}

void
og_health_handed(struct og_health *self, int64_t now_ms)
{
    self->is_probing |= og_health_wants_probe(self, now_ms);
}

void
og_health_answered(struct og_health *self, int64_t after_ms)
{
    og_latency_add(&self->answer, after_ms);
}

static void
note_result(struct og_health *self, bool is_failure)
{
    self->results = self->results << 1 | (is_failure ? 1U : 0U);
    self->result_count += self->result_count < 32;
}

void
og_health_sent(struct og_health *self, int64_t after_ms)
{
    og_latency_add(&self->sending, after_ms);
    note_result(self, false);
    self->failed_in_row = self->silent_in_row = 0;
    self->quarantined_until = 0;
    self->quarantines = 0;
    self->is_probing = false;
}

void
og_health_served(struct og_health *self, int64_t handed_at, int64_t parts, int64_t now_ms)
{
    if (self->served_at > handed_at) { /* it had both at once: this one had to wait for that */
        og_latency_add(&self->serving, (now_ms - self->served_at) / (parts > 0 ? parts : 1));
    }
    self->served_at = now_ms;
}

static void
quarantine(struct og_health *self, const struct og_health_policy *policy,
           enum og_health_reason reason, int64_t now_ms)
{
    self->quarantined_until = now_ms + (policy->quarantine_ms << self->quarantines);
    self->quarantines += self->quarantines < DOUBLINGS_MAX;
    self->quarantined_for = self->is_probing ? OG_HEALTH_PROBE_LOST : reason;
    self->is_probing = false;
    self->failed_in_row = self->silent_in_row = 0;
}

static void
note_trouble(struct og_health *self, const struct og_health_policy *policy, int *in_row,
             int64_t most, enum og_health_reason reason, int64_t now_ms)
{
    note_result(self, true);
    if (++*in_row >= most || self->is_probing) {
        quarantine(self, policy, reason, now_ms);
    }
}

void
og_health_failed(struct og_health *self, const struct og_health_policy *policy, int64_t now_ms)
{
    note_trouble(self, policy, &self->failed_in_row, policy->failures_max, OG_HEALTH_FAILING,
                 now_ms);
}

void
og_health_silent(struct og_health *self, const struct og_health_policy *policy, int64_t now_ms)
{
    note_trouble(self, policy, &self->silent_in_row, policy->silent_max, OG_HEALTH_SILENT,
                 now_ms);
}

void
og_health_delivery(struct og_health *self, bool is_delivered)
{
    self->delivered += is_delivered;
    self->undelivered += !is_delivered;
    if (self->delivered + self->undelivered > REPORTS_MAX) {
        self->delivered /= 2;
        self->undelivered /= 2;
    }
}

void
og_health_clock(struct og_health *self, int64_t phone_ms, int64_t now_ms)
{
    self->skew_ms = phone_ms - now_ms;
}

/* ---- conclusions ---- */

static int
bits(uint32_t word)
{
    return __builtin_popcount(word);
}

static int
failure_percent(const struct og_health *self)
{
    const uint32_t known =
        self->result_count < 32 ? (UINT32_C(1) << self->result_count) - 1 : UINT32_MAX;
    const int base = self->result_count > 8 ? self->result_count : 8; /* few prove little */
    return bits(self->results & known) * 100 / base;
}

static bool
is_slow(const struct og_health *self)
{
    return self->sending.count >= LEARNED_AFTER && self->sending.p50_ms > SLOW_MS;
}

int
og_health_score(const struct og_health *self)
{
    const uint32_t reports = self->delivered + self->undelivered;
    const bool is_lossy = reports >= 16 && self->undelivered * 4 > reports;
    const bool is_skewed = self->skew_ms > SKEWED_MS || self->skew_ms < -SKEWED_MS;
    if (self->state == OG_HEALTH_OFFLINE) {
        return 0;
    }
    int score = 100 - failure_percent(self);
    score -= self->silent_in_row * 20;
    score -= self->unfetched_in_row > UNFETCHED_MAX ? 50 : self->unfetched_in_row * 15;
    score -= is_slow(self) ? 25 : 0;
    score -= is_lossy ? 15 : 0;
    score -= is_skewed ? 5 : 0;
    return score > 0 ? score : 0;
}

static bool
is_unseen(const struct og_health *self, const struct og_health_policy *policy, int64_t now_ms)
{
    const int64_t gap_ms = self->poll_gap_ms ? self->poll_gap_ms : UNKNOWN_POLL_GAP_MS;
    const int64_t polled_ms = self->fetch.count ? 0 : gap_ms * 3; /* it had streams: no polls */
    const int64_t patience_ms =
        policy->offline_after_ms > polled_ms ? policy->offline_after_ms : polled_ms;
    return !self->has_stream && now_ms - self->seen_at >= patience_ms;
}

/* What to say of a low score. */
static enum og_health_reason
weakness(const struct og_health *self)
{
    if (self->unfetched_in_row > 0) {
        return OG_HEALTH_UNFETCHED;
    }
    if (self->silent_in_row > 0) {
        return OG_HEALTH_SILENT;
    }
    return is_slow(self) ? OG_HEALTH_SLOW : OG_HEALTH_FAILING;
}

static enum og_health_state
conclude(struct og_health *self, const struct og_health_policy *policy, int64_t now_ms,
         enum og_health_reason *reason)
{
    if (is_unseen(self, policy, now_ms)) {
        *reason = OG_HEALTH_UNSEEN;
        return OG_HEALTH_OFFLINE;
    }
    if (self->quarantined_until) {
        *reason = self->quarantined_for;
        return OG_HEALTH_QUARANTINED;
    }
    self->state = self->state == OG_HEALTH_OFFLINE ? OG_HEALTH_ONLINE : self->state;
    const int score = og_health_score(self);
    self->is_low = self->is_low ? score < HIGH_SCORE : score < LOW_SCORE;
    *reason = self->is_low ? weakness(self) : OG_HEALTH_WELL;
    return self->is_low ? OG_HEALTH_DEGRADED : OG_HEALTH_ONLINE;
}

bool
og_health_refresh(struct og_health *self, const struct og_health_policy *policy, int64_t now_ms)
{
    const enum og_health_state before = self->state;
    enum og_health_reason reason;
    self->state = conclude(self, policy, now_ms, &reason);
    if (self->state == before) {
        return false;
    }
    self->reason = reason;
    self->since = now_ms;
    return true;
}

bool
og_health_wants_probe(const struct og_health *self, int64_t now_ms)
{
    return self->quarantined_until && self->quarantined_until <= now_ms && !self->is_probing;
}
