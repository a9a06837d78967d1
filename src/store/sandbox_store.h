/*
 * The inbox of accounts that are tried out, as rows: the newest messages of each, text and number
 * sealed. All functions run in a lane with its connection; strings are in the arena given.
 */
#pragma once

#include "base/crypto.h"
#include "store/db.h"

#define OG_SANDBOX_MESSAGES_MAX 100 /* of one account; older ones go */

struct og_sandbox_message {
    struct og_str id;
    struct og_str verification_id; /* "" : not of one */
    struct og_str recipient;       /* as it would have been given to the phone */
    struct og_str text;
    int64_t at;                    /* UTC ms */
};

OG_MUST_CHECK enum og_code og_sandbox_insert(struct og_db *db, const struct og_key *seal,
                                             struct og_str account_id,
                                             const struct og_sandbox_message *message,
                                             struct og_err *err);
/* Those behind `after` ("" : all), oldest first. */
OG_MUST_CHECK enum og_code og_sandbox_list(struct og_db *db, const struct og_key *seal,
                                           struct og_str account_id, struct og_str after,
                                           struct og_arena *mem,
                                           struct og_sandbox_message **items_out, int *count_out,
                                           struct og_err *err);
