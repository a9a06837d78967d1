/*
 * Rows of the abuse shield: sends to count again after a restart, stops, resets, decisions.
 * `err` is never NULL here.
 */
#pragma once

#include "store/db.h"

/* ---- sends ---- */

struct og_abuse_send {
    struct og_str send_id; /* of a verification or a message */
    int n;                 /* which sending, from 1 */
    int64_t at;            /* the shield's time */
    struct og_str account_id;
    int kind;
    int amount;
    struct og_str region, prefix;
    struct og_str subjects; /* bytes; the shield's own form */
    bool is_verified;
};

OG_MUST_CHECK enum og_code og_abuse_send_insert(struct og_db *db, const struct og_abuse_send *send,
                                                struct og_err *err);
/* The first sending. OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_abuse_send_find(struct og_db *db, struct og_str send_id,
                                              struct og_arena *mem, struct og_abuse_send *out,
                                              struct og_err *err);
/* Its code was typed in. *out as before. OG_E_NOT_FOUND: there is none, or it was verified. */
OG_MUST_CHECK enum og_code og_abuse_send_verify(struct og_db *db, struct og_str send_id,
                                                struct og_arena *mem, struct og_abuse_send *out,
                                                struct og_err *err);
/* All after `since`, by time; strings are borrowed for the call of fn. */
OG_MUST_CHECK enum og_code og_abuse_sends_each(struct og_db *db, int64_t since,
                                               void (*fn)(void *ctx,
                                                          const struct og_abuse_send *send),
                                               void *ctx, struct og_err *err);

/* ---- stops ---- */

struct og_abuse_stop {
    int64_t place;
    struct og_str id, account_id, subject, label, rule;
    int64_t since, until; /* until 0: until it is released */
};

#define OG_ABUSE_STOPS_MAX 1000

/* Replaces one of the same place. */
OG_MUST_CHECK enum og_code og_abuse_stop_put(struct og_db *db, const struct og_abuse_stop *stop,
                                             struct og_err *err);
/* OG_E_NOT_FOUND. account_id "": of whichever account. */
OG_MUST_CHECK enum og_code og_abuse_stop_remove(struct og_db *db, struct og_str id,
                                                struct og_str account_id, struct og_err *err);
/* Those that hold at now_ms, the newest first. account_id "": all; else also those of all. */
OG_MUST_CHECK enum og_code og_abuse_stops(struct og_db *db, struct og_str account_id,
                                          int64_t now_ms, struct og_arena *mem,
                                          struct og_abuse_stop **items_out, int *count_out,
                                          struct og_err *err);

/* ---- resets ---- */

struct og_abuse_reset {
    struct og_str subject;
    int64_t key;
    int64_t at; /* the shield's time */
};

OG_MUST_CHECK enum og_code og_abuse_reset_put(struct og_db *db, const struct og_abuse_reset *reset,
                                              struct og_err *err);
OG_MUST_CHECK enum og_code og_abuse_resets_each(struct og_db *db,
                                                void (*fn)(void *ctx,
                                                           const struct og_abuse_reset *reset),
                                                void *ctx, struct og_err *err);

/* ---- decisions ---- */

struct og_abuse_decision {
    struct og_str id;
    int64_t at; /* UTC */
    struct og_str account_id, action, rule;
    int64_t figure, limit, count;
    struct og_str number, place, source;
};

OG_MUST_CHECK enum og_code og_abuse_decision_insert(struct og_db *db,
                                                    const struct og_abuse_decision *decision,
                                                    struct og_err *err);
/* The newest first. account_id, rule, action "": all. */
struct og_abuse_decision_filter {
    struct og_str account_id, rule, action;
    int limit;
};
OG_MUST_CHECK enum og_code og_abuse_decisions(struct og_db *db,
                                              const struct og_abuse_decision_filter *filter,
                                              struct og_arena *mem,
                                              struct og_abuse_decision **items_out,
                                              int *count_out, struct og_err *err);

/* ---- housekeeping ---- */

/* Forget sends and resets up to `until`, stops that are over, and all decisions but the newest
 * `decisions_kept`; at most `rows` of each. */
OG_MUST_CHECK enum og_code og_abuse_purge(struct og_db *db, int64_t until, int64_t now_ms,
                                          int decisions_kept, int rows, struct og_err *err);
