/*
 * The reports that wait to be told to the server.
 *
 * Pure. Each message has at most one job in the box: what the report will say is decided when it
 * leaves. Jobs that failed come back later, for a number of tries; those that wait when the network
 * returns leave in no particular order, as the app's workers do.
 */
#pragma once

#include "phone/dice.h"
#include "phone/sms.h"

struct og_outbox_job {
    struct og_sms *sms;
    int64_t due_ms; /* monotonic */
    int tries;      /* that failed */
};

struct og_outbox {
    struct og_outbox_job *jobs; /* a ring, in the order in which they were added */
    size_t first, count, cap;
};

void og_outbox_finish(struct og_outbox *self); /* takes zeroed */
/* The message is pinned while its job is in the box or in hand. */
void og_outbox_add(struct og_outbox *self, struct og_sms *sms, int64_t due_ms, int tries);
/* Takes out the oldest that is due; it stays pinned until og_outbox_done or another add. */
bool og_outbox_take(struct og_outbox *self, int64_t now_ms, struct og_outbox_job *out);
/* The report is answered or given up. */
void og_outbox_done(struct og_outbox_job *job);
/* All become due at once, in random order. */
void og_outbox_release(struct og_outbox *self, struct og_dice *dice, int64_t now_ms);
int64_t og_outbox_next_at(const struct og_outbox *self); /* INT64_MAX when empty */
