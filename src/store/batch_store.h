/*
 * Batches: one text for many, as rows that become messages when the phones have room for them. All
 * functions run in a lane with its connection; structs filled here have their strings in the arena
 * given.
 *
 * Life of a batch: open (rows come in) -> running <-> paused -> done; canceled from all but the
 * last. A row of it has a fate at every moment, and the counts of fates change in the transaction
 * that changes the row or its message.
 */
#pragma once

#include "base/crypto.h"
#include "store/message_store.h"

#define OG_BATCH_ROWS_MAX 100000
#define OG_BATCH_ID_MAX_CHARS 36

enum og_batch_state {
    OG_BATCH_OPEN,
    OG_BATCH_RUNNING,
    OG_BATCH_PAUSED,
    OG_BATCH_CANCELED, /* without ended_at: its rows are being taken away */
    OG_BATCH_DONE,
    OG_BATCH_STATES
};

/* Why a running batch gives nothing to the phones at the moment. */
enum og_batch_hold {
    OG_HOLD_NONE,
    OG_HOLD_PHONES, /* they have enough to do */
    OG_HOLD_NO_PHONE,
    OG_HOLD_QUEUE,  /* a limit on what may wait for a phone */
    OG_HOLD_LIMIT,  /* a rule against abuse */
    OG_HOLD_PACE,
    OG_HOLD_KINDS
};

struct og_batch {
    struct og_str id; /* ours or the client's, of og_id_is_plain characters */
    struct og_str account_id;
    struct og_str credential_id; /* who made it */
    struct og_str digest;        /* hex, keyed: of what was asked for */
    struct og_str text;          /* with placeholders; "" once the batch has ended */
    struct og_str tag;           /* "" : none */
    enum og_batch_state state;
    enum og_batch_hold hold;
    int64_t priority;
    bool want_report;
    bool repeats;                /* the same number may come twice */
    bool is_sandbox;
    int64_t per_minute;          /* parts; 0: as fast as the phones can */
    int64_t ttl_ms;              /* from the start on; 0: none */
    int64_t valid_until;         /* 0: none */
    int64_t row_count;           /* received, good and bad */
    int64_t error_count;         /* of these, bad */
    int64_t paced_at;            /* the next part is due by the pace */
    int64_t due_at;              /* somebody must look at it */
    int64_t created_at, started_at, ended_at;
    int64_t counts[OG_BATCH_FATES];
};

/* What is left to be sent. */
struct og_batch_row {
    struct og_str id;
    int64_t line; /* of the client's list */
    struct og_str number, text;
    struct og_err fault; /* OG_E_UNREADABLE: it has neither, and never will; else OG_OK */
};

struct og_batch_error {
    struct og_str id;
    int64_t line;
    struct og_str field;  /* the column, "" : the row */
    struct og_str reason; /* for people; never a number */
};

/* Words of the API. Static storage. */
const char *og_batch_state_name(enum og_batch_state state);
const char *og_batch_fate_name(enum og_batch_fate fate);
const char *og_batch_hold_name(enum og_batch_hold hold); /* NULL for OG_HOLD_NONE */

/* ---- the batch ---- */

/* Errors: OG_E_CONFLICT "id". */
OG_MUST_CHECK enum og_code og_batch_insert(struct og_db *db, const struct og_key *seal,
                                           const struct og_batch *b, struct og_err *err);
/* With its counts; seal NULL: without its text. OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_batch_find(struct og_db *db, const struct og_key *seal,
                                         struct og_str account_id, struct og_str id,
                                         struct og_arena *mem, struct og_batch *out,
                                         struct og_err *err);
/* The one that has waited longest for somebody to look at it, of accounts that are not disabled.
 * Without text. OG_E_NOT_FOUND: there is none. */
OG_MUST_CHECK enum og_code og_batch_find_due(struct og_db *db, int64_t now_ms,
                                             struct og_arena *mem, struct og_batch *out,
                                             struct og_err *err);
