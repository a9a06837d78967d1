/*
 * The queue of open messages, per account and device, in memory.
 *
 * What the store knows is the truth; this is rebuilt from it at start and answers in constant time
 * what SQL would answer slowly: what does this phone get next, which phones could take the next
 * message, what needs a look.
 *
 * Thread   one: the write lane. No lock inside
 * Memory   own heap; strings given are copied, strings handed out live until the next changing call
 *          unless they are said to be in an arena
 * Cost     a message: O(log) of the open messages that somebody will look at plus the number of distinct
 *          (class, priority) pairs that its device has waiting; a choice: O(log) of the account's
 *          devices
 *
 * An account's messages that have no device yet wait under the empty device id.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define OG_DISPATCH_ID_MAX_BYTES 36 /* of message, account and device ids */
#define OG_DISPATCH_NO_DEADLINE INT64_MAX

/* Served in this order. */
enum og_dispatch_class {
    OG_DISPATCH_OTP,
    OG_DISPATCH_NORMAL,
    OG_DISPATCH_BULK, /* never in the way of others */
};

enum og_dispatch_phase {
    OG_DISPATCH_WAITING, /* no phone has fetched it: may move */
    OG_DISPATCH_HANDED,  /* fetched, nothing heard: stays, and is listed again */
    OG_DISPATCH_TAKEN,   /* the phone reported on it: not listed any more, but looked after */
};

/* Why a message that nobody had went to another phone's line. */
enum og_dispatch_why {
    OG_DISPATCH_UNMOVED,
    OG_DISPATCH_NOT_FETCHED, /* its phone was woken and did not come */
    OG_DISPATCH_OFFLINE,     /* its phone is not there */
    OG_DISPATCH_QUARANTINE,
    OG_DISPATCH_PACE,        /* its phone may not send for some time */
    OG_DISPATCH_REMOVED,     /* its phone was */
    OG_DISPATCH_SOONER,      /* it had none, or another one was there first */
    OG_DISPATCH_WHY_COUNT
};
/* "not_fetched", ... Static storage; "" of OG_DISPATCH_UNMOVED. */
const char *og_dispatch_why_name(enum og_dispatch_why why);

struct og_dispatch_item {
    struct og_str account; /* ids of messages and devices are unique within it */
    struct og_str id;
    struct og_str device; /* planned; empty: none yet */
    enum og_dispatch_class class;
    int priority; /* -128..127, higher first */
    int64_t created_at_ms;
    int64_t deadline_ms; /* not handed from then on; OG_DISPATCH_NO_DEADLINE */
    int64_t attend_at_ms; /* somebody must look at it then; 0: never */
    int parts;            /* SMS parts of all its recipients */
    int sim;              /* the client named it; 0: any */
    int routes;           /* phones that had it before this one */
    enum og_dispatch_why moved_why; /* and when: it changed lines, and its row may not say so yet */
    int64_t moved_at_ms;
    enum og_dispatch_phase phase;
    bool is_bound;      /* the client named the device: never moves */
    bool is_cancelling; /* still listed, so that the phone learns of it */
};

struct og_dispatch;

struct og_dispatch *og_dispatch_create(void);
void og_dispatch_destroy(struct og_dispatch *self); /* NULL is fine */

/* --- devices ------------------------------------------------------------------------------- */

/* A device exists (registration, start). Known already: only last_seen moves, and only forward. */
OG_MUST_CHECK enum og_code og_dispatch_device_add(struct og_dispatch *self, struct og_str account,
                                                  struct og_str device, int64_t last_seen_ms,
                                                  struct og_err *err);
/* Its waiting messages that no client bound to it go back to the account (device ""); the others
 * leave the queue, for the caller to end in the store. Returns how many left; unknown is 0. */
size_t og_dispatch_device_remove(struct og_dispatch *self, struct og_str account,
                                 struct og_str device);
/* Presence. Repeats are harmless; unknown devices are ignored. Connected means: an event stream is
 * open, whichever of several. */
void og_dispatch_device_connected(struct og_dispatch *self, struct og_str account,
                                  struct og_str device, int64_t now_ms);
void og_dispatch_device_disconnected(struct og_dispatch *self, struct og_str account,
                                     struct og_str device, int64_t now_ms);
void og_dispatch_device_seen(struct og_dispatch *self, struct og_str account,
                             struct og_str device, int64_t now_ms);

struct og_dispatch_device {
    struct og_str account;
    struct og_str device;
    bool is_connected;
    int64_t last_seen_ms;
    size_t waiting;
    size_t handed;
    size_t taken;
    size_t silent; /* of those handed and taken: nobody expects a word any more */
    size_t waiting_otp;
    int64_t waiting_parts, waiting_otp_parts;
    int64_t ahead_parts; /* it has them and has not sent them; the silent ones apart */
};

/* False: unknown (out zeroed). The empty device id gives the account's own waiting messages. */
bool og_dispatch_device_find(const struct og_dispatch *self, struct og_str account,
                             struct og_str device, struct og_dispatch_device *out);

