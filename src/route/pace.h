/*
 * How fast a SIM, or a phone as a whole, may send: what it may be handed now, or from when on.
 *
 * Android lets an app send 30 parts in 60 s and then asks the person in front of the phone;
 * carriers cut off SIMs that send too much (domain/phones.md section 4.1). So all is counted in
 * parts, as the phone will send them, and over spans that roll: no 60 seconds, 24 hours or 31
 * days see more than the limit, wherever they begin.
 *
 * Pure: time and randomness come in. A struct og_pace is the state of one SIM or one phone; it
 * owns its windows and the set of its recipients. What never sent has neither, so that many idle
 * phones cost little.
 */
#pragma once

#include "route/pace_window.h"
#include "route/recipient_set.h"

#define OG_PACE_DAY_MINUTES 1440

/* 0 is no limit, everywhere. */
struct og_pace_limits {
    int64_t parts[OG_PACE_SPAN_COUNT];
    int64_t recipients_per_day, recipients_per_month;
    int64_t otp_reserve_percent;      /* of each limit of parts: only codes may use it */
    int64_t gap_min_ms, gap_max_ms;   /* between two messages, drawn anew each time; max >= min */
    int64_t quiet_from, quiet_to;     /* minutes of the day; equal: none. Codes go all the same */
    int64_t utc_offset_minutes;       /* of that day */
    int64_t warmup_ms;     /* limits of parts grow to their full size over so long */
    int64_t errors_max;    /* so many failures in a row */
    int64_t cooldown_ms;   /* and it rests so long, twice as long each time, up to 16 times */
};

enum og_pace_reason {
    OG_PACE_FREE,
    OG_PACE_BY_MINUTE, /* these four in the order of enum og_pace_span */
    OG_PACE_BY_HOUR,
    OG_PACE_BY_DAY,
    OG_PACE_BY_MONTH,
    OG_PACE_BY_DAY_RECIPIENTS,
    OG_PACE_BY_MONTH_RECIPIENTS,
    OG_PACE_BY_GAP,
    OG_PACE_BY_QUIET_HOURS,
    OG_PACE_BY_COOLDOWN,
    OG_PACE_REASON_COUNT
};

/* "minute", "quiet_hours", ... Static storage. */
const char *og_pace_reason_name(enum og_pace_reason reason);

struct og_pace {
    struct og_pace_window *windows; /* one per span; NULL: nothing was counted yet */
    struct og_recipient_set recipients;
    int64_t first_at;      /* when it was first used; 0: never */
    int64_t gap_until;
    int64_t cooldown_until;
    int errors;            /* in a row */
    int cooldowns;         /* in a row */
};

void og_pace_finish(struct og_pace *self); /* takes zeroed */

/* `self` is a copy, made by assignment, to try something on: give it windows of its own, in `room`.
 * It is not finished. Its recipients stay the original's, and none may be noted. */
void og_pace_detach(struct og_pace *self, struct og_pace_window room[OG_PACE_SPAN_COUNT]);

struct og_pace_ask {
    bool is_otp;
    int64_t parts;
    const uint64_t *recipients; /* keyed digests */
    size_t recipient_count;
};

struct og_pace_verdict {
    int64_t at_ms; /* now or before: now. An estimate where several limits are near */
    enum og_pace_reason reason;
};

/*
 * May this go now? Of several reasons to wait the one that lasts longest.
 * What is larger than a limit as a whole goes when nothing else counts against that limit.
 */
struct og_pace_verdict og_pace_ask(struct og_pace *self, const struct og_pace_limits *limits,
                                   const struct og_pace_ask *ask, int64_t now_ms);

/* It was handed out. random: any 64 bits, for the gap. */
void og_pace_take(struct og_pace *self, const struct og_pace_limits *limits,
                  const struct og_pace_ask *ask, int64_t now_ms, uint64_t random);

/* The phone told how a message ended, on this SIM. */
void og_pace_result(struct og_pace *self, const struct og_pace_limits *limits, bool is_sent,
                    int64_t now_ms);

/* Percent of the limit that is nearest, 0 to 100 and more; *span_out says which. 0: no limit. */
int og_pace_use_percent(struct og_pace *self, const struct og_pace_limits *limits, int64_t now_ms,
                        enum og_pace_span *span_out);

/* Milliseconds in which a part more may go, in the long run of the narrowest span; for
 * estimates of queues. 0: no limit. */
int64_t og_pace_part_ms(const struct og_pace_limits *limits);

/* To text for a row and back, without the recipients, which have rows of their own. */
void og_pace_write(const struct og_pace *self, struct og_buf *out);
bool og_pace_read(struct og_pace *self, struct og_str text);
