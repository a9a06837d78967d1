/*
 * Deleting what has been kept for long enough, a few rows at a time. Each statement finds the old
 * by an index or by the time in the ids of a primary key, so that a call costs what it deletes,
 * whatever is stored, and ends early when its stint is over (but does something). All functions run
 * in the write lane.
 */
#pragma once

#include "base/clock.h"
#include "base/crypto.h"
#include "store/db.h"

/* Rows that carry a time of their own. */
enum og_purge_aged {
    OG_PURGE_CHECKS,       /* of unknown verifications, by when they were made */
    OG_PURGE_FAILURES,     /* of a recipient, by the last one */
    OG_PURGE_DEAD_LETTERS, /* webhook events given up, by when */
    OG_PURGE_TOKENS,       /* by their end, likewise: */
    OG_PURGE_LOGIN_CODES,
    OG_PURGE_AGED_COUNT
};
/* Delete about `limit` rows whose time is `until_ms` or before. *has_more_out: call again. */
OG_MUST_CHECK enum og_code og_purge_aged(struct og_db *db, enum og_purge_aged which,
                                         int64_t until_ms, int limit,
                                         const struct og_stint *stint, int64_t *count_out,
                                         bool *has_more_out, struct og_err *err);

/* Delete about `limit` verifications made before `until_ms` that are not pending, with their sends
 * and checks; where one has very many checks, some of those first. *has_more_out: call again. */
OG_MUST_CHECK enum og_code og_purge_verifications(struct og_db *db, int64_t until_ms, int limit,
                                                  const struct og_stint *stint,
                                                  int64_t *count_out, bool *has_more_out,
                                                  struct og_err *err);

/* Rows of one account, in the order of their ids. */
enum og_purge_owned {
    OG_PURGE_TEXTS,    /* of final messages: a digest stays */
    OG_PURGE_MESSAGES, /* final ones, with the id that the client chose */
    OG_PURGE_SANDBOX,
    OG_PURGE_OWNED_COUNT
};

#define OG_PURGE_ID_BYTES 40

struct og_purge_span {
    enum og_purge_owned which;
    struct og_str account_id;
    char after[OG_PURGE_ID_BYTES]; /* id; moves on with each call */
    int64_t until_ms;              /* made, or to be sent, at this time or before */
    int limit;                     /* rows to look at, about */
    const struct og_stint *stint;
};

/* One step through the span. *has_more_out: there may be more rows in it. */
OG_MUST_CHECK enum og_code og_purge_owned(struct og_db *db, struct og_purge_span *span,
                                          const struct og_key *seal, const struct og_key *text,
                                          int64_t *count_out, bool *has_more_out,
                                          struct og_err *err);

/* The account with the next id; *found_out false: `after` was the last. */
OG_MUST_CHECK enum og_code og_purge_next_account(struct og_db *db, const char *after,
                                                 char out[OG_PURGE_ID_BYTES], bool *found_out,
                                                 struct og_err *err);

/* Up to when all texts have been dealt with, 0 at first. */
OG_MUST_CHECK enum og_code og_purge_mark_get(struct og_db *db, int64_t *out, struct og_err *err);
OG_MUST_CHECK enum og_code og_purge_mark_set(struct og_db *db, int64_t at_ms, struct og_err *err);
