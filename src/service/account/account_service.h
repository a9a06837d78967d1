/*
 * Accounts and their credentials: make, list, change, revoke. Applies run in lanes.
 *
 * Whatever makes a secret gives it once, in an og_secret that the encoder wipes. A password is
 * hashed in the slow lane first (og_password_op), then stored in the write lane.
 */
#pragma once

#include "lane/op.h"
#include "service/account/scope.h"
#include "service/account/token.h"
#include "service/services.h"
#include "store/account_store.h"
#include "store/device_store.h"

/* Slow lane: draw a password (when `password` is empty) and hash it. */
struct og_password_op {
    struct og_op op;
    struct og_services *svc;
    struct og_secret password;
    char hash[OG_PASSWORD_HASH_BYTES];
};
enum og_code og_password_apply(struct og_op *op, struct og_tx *tx);

/* Slow lane: is `current` the account's password? Then hash the new one. OG_E_UNAUTHORIZED. */
struct og_password_change_op {
    struct og_password_op fresh; /* first: it is the operation; password filled by the caller */
    struct og_arena *mem;
    struct og_str account_id;
    struct og_secret current;
};
enum og_code og_password_change_apply(struct og_op *op, struct og_tx *tx);

/* A new account with its Basic credential. OG_E_CONFLICT "name", OG_E_INVALID "name". */
struct og_account_make_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_account account; /* in: name, brand, custom_code; out: all */
    const struct og_password_op *password; /* done before, in the slow lane */
};
enum og_code og_account_make_apply(struct og_op *op, struct og_tx *tx);
void og_account_make_committed(struct og_op *op, struct og_tx *tx);

/* All accounts, or one (account_id, also by name). Read lane. OG_E_NOT_FOUND for one. */
struct og_account_list_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id; /* "" : all */
    struct og_account *items;
    int count;
};
enum og_code og_account_list_apply(struct og_op *op, struct og_tx *tx);

/* Brand, custom codes, disabled. The streams of a disabled account's phones end. OG_E_NOT_FOUND,
 * OG_E_UNPROCESSABLE "brand". */
struct og_account_change_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_account_change change;
    struct og_account account; /* out */
    /* inner */
    struct og_device *phones;
    int phone_count;
};
enum og_code og_account_change_apply(struct og_op *op, struct og_tx *tx);
void og_account_change_committed(struct og_op *op, struct og_tx *tx);

/* As og_device_list_op, after finding the account by id or name ("" : all). OG_E_NOT_FOUND. */
enum og_code og_account_devices_apply(struct og_op *op, struct og_tx *tx);

/* Another password; the old one and all tokens stop at once. OG_E_NOT_FOUND. */
struct og_rotate_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    const struct og_password_op *password; /* done before, in the slow lane */
    struct og_account account; /* out */
};
enum og_code og_rotate_apply(struct og_op *op, struct og_tx *tx);

/* A new API key. OG_E_NOT_FOUND, OG_E_UNPROCESSABLE "label", "expires_at". */
struct og_key_make_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    uint32_t scopes;
    struct og_credential credential; /* in: label, expires_at; out: all */
    struct og_secret key;            /* out */
};
enum og_code og_key_make_apply(struct og_op *op, struct og_tx *tx);

struct og_key_list_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_credential *items;
    int count;
};
enum og_code og_key_list_apply(struct og_op *op, struct og_tx *tx);

/* OG_E_NOT_FOUND when there is no such key that still works. */
struct og_key_revoke_op {
    struct og_op op;
    struct og_services *svc;
    struct og_str account_id; /* "" : of whichever account */
    struct og_str key_id;
};
enum og_code og_key_revoke_apply(struct og_op *op, struct og_tx *tx);

/* The token with which phones join the account; made when there is none, or on `rotate`. */
struct og_pairing_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    bool rotate;
    struct og_account account; /* out */
    struct og_secret token;    /* out */
};
enum og_code og_pairing_apply(struct og_op *op, struct og_tx *tx);
void og_pairing_committed(struct og_op *op, struct og_tx *tx);

#define OG_LOGIN_CODE_TTL_MS 60000
#define OG_LOGIN_CODES_MAX 10 /* that work at a time, per account */

/* A one-time code for a phone to join with. OG_E_LIMITED when too many are out. */
struct og_login_code_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_secret code; /* out */
    int64_t valid_until;   /* out */
};
enum og_code og_login_code_apply(struct og_op *op, struct og_tx *tx);

/* After the commit of anything here that takes rights away: what the gate remembers is looked at
 * afresh. */
void og_credentials_changed(struct og_op *op, struct og_tx *tx);

/*
 * The operator's credential, at start, on the write connection before the lanes run. Makes one
 * when there is none (or on `renew`, which ends the old one), and writes it to `file` with mode
 * 0600 before it commits.
 * made_out   true: `token_out` holds it, to be shown once
 */
OG_MUST_CHECK enum og_code og_operator_ensure(struct og_services *svc, struct og_db *db,
                                              int64_t now_ms, const char *file, bool renew,
                                              bool *made_out, struct og_secret *token_out,
                                              struct og_err *err);
