/*
 * Messages: accept, read, list, and what phones do with them. Applies run in lanes.
 */
#pragma once

#include "abuse/shield.h"
#include "lane/op.h"
#include "service/abuse/share.h"
#include "service/device/route_service.h"
#include "service/services.h"
#include "store/message_store.h"

/* What an application asks for, decoded and in range; strings in the operation's arena. */
struct og_message_ask {
    struct og_str account_id;
    struct og_str client_id;   /* "" : we choose */
    struct og_str device_id;   /* "" : any */
    struct og_str text;        /* of a data message: base64 */
    int64_t data_port;         /* 0: a text */
    struct og_str_list numbers; /* normalised, unique */
    int64_t sim_number;        /* 0: the phone chooses */
    int64_t priority;          /* -128 .. 127 */
    int64_t valid_until_ms;    /* 0: none */
    int64_t schedule_at_ms;    /* 0: at once; until then it is held here, not by a phone */
    int64_t active_within_ms;  /* 0: no filter on when the phone was last seen */
    struct og_str verification_id; /* "" : not an OTP */
    struct og_str tag;         /* for rules of routing, "" */
    struct og_str batch_id;    /* whose row it was, "" : none */
    bool is_otp;
    bool is_bulk;              /* never in the way of others */
    bool want_report;
    bool is_encrypted;
    bool is_sandbox;           /* to the account's inbox instead of a phone */
};

/*
 * Store a message and plan its phone. Inside an apply of the write lane; other services use it too.
 * out      the stored message; strings in `mem`
 * Errors   OG_E_INVALID "deviceId" (no such phone, or none at all), OG_E_CONFLICT "id" (taken)
 * After the commit the caller must call og_message_accepted with the same `out`.
 */
OG_MUST_CHECK enum og_code og_message_accept(struct og_services *svc, struct og_tx *tx,
                                             const struct og_message_ask *ask, struct og_arena *mem,
                                             struct og_message *out, struct og_err *err);
/* The row is on disk: queue it and wake its phone. Write lane, in `committed`. */
void og_message_accepted(struct og_services *svc, const struct og_message *message,
                         int64_t now_ms);

/*
 * Cancel. A message that was never handed is Cancelled at once; one that is with a phone becomes
 * Cancelling and the phone is told.
 * Errors   OG_E_NOT_FOUND; OG_E_CONFLICT when it is no longer Pending
 */
OG_MUST_CHECK enum og_code og_message_cancel(struct og_services *svc, struct og_tx *tx,
                                             struct og_str account_id, struct og_str id,
                                             struct og_arena *mem, struct og_message *out,
                                             struct og_err *err);
/* Cancel it if no phone has it yet; where one has, or it has ended, nothing happens. `out` has no
 * text. *did_out: then og_message_cancelled. */
OG_MUST_CHECK enum og_code og_message_withdraw(struct og_services *svc, struct og_tx *tx,
                                               struct og_str account_id, struct og_str id,
                                               struct og_arena *mem, struct og_message *out,
                                               bool *did_out, struct og_err *err);
/* After the commit of a cancel. */
void og_message_cancelled(struct og_services *svc, const struct og_message *message);

/* A phone is removed: messages that only it could end are Failed. In an apply of the write lane. */
OG_MUST_CHECK enum og_code og_message_end_of_device(struct og_services *svc, struct og_tx *tx,
                                                    struct og_str device_id, struct og_arena *mem,
                                                    struct og_err *err);

/* ---- operations ---- */

struct og_send_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_message_ask ask;
    struct og_str account_name;  /* for what gateways share; "" : nothing */
    struct og_str credential_id; /* who asks, "" : not known */
    struct og_str source;        /* the user's address, as in otp_service.h */
    struct og_message out;
    /* inner */
    struct og_abuse_case *cases;
    int case_count;
    struct og_abuse_share share;
    struct og_abuse_ticket ticket;
};
enum og_code og_send_apply(struct og_op *op, struct og_tx *tx);
bool og_send_decides_first(const struct og_op *op);
void og_send_committed(struct og_op *op, struct og_tx *tx);

