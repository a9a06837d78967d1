/*
 * States of a message and of its recipients, and how a phone's report changes them.
 *
 * Pure and thread-safe. Source: wire/smsgate.md sections 2.2 (states), 3.5 (reports, aggregate),
 * 3.6 (expiry, cancel). Phones repeat themselves, overtake themselves and have wrong clocks: a
 * report can only move a recipient forward, and what it cannot do is counted, never an error.
 */
#pragma once

#include "base/str.h"

enum og_message_state {
    OG_MESSAGE_PENDING,    /* stored; no phone has confirmed it */
    OG_MESSAGE_CANCELLING, /* cancel asked for, phone not heard yet */
    OG_MESSAGE_CANCELLED,
    OG_MESSAGE_PROCESSED, /* given to a phone's SMS stack */
    OG_MESSAGE_SENT,      /* the radio took it */
    OG_MESSAGE_DELIVERED, /* delivery report */
    OG_MESSAGE_FAILED,
    OG_MESSAGE_STATE_COUNT
};

/* "Pending", ... Static storage. */
const char *og_message_state_name(enum og_message_state state);
/* The exact word (case counts); false when it is none. */
bool og_message_state_from_text(struct og_str text, enum og_message_state *out);

/*
 * May it go from one state to the other? False for from == to.
 * assumed  a Failed that we concluded ourselves (expiry without proof): a later report of Sent or
 *          Delivered knows better
 */
bool og_message_may_become(enum og_message_state from, enum og_message_state to, bool assumed);

/* Is nothing more to come? Delivered, Failed, Cancelled; Sent when no delivery report was asked
 * for. */
bool og_message_is_final(enum og_message_state state, bool wants_delivery_report);

/* The message's state out of its recipients' (at least one), first match: any Pending, any
 * Cancelling, any Cancelled, any Processed; all Failed; all Delivered; else Sent. */
enum og_message_state og_message_aggregate(const enum og_message_state *states, size_t count);

/* Milliseconds per state; 0: never in that state. */
struct og_message_times {
    int64_t at_ms[OG_MESSAGE_STATE_COUNT];
};

struct og_message_recipient {
    struct og_str number; /* as stored: E.164, short code or cipher text */
    enum og_message_state state;
    bool is_assumed;     /* Failed without proof; see og_message_may_become */
    struct og_str error; /* empty: none */
    bool changed;        /* set by the merge, for the caller's UPDATE */
};

/* What we have. The merge changes it in place; strings that it takes over from the report are still
 * the report's. */
struct og_message_record {
    bool is_encrypted; /* the numbers are cipher text, which only phone and sender can read */
    enum og_message_state state;
    bool is_assumed; /* state is Failed and at least one recipient's failure is assumed */
    struct og_message_times times;
    struct og_message_recipient *recipients;
    size_t recipient_count;
};

struct og_recipient_report {
    struct og_str number;
    enum og_message_state state;
    struct og_str error;
};

/* What a phone says. `state` is used when no recipients are named, and then means all of them: the
 * message's own state is concluded from its recipients. Times are the phone's own. */
struct og_message_report {
    enum og_message_state state;
    struct og_message_times times;
    const struct og_recipient_report *recipients;
    size_t recipient_count;
};

struct og_message_merge {
    bool state_changed;
    enum og_message_state old_state;
    bool times_changed;        /* some time was added or withdrawn */
    bool failure_withdrawn;    /* the time of Failed was removed: it had been assumed */
    size_t changed_count;      /* recipients that moved on */
    size_t repeated_count;     /* said what we knew */
    size_t impossible_count;   /* would have gone backwards, or out of a terminal state */
    size_t unknown_count;      /* numbers that are none of the message's */
};

/*
 * Merge one report. Pending in a report means Processed: the phone has it. Numbers match exactly,
 * then with '+' in front. A phone may name encrypted recipients as it knows them, in plain: such a
 * report counts when it says the same of as many recipients as there are, so that none can be
 * mistaken for another. Times outside [accepted, now] are drawn to the nearer end; the first time
 * of a state stays. Cost: recipients of the record times those of the report.
 */
void og_message_merge(struct og_message_record *self, const struct og_message_report *report,
                      int64_t now_ms, struct og_message_merge *out);

/*
 * End what is still open, ourselves: Failed (expiry, no phone) ends recipients that are Pending,
 * Cancelling or Processed; Cancelled ends those that are Pending or Cancelling. A Sent recipient
 * stays: a missing delivery report is no failure.
 *
 * state       OG_MESSAGE_FAILED or OG_MESSAGE_CANCELLED
 * is_assumed  with Failed: a phone had it and may yet prove us wrong
 * Returns     how many recipients changed
 */
size_t og_message_end_open(struct og_message_record *self, enum og_message_state state,
                           struct og_str error, bool is_assumed, int64_t now_ms);

/* Is every recipient final? A message of Failed and Delivered recipients reads Sent for ever, so
 * ask this, not og_message_is_final, whether to stop waiting. */
bool og_message_record_is_final(const struct og_message_record *self, bool wants_delivery_report);
