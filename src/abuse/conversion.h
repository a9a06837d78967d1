/*
 * The conversion monitor: of the codes that went to a place (a country, or a prefix, of one
 * account), how many were typed in? Who pumps traffic never types one.
 *
 * A code counts from when its user has had his chance (it is older than two steps of the hour's
 * window), as verified or not, at the time of its sending. Bounded; a place unused for longest is
 * forgotten first. One thread at a time.
 */
#pragma once

#include "abuse/rules.h"
#include "base/str.h"

#define OG_PLACE_LABEL_BYTES 24
#define OG_PLACE_ACCOUNT_BYTES 32

struct og_conversion_policy {
    int alarm_percent, alarm_min; /* below this share of at least so many codes: alarm */
    int stop_percent, stop_min;   /* stop; 0 percent: never */
};

struct og_place {
    uint64_t key;
    enum og_abuse_subject subject; /* OG_SUBJECT_COUNTRY or OG_SUBJECT_PREFIX */
    char account[OG_PLACE_ACCOUNT_BYTES];
    char label[OG_PLACE_LABEL_BYTES]; /* "DE", "+49151…" */
};

/* What one look found. */
struct og_conversion_finding {
    struct og_place place;
    bool is_stop;  /* else an alarm */
    int sent;      /* that had their chance, in the window that decided */
    int percent;
};

struct og_conversion;

struct og_conversion *og_conversion_create(const struct og_conversion_policy *policy,
                                           int places_max);
void og_conversion_destroy(struct og_conversion *self); /* takes NULL */

/* A code was sent to the place at at_ms; -1 takes it back. */
void og_conversion_sent(struct og_conversion *self, const struct og_place *place, int64_t at_ms,
                        int amount);
/* A code that was sent at sent_at_ms was typed in. */
void og_conversion_verified(struct og_conversion *self, uint64_t key, int64_t sent_at_ms,
                            int amount);
/* Is the place below the alarm's share? As of the last look. */
bool og_conversion_is_low(const struct og_conversion *self, uint64_t key);
/* Start afresh (after a release). */
void og_conversion_forget(struct og_conversion *self, uint64_t key);

/*
 * Look at all places: what has become low, or bad enough to be stopped, and was not told yet; at
 * most `max`. Places with few codes cost next to nothing.
 */
int og_conversion_look(struct og_conversion *self, int64_t now_ms,
                       struct og_conversion_finding *out, int max);
/* The finding has been acted on. */
void og_conversion_told(struct og_conversion *self, const struct og_conversion_finding *finding);
int og_conversion_count(const struct og_conversion *self);