/* When the oldest message that is waiting or handed was created; false: there is none. */
bool og_dispatch_device_oldest(const struct og_dispatch *self, struct og_str account,
                               struct og_str device, int64_t *created_at_ms_out);

/*
 * Devices of the account, up to max: all of them where they are no more than that, else the ones
 * that og_dispatch_choose would take first, roughly (each is better than half of what is left out).
 */
size_t og_dispatch_device_count(const struct og_dispatch *self, struct og_str account);
size_t og_dispatch_ranked(const struct og_dispatch *self, struct og_str account,
                          struct og_dispatch_device *out, size_t max);

/*
 * The device for a new message: a connected one before any other; among connected ones the one with
 * the fewest messages waiting or handed; among the others the most recently seen, then the fewest
 * messages; equals take turns.
 *
 * seen_since_ms  only devices connected or seen at or after this; INT64_MIN for all
 * except         a device not to take; empty for none
 * Returns        false: there is none
 */
bool og_dispatch_choose(struct og_dispatch *self, struct og_str account, int64_t seen_since_ms,
                        struct og_str except, struct og_str *out);

/* --- messages ------------------------------------------------------------------------------ */

/*
 * Add an open message. Add it when it is written, and remove it again if the transaction does not
 * commit: the next choice then already counts it.
 * Errors  OG_E_CONFLICT: the account has that id; OG_E_NOT_FOUND: no such device; OG_E_INVALID: an
 *         id that is empty or too long
 */
OG_MUST_CHECK enum og_code og_dispatch_add(struct og_dispatch *self,
                                           const struct og_dispatch_item *item,
                                           struct og_err *err);
/* False in these: unknown id. */
bool og_dispatch_find(const struct og_dispatch *self, struct og_str account, struct og_str id,
                      struct og_dispatch_item *out);
bool og_dispatch_remove(struct og_dispatch *self, struct og_str account, struct og_str id);
/* Phases only go forward; setting an earlier one changes nothing. */
bool og_dispatch_set_phase(struct og_dispatch *self, struct og_str account, struct og_str id,
                           enum og_dispatch_phase phase);
bool og_dispatch_set_cancelling(struct og_dispatch *self, struct og_str account, struct og_str id);
/* Nobody expects a word of its phone any more. */
bool og_dispatch_set_silent(struct og_dispatch *self, struct og_str account, struct og_str id);
/* When somebody must look at it again; 0: never. */
bool og_dispatch_set_attention(struct og_dispatch *self, struct og_str account, struct og_str id,
                               int64_t at_ms);

/*
 * What the device gets: waiting and handed messages whose deadline is later than now, by class,
 * then priority (high first), then age (oldest first; ties as they were added).
 * lifo     newest first among equals, except OTP
 * Returns  how many were written to out[0..max)
 */
size_t og_dispatch_list(const struct og_dispatch *self, struct og_str account,
                        struct og_str device, int64_t now_ms, bool lifo,
                        struct og_dispatch_item *out, size_t max);

/* The same, of waiting messages only, oldest first. */
size_t og_dispatch_list_waiting(const struct og_dispatch *self, struct og_str account,
                                struct og_str device, int64_t now_ms,
                                struct og_dispatch_item *out, size_t max);

/* Messages whose attention is due at or before now, up to max, in no order. They stay so until they
 * get another moment. Cost: O(max). */
size_t og_dispatch_due(const struct og_dispatch *self, int64_t now_ms,
                       struct og_dispatch_item *out, size_t max);

/* Waiting messages of a device (or of the account: "") that may move, most urgent first. Returns
 * how many were written to out[0..max). */
size_t og_dispatch_movable(const struct og_dispatch *self, struct og_str account,
                           struct og_str device, struct og_dispatch_item *out, size_t max);
/* Plan a waiting message for another device, or for none (""). False: no such message or device, or
 * it must not move. */
bool og_dispatch_move(struct og_dispatch *self, struct og_str account, struct og_str id,
                      struct og_str device, enum og_dispatch_why why, int64_t now_ms);

/* Devices that are not connected, were last seen before `before_ms`, and have messages that could
 * move to a connected device of their account. Up to max; also the accounts' own (device "").
 * Returns the count. Scans all devices: for a job, not for a request. */
size_t og_dispatch_stranded(const struct og_dispatch *self, int64_t before_ms,
                            struct og_dispatch_device *out, size_t max);

/* Every device, and each account's own line (device ""): for a job, not for a request.
 * has_connected: some device of its account is connected. `visit` must change nothing. */
void og_dispatch_each(const struct og_dispatch *self,
                      void (*visit)(void *ctx, const struct og_dispatch_device *device,
                                    bool has_connected),
                      void *ctx);

struct og_dispatch_totals {
    size_t devices;
    size_t connected;
    size_t waiting;
    size_t handed;
    size_t taken;
};

struct og_dispatch_totals og_dispatch_totals(const struct og_dispatch *self);
