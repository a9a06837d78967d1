/*
 * Issued pairs of tokens, as rows: an access token, mostly with a refresh token. All functions run
 * in a lane with its connection; structs filled here have their strings in the arena given.
 */
#pragma once

#include "store/db.h"

struct og_token_pair {
    struct og_str id;            /* jti of the access token */
    struct og_str refresh_id;    /* jti of the refresh token, "" : none */
    struct og_str account_id;
    struct og_str credential_id; /* that it was issued to */
    struct og_str scopes;        /* names, as in service/account/scope.h */
    int64_t created_at;
    int64_t access_ends_at;
    int64_t ends_at;             /* of the longer living token */
};

OG_MUST_CHECK enum og_code og_token_insert(struct og_db *db, const struct og_token_pair *pair,
                                           struct og_err *err);
/*
 * The pair of which `jti` is a token that works: not revoked, not over, not a refresh token that
 * was used, of a credential that works. OG_E_NOT_FOUND.
 */
OG_MUST_CHECK enum og_code og_token_find(struct og_db *db, struct og_str jti, int64_t now_ms,
                                         struct og_arena *mem, struct og_token_pair *out,
                                         struct og_err *err);
/* Use up a refresh token. *done_out false: it was used or revoked before. */
OG_MUST_CHECK enum og_code og_token_spend(struct og_db *db, struct og_str refresh_id,
                                          int64_t now_ms, bool *done_out, struct og_err *err);
/* End the pair to which `jti` belongs, if it is the account's. *count_out: pairs that ended. */
OG_MUST_CHECK enum og_code og_token_revoke(struct og_db *db, struct og_str account_id,
                                           struct og_str jti, int64_t now_ms, int64_t *count_out,
                                           struct og_err *err);
/* End all pairs of an account. */
OG_MUST_CHECK enum og_code og_token_revoke_all(struct og_db *db, struct og_str account_id,
                                               int64_t now_ms, struct og_err *err);
/* Delete some of those whose time is over: a few per call, so that no call is long. */
OG_MUST_CHECK enum og_code og_token_prune(struct og_db *db, int64_t now_ms, struct og_err *err);
