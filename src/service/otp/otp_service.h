/*
 * Verifications: start, check, resend, cancel, read, expire.
 *
 * Each operation has up to four parts, in this order:
 *   prepare   on the loop: draws, seals and talks to the code store; ends in `ready`
 *   apply     in the lane's transaction: the rows; there a verification is approved, once
 *   committed in the lane: phones are told
 *   release   on the loop, after all that and once prepare has been called: drops a code that
 *             nobody will use, puts back one that was spent on a failed commit, wipes secrets
 * Code first, rows second, and why: docs/decisions/0010-code-then-row.md.
 *
 * An expected refusal whose rows must stay (a wrong code is counted) is a result. Errors leave no
 * rows.
 */
#pragma once

#include "abuse/shield.h"
#include "base/id.h"
#include "codes/code_store.h"
#include "lane/op.h"
#include "service/abuse/share.h"
#include "service/message/message_service.h"
#include "service/otp/receipt.h"
#include "service/services.h"
#include "store/otp_store.h"

/* What the operations share; the first member of each. Set up to `account_id` by the caller. */
struct og_otp_base {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_loop *loop;
    /* The end of prepare: exactly once, on the loop, perhaps before prepare returns. */
    void (*ready)(struct og_otp_base *self, enum og_code code, const struct og_err *err);
    void *ctx; /* of the caller */
    struct og_str account_id;
    struct og_str account_name; /* for what gateways share; "" : nothing */
    /* inner */
    struct og_code_ask ask;
};

/* ---- start ---- */

struct og_otp_start_op {
    struct og_otp_base base;
    /* asked, checked against the rules of core; strings in the arena */
    struct og_str credential_id;
    struct og_str to;             /* E.164 */
    struct og_str purpose;
    struct og_str app_hash;       /* "" : none */
    struct og_str locale;         /* "" : not said */
    struct og_str client_app;     /* by name, "" : none */
    struct og_str template;       /* by name, "" : the client app's or our own sentences */
    struct og_str brand;          /* "" : the client app's, the account's or the server's */
    struct og_str account_brand;  /* "" : none */
    struct og_otp_context context; /* what the code is for, beyond its purpose */
    enum og_verification_mode mode; /* a test number's is found by prepare */
    bool is_concealed;            /* what refuses the recipient must not show: it makes a decoy */
    int code_length;
    int64_t ttl_ms;
    int64_t asked_at;             /* UTC; the life begins here */
    struct og_secret code;        /* the caller's own; empty: one is drawn */
    struct og_str idempotency_key; /* "" : none */
    struct og_str request;        /* the body as sent, to tell a retry from another request */
    struct og_str source;         /* the user's address; "" : not known, or not to be counted */
    struct og_str challenge;      /* "" : none; likewise its solution */
    struct og_str solution;
    /* Write the answer to `body` and return its status; called in apply when it is to be kept. */
    int (*render)(const struct og_otp_start_op *self, struct og_buf *body);
    /* answered */
    struct og_verification out;
    bool is_new;                  /* false: that one was active already, nothing was sent */
    struct og_str replay;         /* not "": the answer that was kept for this key */
    int replay_status;
    /* inner */
    char id[OG_LONG_ID_BYTES];
    struct og_secret text;
    struct og_message message;
    bool is_drawn; /* the code is ours */
    bool is_put;
    struct og_abuse_share share;
    struct og_abuse_case abuse;
    struct og_abuse_ticket ticket;
};
/* Errors: OG_E_UNAVAILABLE (no randomness, no store), OG_E_BUSY (store full). */
void og_otp_start_prepare(struct og_otp_start_op *self);
/* Errors: OG_E_UNPROCESSABLE (key used for another request; no text can be made of it),
 * OG_E_LIMITED (locked), OG_E_CONFLICT (the account has no phone). */
enum og_code og_otp_start_apply(struct og_op *op, struct og_tx *tx);
bool og_otp_start_decides_first(const struct og_op *op);
void og_otp_start_committed(struct og_op *op, struct og_tx *tx);
void og_otp_start_release(struct og_otp_start_op *self, bool succeeded);

/* ---- check ---- */

enum og_otp_outcome {
    OG_OTP_NOT_APPROVED, /* see state and attempts_left */
    OG_OTP_APPROVED,     /* by this check and by no other */
    OG_OTP_ALREADY,      /* was approved a moment ago */
    OG_OTP_UNKNOWN,      /* no such verification in this account */
};

struct og_otp_check_op {
    struct og_otp_base base;
    struct og_str id;
    struct og_str purpose;
    struct og_otp_context context; /* must be what it was at the start */
    struct og_secret code; /* as og_otp_read gives it */
    struct og_str source;  /* the user's address, "" : not known */
    struct og_err misread; /* why what was typed cannot be a code; zeroed: it was read */
    /* answered */
    struct og_receipt receipt; /* of an approved one; "" else */
    enum og_otp_outcome outcome;
    enum og_verification_state state; /* as shown: expired looks pending unless verbose_errors */
    int attempts_left;                /* -1: has no meaning */
    /* inner */
    struct og_otp_binding binding;
    enum og_code_verdict verdict;
    int left;
    int64_t left_ms;
    int64_t checked_mono_ms;
    enum og_check_verdict logged;
    bool has_locked;
    bool drop_code;
    bool has_cancelled;
    struct og_message cancelled;
    struct og_str recipient_digest; /* "" : unknown id */
    struct og_abuse_ticket ticket;
};
/* Errors: OG_E_UNPROCESSABLE (cannot be the code: no attempt taken, but counted for the
 * address), OG_E_UNAVAILABLE. */
