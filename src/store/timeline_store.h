/*
 * Steps in the life of messages and verifications that their own rows do not tell. All functions
 * run in a lane with its connection.
 *
 * What a row tells is not kept twice: service/timeline/timeline.h puts both together. A reason
 * holds no number and no code: og_timeline_add covers digits.
 */
#pragma once

#include "store/db.h"

/* The numbers are in the database. */
enum og_note_kind {
    OG_NOTE_REPLANNED, /* nobody had it: from `other` to `device`; why: route/dispatch.h */
    OG_NOTE_RELEASED,  /* its time had come: for `device`, when accepted planned for `other` */
    OG_NOTE_WAITED,    /* from `at` to `until` its phone could not take it */
    OG_NOTE_CLAIMED,   /* `device` had it before and sent it; `other` has it since `until` */
    OG_NOTE_WITHDRAWN, /* given up at `until`, and the phone knew better */
    OG_NOTE_HOOK,      /* an event was taken by its receiver, or with a reason given up */
    OG_NOTE_LOCKED,    /* too many wrong codes for this recipient */
    OG_NOTE_KINDS
};

struct og_timeline_note {
    enum og_note_kind kind;
    int64_t at, until;       /* UTC ms; 0: none */
    struct og_str device_id; /* "" : none; likewise the others */
    struct og_str other_id;  /* the phone before; of OG_NOTE_HOOK the webhook */
    struct og_str event;
    int64_t tries;
    struct og_str reason;
};

OG_MUST_CHECK enum og_code og_timeline_add(struct og_db *db, struct og_str account_id,
                                           struct og_str subject_id,
                                           const struct og_timeline_note *note,
                                           struct og_err *err);
/* The first `limit`, oldest first. Strings in `mem`. */
OG_MUST_CHECK enum og_code og_timeline_list(struct og_db *db, struct og_str account_id,
                                            struct og_str subject_id, int limit,
                                            struct og_arena *mem,
                                            struct og_timeline_note **items_out, int *count_out,
                                            struct og_err *err);

/* Foreign words without what could be a number or a code: digits in a row, four and more, become
 * "…". */
struct og_str og_timeline_cover(struct og_str words, struct og_arena *mem);
