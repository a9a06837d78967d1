/*
 * Verifications, their sends and checks, and the failures per recipient, as rows. All functions
 * run in a lane with its connection; structs filled here have their strings in the arena given. No
 * row holds a code.
 */
#pragma once

#include "base/crypto.h"
#include "store/db.h"

/* What a row holds; the numbers are in the database. */
enum og_verification_state {
    OG_VERIFICATION_PENDING,
    OG_VERIFICATION_APPROVED,
    OG_VERIFICATION_FAILED,   /* too many wrong checks */
    OG_VERIFICATION_EXPIRED,
    OG_VERIFICATION_CANCELED,
    OG_VERIFICATION_STATE_COUNT
};

/* "pending", ... Static storage. */
const char *og_verification_state_name(enum og_verification_state state);

/* Whether and where its code goes; the numbers are in the database. */
enum og_verification_mode {
    OG_MODE_LIVE,
    OG_MODE_SANDBOX, /* to the account's inbox */
    OG_MODE_TEST,    /* a test number: a fixed code, which is not sent */
    OG_MODE_DECOY,   /* looks like any other, is not sent, and is never approved */
    OG_MODE_COUNT
};

/* Times are UTC ms, 0 when it has not happened. */
struct og_verification {
    struct og_str id;
    struct og_str account_id;
    struct og_str credential_id;    /* that started it */
    struct og_str recipient_digest; /* keyed pseudonym */
    struct og_str recipient;        /* E.164; sealed in the row */
    struct og_str masked;           /* for people */
    struct og_str purpose;
    struct og_str client_app;       /* by name, "" : none */
    struct og_str template;         /* by name, "" : the client app's, or our own sentences */
    struct og_str app_hash;         /* "" : the client app's, or none */
    struct og_str locale;           /* "" : not said */
    struct og_str brand;            /* "" : not said */
    struct og_str context_digest;   /* core/otp_context.h, "" : none */
    struct og_str amount, payee;    /* of a payment, "" ; sealed in the row */
    struct og_str message_id;       /* of the last send */
    enum og_verification_state state;
    enum og_verification_mode mode;
    int code_length;
    int attempts;                   /* wrong checks that it allows in all */
    int send_count;
    int check_count;                /* wrong checks so far, at most `attempts` */
    int64_t created_at;
    int64_t expires_at;
    int64_t resend_at;
    int64_t closed_at;
};

/* The state as of now: a pending one past its time is expired, also before the sweep was there. */
enum og_verification_state og_verification_state_at(const struct og_verification *v,
                                                    int64_t now_ms);

/* seal: the key of the recipient's column. Errors: OG_E_CONFLICT when (account, recipient, purpose)
 * has a pending one. */
OG_MUST_CHECK enum og_code og_verification_insert(struct og_db *db, const struct og_key *seal,
                                                  const struct og_verification *v,
                                                  struct og_err *err);
/* Within the account. seal NULL: leave `recipient`, `amount` and `payee` empty. OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_verification_find(struct og_db *db, const struct og_key *seal,
                                                struct og_str account_id, struct og_str id,
                                                struct og_arena *mem, struct og_verification *out,
                                                struct og_err *err);
/* The pending one of (account, recipient, purpose), also past its time, without `recipient`.
 * OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_verification_find_active(struct og_db *db, struct og_str account_id,
                                                       struct og_str recipient_digest,
                                                       struct og_str purpose, struct og_arena *mem,
                                                       struct og_verification *out,
                                                       struct og_err *err);
/* From pending to `state`. *won_out: this call did it. */
OG_MUST_CHECK enum og_code og_verification_close(struct og_db *db, struct og_str id,
                                                 enum og_verification_state state, int64_t now_ms,
                                                 bool *won_out, struct og_err *err);
/* Mark an approved one's receipt as redeemed, once. *won_out: this call did it. */
OG_MUST_CHECK enum og_code og_verification_redeem(struct og_db *db, struct og_str account_id,
                                                  struct og_str id, int64_t now_ms, bool *won_out,
                                                  struct og_err *err);
