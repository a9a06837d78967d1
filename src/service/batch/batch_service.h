/*
 * Batches: one text for many (store/batch_store.h). Made open, filled in pieces, started; from then
 * on the rounds of jobs/sweeper turn rows into messages of the class bulk as the phones have room
 * for them, so that a batch of any size neither fills the queue of open messages nor stands before
 * a code.
 *
 * Rows are received at places: what comes again with the same place is passed over, so a client
 * that got no answer repeats its call and nothing is sent twice.
 */
#pragma once

#include "core/fill.h"
#include "lane/op.h"
#include "service/abuse/share.h"
#include "service/services.h"
#include "store/batch_store.h"

#define OG_BATCH_PIECE_ROWS 50    /* of an import in one operation: less than a millisecond of the write lane */
#define OG_BATCH_LIVE_MAX 100     /* of an account that have not ended */
#define OG_BATCH_PARTS_MAX 10     /* of a text */
#define OG_BATCH_LIFE_MS (14 * 24 * INT64_C(3600000)) /* what is left of it then expires */

/* Make one; with an id that it has made before and the same wishes, the same one is answered.
 * Write lane. */
struct og_batch_make_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_batch batch; /* asked for: id "" : we choose. Answered: as it is stored */
    bool is_new;
};
/* Errors: OG_E_CONFLICT "id" (another batch has it), OG_E_LIMITED (too many that have not
 * ended). */
enum og_code og_batch_make_apply(struct og_op *op, struct og_tx *tx);

/* One recipient as it came. */
struct og_batch_recipient {
    int64_t line;         /* in the client's list, for what is said of it; 0: its place, from 1 */
    struct og_str number; /* E.164; "" : `fault` says why not */
    const char *fault;    /* a sentence, static or in the arena; NULL: none */
    struct og_fill_values values;
};

/* Some more rows, at most OG_BATCH_PIECE_ROWS. Write lane. */
struct og_batch_append_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str batch_id;
    int64_t first; /* the place of the first; -1: behind what there is */
    const struct og_batch_recipient *items;
    int count;
    const char *number_column; /* named when a number is wrong */
};
/* Errors: OG_E_NOT_FOUND; OG_E_CONFLICT "first" (a gap), "state" (not open); OG_E_UNPROCESSABLE
 * "recipients" (too many). */
enum og_code og_batch_append_apply(struct og_op *op, struct og_tx *tx);

/* What an application may do with a batch. */
struct og_batch_change_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str batch_id;
    bool has_state, has_pace;
    enum og_batch_state state;   /* running, paused or canceled */
    int64_t per_minute;          /* 0: no pace */
    struct og_batch out;
    /* inner */
    const struct og_message_id *held; /* messages that leave the phones' lines */
};
/* Errors: OG_E_NOT_FOUND, OG_E_CONFLICT "state". */
enum og_code og_batch_change_apply(struct og_op *op, struct og_tx *tx);
void og_batch_change_committed(struct og_op *op, struct og_tx *tx);

/* Read lane. */
struct og_batch_get_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str batch_id;
    struct og_batch out;
};
enum og_code og_batch_get_apply(struct og_op *op, struct og_tx *tx);

struct og_batch_list_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    int limit;
    struct og_batch *items;
    int count;
};
enum og_code og_batch_list_apply(struct og_op *op, struct og_tx *tx);

struct og_batch_errors_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str batch_id;
    struct og_str after; /* the id of the last one seen, "" */
    int limit;
    struct og_batch_error *items;
    int count;
};
enum og_code og_batch_errors_apply(struct og_op *op, struct og_tx *tx);

struct og_send_op;

/*
 * Places of the limits that gateways share (service/abuse/share.h), taken ahead of a round, since a
 * round is in the lane. A round that has none for its batch makes no messages and says how many it
 * wants; whoever submits rounds takes them and submits another one. After each round they are
 * settled: what it did not use is given back. One thread at a time.
 */
struct og_batch_share {
    struct og_services *svc; /* set by who keeps it, zeroed else; likewise the next three */
    struct og_loop *loop;
    void (*ready)(struct og_batch_share *self); /* taken, or not; perhaps before take returns */
    void *ctx;
    /* inner */
    struct og_abuse_share share;
    struct og_abuse_case one; /* a message of the account, as the shield sees it */
    int places;
    bool is_wanted; /* by the last round: take them */
    bool is_heard;  /* there is an answer */
};
/* Any thread; `ready` on the loop, or on this thread when it is refused at once. */
void og_batch_share_take(struct og_batch_share *self);
void og_batch_share_settle(struct og_batch_share *self, int used);
/* For rounds. */
void og_batch_share_want(struct og_batch_share *self, const struct og_abuse_ask *ask, int places);
bool og_batch_share_is_for(const struct og_batch_share *self, struct og_str account_id);
/* How many messages may try: one, to be refused, where nothing is left. */
int og_batch_share_places(const struct og_batch_share *self);
/* What the next message is judged by, when `used` have gone. */
void og_batch_share_lend(const struct og_batch_share *self, int used, struct og_abuse_share *out);

/* Look at the batch that has waited longest for it, and do what is next. Submitted by jobs/sweeper;
 * again while has_more. Write lane. */
struct og_batch_round_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_batch_share *share; /* where limits are shared; else it may be NULL */
    bool has_more;
    int places_used; /* of the share */
    /* inner */
    struct og_batch batch;
    struct og_str account_name; /* for what gateways share */
    struct og_send_op *released; /* messages that it made */
    int released_count;
    struct og_message *canceled;
    int canceled_count;
};
enum og_code og_batch_round_apply(struct og_op *op, struct og_tx *tx);
void og_batch_round_committed(struct og_op *op, struct og_tx *tx);