/* Newest first, with counts and without texts. items_out: `limit` places. */
OG_MUST_CHECK enum og_code og_batch_list(struct og_db *db, struct og_str account_id, int limit,
                                         struct og_arena *mem, struct og_batch **items_out,
                                         int *count_out, struct og_err *err);
/* How many of the account's have not ended. */
OG_MUST_CHECK enum og_code og_batch_count_live(struct og_db *db, struct og_str account_id,
                                               int64_t *out, struct og_err *err);
/* Write state, hold, pace, times and numbers of rows back; the text goes when ended_at is set.
 * Errors: OG_E_CONFLICT when the row's state is no longer `from`. */
OG_MUST_CHECK enum og_code og_batch_save(struct og_db *db, const struct og_batch *b,
                                         enum og_batch_state from, struct og_err *err);
/* `n` of its rows go from one fate to another. from OG_BATCH_FATES: they are new. */
OG_MUST_CHECK enum og_code og_batch_move(struct og_db *db, struct og_str account_id,
                                         struct og_str id, enum og_batch_fate from,
                                         enum og_batch_fate to, int64_t n, struct og_err *err);

/* ---- its rows ---- */

/* The id of the row at `place`, from 0. */
struct og_str og_batch_row_id(struct og_arena *mem, struct og_str batch_id, int64_t place);

OG_MUST_CHECK enum og_code og_batch_row_insert(struct og_db *db, const struct og_key *seal,
                                               struct og_str account_id,
                                               const struct og_batch_row *row,
                                               struct og_err *err);
/* Up to `limit`, in their order. */
OG_MUST_CHECK enum og_code og_batch_row_list(struct og_db *db, const struct og_key *seal,
                                             const struct og_batch *b, int limit,
                                             struct og_arena *mem, struct og_batch_row **items_out,
                                             int *count_out, struct og_err *err);
OG_MUST_CHECK enum og_code og_batch_row_remove(struct og_db *db, struct og_str account_id,
                                               struct og_str row_id, struct og_err *err);
/* Up to `limit` of them go. */
OG_MUST_CHECK enum og_code og_batch_row_drop(struct og_db *db, const struct og_batch *b, int limit,
                                             int64_t *count_out, struct og_err *err);

OG_MUST_CHECK enum og_code og_batch_error_insert(struct og_db *db, struct og_str account_id,
                                                 const struct og_batch_error *error,
                                                 struct og_err *err);
/* Up to `limit` behind the one with the id `after` ("" : from the beginning). */
OG_MUST_CHECK enum og_code og_batch_error_list(struct og_db *db, struct og_str account_id,
                                               struct og_str batch_id, struct og_str after,
                                               int limit, struct og_arena *mem,
                                               struct og_batch_error **items_out, int *count_out,
                                               struct og_err *err);

/* Ids of its messages that no phone has sent or been told to cancel, up to `limit`. */
OG_MUST_CHECK enum og_code og_batch_pending(struct og_db *db, const struct og_batch *b, int limit,
                                            struct og_arena *mem, struct og_str **ids_out,
                                            int *count_out, struct og_err *err);

/* ---- numbers that it has ---- */

/* All digests, 8 bytes each, one behind the other in `out`. */
OG_MUST_CHECK enum og_code og_batch_numbers_get(struct og_db *db, const struct og_batch *b,
                                                struct og_buf *out, struct og_err *err);
/* Those of more numbers, in a segment of their own or in the last one. */
OG_MUST_CHECK enum og_code og_batch_numbers_add(struct og_db *db, const struct og_batch *b,
                                                struct og_str digests, struct og_err *err);
OG_MUST_CHECK enum og_code og_batch_numbers_drop(struct og_db *db, const struct og_batch *b,
                                                 struct og_err *err);

/* ---- retention ---- */

/* Delete batches that ended at `until_ms` or before with their errors, up to `limit` rows. */
OG_MUST_CHECK enum og_code og_batch_purge(struct og_db *db, int64_t until_ms, int limit,
                                          int64_t *count_out, bool *has_more_out,
                                          struct og_err *err);
