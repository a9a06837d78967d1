/*
 * Issue, refresh and revoke pairs of tokens. What is issued here are rows; api/auth/jose.h writes
 * and reads them as JWTs. Applies run in the write lane.
 *
 * Sources: wire/smsgate.md section 5, RFC 6749, RFC 7009.
 */
#pragma once

#include "lane/op.h"
#include "service/account/scope.h"
#include "service/services.h"
#include "store/token_store.h"

#define OG_TOKEN_ACCESS_MS INT64_C(900000)      /* 15 minutes, the peer's */
#define OG_TOKEN_REFRESH_MS INT64_C(2592000000) /* 30 days, the peer's */

/* Scopes are the caller's to choose from; the decoder has seen to it. */
struct og_token_issue_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str credential_id;
    uint32_t scopes;
    int64_t ttl_ms;         /* of the access token; 0 or more than OG_TOKEN_ACCESS_MS: that */
    bool with_refresh;
    struct og_token_pair pair; /* out */
};
enum og_code og_token_issue_apply(struct og_op *op, struct og_tx *tx);

/* A new pair with the same scopes for a refresh token, once. OG_E_UNAUTHORIZED. */
struct og_token_refresh_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str refresh_id;
    struct og_token_pair pair; /* out */
};
enum og_code og_token_refresh_apply(struct og_op *op, struct og_tx *tx);

/* The end of a pair of the account, named by either token. One that is unknown is no error.
 * committed: og_credentials_changed. */
struct og_token_revoke_op {
    struct og_op op;
    struct og_services *svc;
    struct og_str account_id;
    struct og_str jti; /* "" : nothing to do */
};
enum og_code og_token_revoke_apply(struct og_op *op, struct og_tx *tx);