/* One message, by our id or the client's. */
struct og_message_one_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str id;
    struct og_message out;
};
enum og_code og_message_get_apply(struct og_op *op, struct og_tx *tx); /* read lane */
enum og_code og_cancel_apply(struct og_op *op, struct og_tx *tx);      /* see og_message_cancel */
void og_cancel_committed(struct og_op *op, struct og_tx *tx);

/*
 * A message that no phone has, as the queue has it: for whom it is planned by now, and what it
 * waits for. Changes nothing; no rows (apply is NULL), write lane.
 */
struct og_message_wait_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_message *m; /* its device_id becomes the present plan */
    struct og_wait wait;  /* without reason: nothing is in its way */
};
void og_message_wait_committed(struct og_op *op, struct og_tx *tx);

struct og_message_list_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_message_filter filter;
    struct og_message *items;
    int count;
    int64_t total;
};
enum og_code og_message_list_apply(struct og_op *op, struct og_tx *tx); /* read lane */

/* A phone fetches what it should send: at most 100, in order; they count as handed from now on. */
struct og_pull_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str device_id;
    bool lifo;
    struct og_message *items;
    int count;
    /* inner */
    bool *newly_handed;
    struct og_str *unreadable; /* of what was listed: rows that do not open */
    int unreadable_count;
    struct og_route_fetch fetch;
};
enum og_code og_pull_apply(struct og_op *op, struct og_tx *tx);
bool og_pull_decides_first(const struct og_op *op);
void og_pull_committed(struct og_op *op, struct og_tx *tx);

/* One item of a phone's report; id as the phone knows it. */
struct og_report {
    struct og_str id;
    struct og_message_report report;
};

struct og_report_effect;

/* A phone reports states. Reports that fit nothing are counted and forgotten, never an error. */
struct og_report_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str device_id;
    const struct og_report *items;
    int count;
    /* inner */
    struct og_report_effect *effects;
};
enum og_code og_report_apply(struct og_op *op, struct og_tx *tx);
bool og_report_decides_first(const struct og_op *op);
void og_report_committed(struct og_op *op, struct og_tx *tx);

/* Expire what is due, at most a few hundred at a time. Submitted by jobs/sweeper; call again soon
 * while has_more. */
struct og_expire_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    int expired_count;
    bool has_more;
    /* inner */
    struct og_message *items;
};
enum og_code og_expire_apply(struct og_op *op, struct og_tx *tx);
void og_expire_committed(struct og_op *op, struct og_tx *tx);

/*
 * Let go of held messages whose time has come, at most a few hundred at a time: those that no
 * client bound get the phone that is best then. Submitted by jobs/sweeper; again while has_more.
 */
struct og_release_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    int released_count;
    bool has_more;
    /* inner */
    struct og_message *items;
};
enum og_code og_release_apply(struct og_op *op, struct og_tx *tx);
void og_release_committed(struct og_op *op, struct og_tx *tx);

struct og_attend_step;
struct og_attend_line;

/*
 * Look after what does not get on: codes that no phone fetches, messages of which nothing is heard,
 * what waits for phones that are gone or out of their pace; and conclude how well each phone does.
 * Submitted by jobs/sweeper; call again soon while has_more.
 */
struct og_attend_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    int64_t gone_after_ms; /* unseen for so long is gone */
    int moved_count;
    bool has_more;
    /* inner */
    struct og_attend_step *steps;
    int step_count;
    struct og_attend_line *lines;
    int line_count;
};
enum og_code og_attend_apply(struct og_op *op, struct og_tx *tx);
void og_attend_committed(struct og_op *op, struct og_tx *tx);

/* Register the counters of what phones do, once, before threads. */
void og_message_phone_metrics(void);

/* Fill the dispatch queue from the open messages, before the lanes start. */
OG_MUST_CHECK enum og_code og_message_load(struct og_services *svc, struct og_db *db,
                                           struct og_err *err);