/* Count a wrong check. *counted_out false: it has had all that it allows. */
OG_MUST_CHECK enum og_code og_verification_count_check(struct og_db *db, struct og_str id,
                                                       bool *counted_out, struct og_err *err);
/* One more send, if it is pending and has had `sends` so far. *won_out: this call did it. */
OG_MUST_CHECK enum og_code og_verification_resent(struct og_db *db, struct og_str id, int sends,
                                                  struct og_str message_id, int64_t resend_at,
                                                  bool *won_out, struct og_err *err);
/* Expire up to `limit` whose time was over at `before_ms`. */
OG_MUST_CHECK enum og_code og_verification_expire_due(struct og_db *db, int64_t before_ms,
                                                      int limit, int64_t *count_out,
                                                      struct og_err *err);
/* Every pending one is expired (their codes are gone), and what was not handed of their messages is
 * due at once. Before the lanes start. */
OG_MUST_CHECK enum og_code og_verification_expire_all(struct og_db *db, int64_t now_ms,
                                                      int64_t *count_out, struct og_err *err);

OG_MUST_CHECK enum og_code og_otp_send_insert(struct og_db *db, struct og_str verification_id,
                                              int n, struct og_str message_id, int64_t at_ms,
                                              struct og_err *err);

/* How a send went, from its message. */
struct og_otp_send {
    int n;
    struct og_str message_id; /* "" : of a decoy */
    int64_t at, handed_at, sent_at, delivered_at, failed_at;
    struct og_str reason; /* why it failed, "" */
};
OG_MUST_CHECK enum og_code og_otp_sends(struct og_db *db, struct og_str account_id,
                                        struct og_str verification_id, struct og_arena *mem,
                                        struct og_otp_send **items_out, int *count_out,
                                        struct og_err *err);

/* What came of a check; the numbers are in the database. */
enum og_check_verdict {
    OG_CHECK_UNKNOWN,  /* no such verification in this account */
    OG_CHECK_WRONG,
    OG_CHECK_APPROVED,
    OG_CHECK_LATE,     /* its time was over */
    OG_CHECK_CLOSED,   /* already approved, failed or canceled */
    OG_CHECK_NO_CODE,  /* pending, but the store had no code: another check is about to close it */
    OG_CHECK_CONTEXT,  /* wrong, and of another purpose or context than the code */
    OG_CHECK_VERDICTS
};

struct og_otp_check {
    struct og_str verification_id; /* as asked for */
    struct og_str account_id;      /* of who asked */
    enum og_check_verdict verdict;
    int64_t at;
};
OG_MUST_CHECK enum og_code og_otp_check_insert(struct og_db *db, const struct og_otp_check *check,
                                               struct og_err *err);
/* The first `limit` of this account's checks, oldest first; verdict and time only. */
OG_MUST_CHECK enum og_code og_otp_checks(struct og_db *db, struct og_str account_id,
                                         struct og_str verification_id, int limit,
                                         struct og_arena *mem, struct og_otp_check **items_out,
                                         int *count_out, struct og_err *err);

/* Whom failures are counted for. */
struct og_otp_target {
    struct og_str account_id;
    struct og_str recipient_digest;
    struct og_str purpose;
};

/* One more consecutive failure; *count_out with it. */
OG_MUST_CHECK enum og_code og_otp_failure_add(struct og_db *db, const struct og_otp_target *target,
                                              int64_t now_ms, int64_t *count_out,
                                              struct og_err *err);
OG_MUST_CHECK enum og_code og_otp_failure_lock(struct og_db *db, const struct og_otp_target *target,
                                               int64_t now_ms, struct og_err *err);
/* When it was last locked, 0: never. */
OG_MUST_CHECK enum og_code og_otp_failure_locked_at(struct og_db *db,
                                                    const struct og_otp_target *target,
                                                    int64_t *out, struct og_err *err);
OG_MUST_CHECK enum og_code og_otp_failure_clear(struct og_db *db,
                                                const struct og_otp_target *target,
                                                struct og_err *err);
