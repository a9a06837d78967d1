/*
 * The abuse shield (src/abuse) around the use cases: what is asked of it, what is kept for the time
 * after a restart, and what operators do with it.
 *
 * Three calls for each message: read (on the loop: what number is it, is the challenge solved?),
 * admit (in apply: the verdict, which also counts), sent (in apply, once the message has its phone:
 * the SIM's budget, and the row). Then keep in committed; what was not kept is given back by
 * og_abuse_batch_end. Without a shield (svc->shield NULL, or mode off) all of them do nothing.
 */
#pragma once

#include "abuse/challenge.h"
#include "service/otp/otp_service.h"
#include "store/abuse_store.h"

/* ---- starts ---- */

/* On the loop. Errors: OG_E_UNAVAILABLE (no numbering plans). */
OG_MUST_CHECK enum og_code og_abuse_read_start(struct og_otp_start_op *op, struct og_err *err);
/* Errors of all that admit or have sent: OG_E_LIMITED with a wait, OG_E_FORBIDDEN,
 * OG_E_UNPROCESSABLE "to"; err->reason is the rule's word. */
OG_MUST_CHECK enum og_code og_abuse_admit_start(struct og_otp_start_op *op, struct og_tx *tx);
OG_MUST_CHECK enum og_code og_abuse_sent_start(struct og_otp_start_op *op, struct og_tx *tx);

/* Is it a refusal of the shield that tells something of the recipient? (A challenge does not.) */
bool og_abuse_is_about_recipient(const struct og_err *err);

/* ---- resends ---- */

OG_MUST_CHECK enum og_code og_abuse_admit_resend(struct og_otp_resend_op *op, struct og_tx *tx);
OG_MUST_CHECK enum og_code og_abuse_sent_resend(struct og_otp_resend_op *op, struct og_tx *tx);

/* ---- messages ---- */

/* On the loop. As og_abuse_read_start. */
OG_MUST_CHECK enum og_code og_abuse_read_message(struct og_send_op *op, struct og_err *err);
OG_MUST_CHECK enum og_code og_abuse_admit_message(struct og_send_op *op, struct og_tx *tx);
OG_MUST_CHECK enum og_code og_abuse_sent_message(struct og_send_op *op, struct og_tx *tx);
/* Does it refuse messages that have their phone already? */
bool og_abuse_judges_sims(const struct og_services *svc);

/* ---- checks ---- */

/* After the verdict of a check (op->logged). */
OG_MUST_CHECK enum og_code og_abuse_checked(struct og_otp_check_op *op, struct og_tx *tx);

/* What was typed cannot be a code: counted for the user's address, as a message would be, until
 * a restart. */
void og_abuse_malformed(const struct og_otp_check_op *op, const struct og_tx *tx);

/* ---- life ---- */

void og_abuse_keep(struct og_services *svc, const struct og_abuse_ticket *ticket);
/* After each batch, on the write lane's thread. */
void og_abuse_batch_end(struct og_services *svc);
/* At start, before the lanes: the counts of the last day, and the stops. */
OG_MUST_CHECK enum og_code og_abuse_load(struct og_services *svc, struct og_db *db, int64_t now_ms,
                                         struct og_err *err);
/* Once, before threads. */
void og_abuse_register_metrics(void);

/* Write decisions, look at conversion, forget what is old. Submitted by jobs/sweeper; zeroed before
 * the first round, kept between rounds. */
struct og_abuse_round_op {
    struct og_op op;
    struct og_services *svc;
    /* inner */
    int64_t next_look_ms, next_purge_ms; /* monotonic */
    int decision_count;
    struct og_conversion_finding findings[16];
    struct og_stop stops[16];
    int finding_count;
};
enum og_code og_abuse_round_apply(struct og_op *op, struct og_tx *tx);
void og_abuse_round_committed(struct og_op *op, struct og_tx *tx);

/* ---- challenges ---- */

/* Touches no row: any lane. */
struct og_abuse_challenge_op {
    struct og_op op;
    struct og_services *svc;
    struct og_str account_id;
    /* answered */
    char challenge[OG_CHALLENGE_BYTES];
    int bits;
    int64_t expires_at;
};
enum og_code og_abuse_challenge_apply(struct og_op *op, struct og_tx *tx);

/* ---- for operators ---- */

/* The rules, with how many subjects each remembers. Write lane. */
struct og_abuse_rules_op {
    struct og_op op;
    struct og_services *svc;
    struct og_shield_usage usage; /* out */
};
enum og_code og_abuse_rules_apply(struct og_op *op, struct og_tx *tx);

/* Read lane. */
struct og_abuse_decisions_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_abuse_decision_filter filter;
    struct og_abuse_decision *items;
    int count;
};
enum og_code og_abuse_decisions_apply(struct og_op *op, struct og_tx *tx);

/* Read lane. */
struct og_abuse_stops_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id; /* "" : of all */
    struct og_abuse_stop *items;
    int count;
};
enum og_code og_abuse_stops_apply(struct og_op *op, struct og_tx *tx);

/* Stop a country by hand. OG_E_NOT_FOUND "account", OG_E_BUSY (too many stops). */
struct og_abuse_stop_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id; /* also by name; "" : for all */
    struct og_str country;    /* "DE" */
    int64_t for_ms;           /* 0: until it is released */
    struct og_stop stop;      /* out */
};
enum og_code og_abuse_stop_apply(struct og_op *op, struct og_tx *tx);
void og_abuse_stop_committed(struct og_op *op, struct og_tx *tx);

/* OG_E_NOT_FOUND. */
struct og_abuse_release_op {
    struct og_op op;
    struct og_services *svc;
    struct og_str account_id; /* "" : of whichever account */
    struct og_str id;
};
enum og_code og_abuse_release_apply(struct og_op *op, struct og_tx *tx);
void og_abuse_release_committed(struct og_op *op, struct og_tx *tx);

/* Forget what was counted for a subject. OG_E_NOT_FOUND "account". */
struct og_abuse_reset_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id; /* also by name; "" : the subject belongs to none */
    enum og_abuse_subject subject;
    struct og_str value; /* E.164 number, address, region, app; "" for an account or all */
    /* inner */
    uint64_t key, shared_key;
};
enum og_code og_abuse_reset_apply(struct og_op *op, struct og_tx *tx);
void og_abuse_reset_committed(struct og_op *op, struct og_tx *tx);
