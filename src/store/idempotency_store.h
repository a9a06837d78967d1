/*
 * Answers to requests that carried an Idempotency-Key, kept for a day so that a retry after a lost
 * answer gets it again and does nothing twice. Keys and requests are stored as keyed digests.
 */
#pragma once

#include "store/db.h"

#define OG_IDEMPOTENCY_MEMORY_MS (24 * 3600 * 1000LL)

struct og_idempotency {
    struct og_str account_id;
    struct og_str key_digest;
    struct og_str request_digest; /* of method, path and body */
    int status;
    struct og_str body;           /* of the answer; never holds a code */
    int64_t created_at;
};

/* One made after `since_ms`. Strings in `mem`. OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_idempotency_find(struct og_db *db, struct og_str account_id,
                                               struct og_str key_digest, int64_t since_ms,
                                               struct og_arena *mem, struct og_idempotency *out,
                                               struct og_err *err);
/* Takes the place of an older one of that key. */
OG_MUST_CHECK enum og_code og_idempotency_keep(struct og_db *db, const struct og_idempotency *row,
                                               struct og_err *err);
/* Forget up to `limit` that were made at or before `until_ms`. */
OG_MUST_CHECK enum og_code og_idempotency_purge(struct og_db *db, int64_t until_ms, int limit,
                                                int64_t *count_out, struct og_err *err);
