/*
 * How well a phone does: what is seen of it goes in, a state and a score come out.
 *
 * Pure: a function of observations and the clock. Times are the server's; a phone's own clock
 * counts for nothing but its skew. The rules follow domain/phones.md section 4.3: a phone that
 * accepts and says nothing three times in a row probably shows Android's dialog to nobody.
 *
 * A phone in quarantine gets nothing until its time is over, then one message as a probe. If that
 * goes out the phone is back; if not, it rests for twice as long.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum og_health_state {
    OG_HEALTH_ONLINE,
    OG_HEALTH_DEGRADED,
    OG_HEALTH_QUARANTINED,
    OG_HEALTH_OFFLINE,
    OG_HEALTH_STATE_COUNT
};

/* Why it is in its state. */
enum og_health_reason {
    OG_HEALTH_WELL,
    OG_HEALTH_UNSEEN,     /* no stream, and nothing heard */
    OG_HEALTH_SILENT,     /* took messages and never said that they were sent */
    OG_HEALTH_FAILING,    /* sends fail, one after the other or too many of the last */
    OG_HEALTH_UNFETCHED,  /* was woken and fetched nothing */
    OG_HEALTH_PROBE_LOST, /* its probe failed too */
    OG_HEALTH_SLOW,
    OG_HEALTH_REASON_COUNT
};

/* "online", ...; "silent", ... Static storage. */
const char *og_health_state_name(enum og_health_state state);
const char *og_health_reason_name(enum og_health_reason reason);

struct og_health_policy {
    int64_t offline_after_ms;  /* without stream and word */
    int64_t silent_max;        /* in a row: quarantine */
    int64_t failures_max;      /* in a row: quarantine */
    int64_t quarantine_ms;     /* the first time; doubles, up to 32 times as long */
};

/* The last few durations of one kind. A copy may be read, not added to. */
#define OG_LATENCY_SAMPLES 32
struct og_latency {
    uint32_t *samples_ms; /* a ring of OG_LATENCY_SAMPLES; NULL until there is one */
    uint32_t count; /* ever; the ring has the last ones */
    uint32_t p50_ms, p95_ms;
};

void og_latency_add(struct og_latency *self, int64_t ms);
void og_latency_finish(struct og_latency *self); /* takes zeroed */

struct og_health {
    enum og_health_state state;
    enum og_health_reason reason;
    int64_t since;             /* in this state */
    bool has_stream;
    int64_t seen_at;
    int64_t poll_gap_ms;       /* of a phone without stream, learned; 0: not yet */
    struct og_latency fetch;   /* from the wake-up to the fetch */
    struct og_latency answer;  /* from the fetch to its first report */
    struct og_latency sending; /* from the fetch to Sent */
    struct og_latency serving; /* a part, when there is one after the other */
    int64_t served_at;         /* when the last Sent came */
    uint32_t results;          /* the last 32, newest lowest; a bit is a failure */
    int result_count;          /* up to 32 */
    int failed_in_row, silent_in_row, unfetched_in_row;
    uint32_t delivered, undelivered; /* reports, halved now and then */
    int64_t skew_ms;           /* how far its clock is ahead of ours */
    int64_t quarantined_until;
    enum og_health_reason quarantined_for;
    int quarantines;           /* since it last sent something */
    bool is_probing;
    bool is_low;               /* its score fell, and has not yet risen again */
};

/* It exists; seen_at: when it was last heard of. */
void og_health_init(struct og_health *self, int64_t seen_at, int64_t now_ms);
void og_health_finish(struct og_health *self); /* takes zeroed; not of a copy */

/* ---- observations ---- */

void og_health_stream(struct og_health *self, bool is_open, int64_t now_ms);
void og_health_seen(struct og_health *self, int64_t now_ms); /* any request of it */
void og_health_fetched(struct og_health *self, int64_t after_ms);
void og_health_unfetched(struct og_health *self);
void og_health_handed(struct og_health *self, int64_t now_ms); /* a probe, if one was due */
void og_health_answered(struct og_health *self, int64_t after_ms);
void og_health_sent(struct og_health *self, int64_t after_ms);
/* Sent, and it was handed at handed_at: how long one message keeps the phone busy before the
 * next. */
void og_health_served(struct og_health *self, int64_t handed_at, int64_t parts, int64_t now_ms);
void og_health_failed(struct og_health *self, const struct og_health_policy *policy,
                      int64_t now_ms);
void og_health_silent(struct og_health *self, const struct og_health_policy *policy,
                      int64_t now_ms);
void og_health_delivery(struct og_health *self, bool is_delivered);
/* What the phone says happened at phone_ms arrived at now_ms. */
void og_health_clock(struct og_health *self, int64_t phone_ms, int64_t now_ms);

/* ---- conclusions ---- */

/* Bring the state up to date. True: it changed; reason and since say why and when. */
bool og_health_refresh(struct og_health *self, const struct og_health_policy *policy,
                       int64_t now_ms);
/* 0 to 100. */
int og_health_score(const struct og_health *self);
/* Quarantine's time is over and no probe is under way. */
bool og_health_wants_probe(const struct og_health *self, int64_t now_ms);
/* From the wake-up to the fetch: half of its fetches are faster. */
int64_t og_health_fetch_ms(const struct og_health *self, int64_t otherwise_ms);
/* How long a part keeps it busy, usually. */
int64_t og_health_part_ms(const struct og_health *self, int64_t otherwise_ms);
/*
 * After so long without a word on a message it is time to look for another route: four times what
 * nearly all of its messages took, between floor_ms and otherwise_ms; otherwise_ms until ten are
 * known.
 */
int64_t og_health_patience_ms(const struct og_latency *of, int64_t floor_ms,
                              int64_t otherwise_ms);