void og_otp_check_prepare(struct og_otp_check_op *self);
enum og_code og_otp_check_apply(struct og_op *op, struct og_tx *tx);
bool og_otp_check_decides_first(const struct og_op *op);
void og_otp_check_committed(struct og_op *op, struct og_tx *tx);
void og_otp_check_release(struct og_otp_check_op *self, bool succeeded);

/* ---- redeem ---- */

/* A receipt that og_receipt_read let through. Write lane. Errors: OG_E_CONFLICT (redeemed). */
struct og_otp_redeem_op {
    struct og_otp_base base; /* ready and ctx are not used */
    struct og_receipt receipt;
};
enum og_code og_otp_redeem_apply(struct og_op *op, struct og_tx *tx);

/* ---- resend ---- */

struct og_otp_resend_op {
    struct og_otp_base base;
    struct og_str id;
    /* answered */
    struct og_verification out;
    /* inner */
    struct og_secret code;
    bool is_rotated;
    int64_t left_ms; /* of the code's life, at peeked_mono_ms */
    int64_t peeked_mono_ms;
    struct og_secret text;
    struct og_message message;
    bool has_cancelled;
    struct og_message cancelled;
    struct og_abuse_share share;
    struct og_abuse_case started; /* its subjects on all gateways, as the start knew them */
    struct og_abuse_case abuse;
    struct og_abuse_ticket ticket;
};
void og_otp_resend_prepare(struct og_otp_resend_op *self);
/* The same code with the same end; where the policy rotates, another one, and the one before dies.
 * Errors: OG_E_NOT_FOUND; OG_E_CONFLICT (no longer pending);
 * OG_E_LIMITED (too early, or no sends left: then until it expires). */
enum og_code og_otp_resend_apply(struct og_op *op, struct og_tx *tx);
void og_otp_resend_committed(struct og_op *op, struct og_tx *tx);
void og_otp_resend_release(struct og_otp_resend_op *self, bool succeeded);

/* ---- cancel ---- */

struct og_otp_cancel_op {
    struct og_otp_base base;
    struct og_str id;
    /* answered */
    struct og_verification out;
    /* inner */
    bool did_cancel; /* false: it was before */
    bool has_cancelled;
    struct og_message cancelled;
};
/* The code is unusable from here on, whatever the lane says. */
void og_otp_cancel_prepare(struct og_otp_cancel_op *self);
/* Cancelling twice is fine. Errors: OG_E_NOT_FOUND; OG_E_CONFLICT (closed otherwise). */
enum og_code og_otp_cancel_apply(struct og_op *op, struct og_tx *tx);
void og_otp_cancel_committed(struct og_op *op, struct og_tx *tx);

/* ---- read ---- */

enum og_otp_event_kind {
    OG_OTP_EVENT_ACCEPTED,
    OG_OTP_EVENT_RESENT,
    OG_OTP_EVENT_HANDED,
    OG_OTP_EVENT_SENT,
    OG_OTP_EVENT_DELIVERED,
    OG_OTP_EVENT_SEND_FAILED,
    OG_OTP_EVENT_CHECKED, /* and was not approved */
    OG_OTP_EVENT_APPROVED,
    OG_OTP_EVENT_FAILED,
    OG_OTP_EVENT_EXPIRED,
    OG_OTP_EVENT_CANCELED,
    OG_OTP_EVENT_KIND_COUNT
};
/* "accepted", ... Static storage. */
const char *og_otp_event_name(enum og_otp_event_kind kind);

struct og_otp_event {
    enum og_otp_event_kind kind;
    int64_t at;
    int send;             /* of events of a message: which, from 1; else 0 */
    struct og_str reason; /* of SEND_FAILED, "" */
};

struct og_otp_get_op {
    struct og_otp_base base; /* ready and ctx are not used */
    struct og_str id;
    /* answered */
    struct og_verification out;
    struct og_str undeliverable; /* why its last message was not sent; "" : it was, or may be */
    struct og_otp_event *events; /* by time */
    int event_count;
};
/* Read lane. The first 50 checks are told. Errors: OG_E_NOT_FOUND. */
enum og_code og_otp_get_apply(struct og_op *op, struct og_tx *tx);

/* ---- housekeeping ---- */

/* Mark what is over, forget old answers of idempotent requests, tidy the code store; a few hundred
 * rows at a time. Submitted by jobs/sweeper; call again soon while has_more. */
struct og_otp_expire_op {
    struct og_op op;
    struct og_services *svc;
    int64_t expired_count;
    bool has_more;
};
enum og_code og_otp_expire_apply(struct og_op *op, struct og_tx *tx);
void og_otp_expire_committed(struct og_op *op, struct og_tx *tx);

/* At start, before the lanes and before og_message_load: codes of a volatile store did not survive,
 * so what was pending is expired and its messages must not go out. */
OG_MUST_CHECK enum og_code og_otp_load(struct og_services *svc, struct og_db *db,
                                       int64_t now_ms, struct og_err *err);

/* Once, before threads. */
void og_otp_register_metrics(void);
