/*
 * Rows of the audit log: entries, the head of the chain, pseudonyms of numbers. What an entry says
 * and how it is hashed is audit/'s business.
 */
#pragma once

#include "store/db.h"

struct og_audit_row {
    int64_t seq;
    struct og_str hash; /* 32 bytes */
    struct og_str line;
};

struct og_audit_head {
    int64_t size; /* 0: there is no entry yet */
    struct og_str last, peaks;
};

/* What retention has removed: the chain up to there, and the note that says so. */
struct og_audit_start_row {
    struct og_audit_head chain; /* size 0: nothing */
    struct og_str note;
};

/* OG_E_CONFLICT when the number is taken. */
OG_MUST_CHECK enum og_code og_audit_insert(struct og_db *db, const struct og_audit_row *row,
                                           struct og_err *err);
OG_MUST_CHECK enum og_code og_audit_head_save(struct og_db *db, const struct og_audit_head *head,
                                              struct og_err *err);
/* All zeros when the log is new. Strings in `mem`. */
OG_MUST_CHECK enum og_code og_audit_head_read(struct og_db *db, struct og_arena *mem,
                                              struct og_audit_head *out, struct og_err *err);

/* All zeros when nothing was removed. Strings in `mem`. */
OG_MUST_CHECK enum og_code og_audit_start_read(struct og_db *db, struct og_arena *mem,
                                               struct og_audit_start_row *out,
                                               struct og_err *err);
/* Remove the entries up to start->chain.size, and say so. */
OG_MUST_CHECK enum og_code og_audit_start_move(struct og_db *db,
                                               const struct og_audit_start_row *start,
                                               struct og_err *err);

/*
 * Entries after `seq`, by number, at most `limit`: fn is called with each until it returns false.
 * The row's strings are borrowed for the call.
 */
OG_MUST_CHECK enum og_code og_audit_each(struct og_db *db, int64_t after_seq, int64_t limit,
                                         bool (*fn)(void *ctx, const struct og_audit_row *row),
                                         void *ctx, struct og_err *err);
/* The same backwards, from the entry before `seq`. */
OG_MUST_CHECK enum og_code og_audit_each_back(struct og_db *db, int64_t before_seq, int64_t limit,
                                              bool (*fn)(void *ctx, const struct og_audit_row *row),
                                              void *ctx, struct og_err *err);

/* The pseudonym of a number's digest. OG_E_NOT_FOUND when it has none. */
OG_MUST_CHECK enum og_code og_audit_subject_find(struct og_db *db, struct og_str digest,
                                                 struct og_arena *mem, struct og_str *out,
                                                 struct og_err *err);
OG_MUST_CHECK enum og_code og_audit_subject_insert(struct og_db *db, struct og_str digest,
                                                   struct og_str subject, struct og_err *err);
/* *found_out: there was one. */
OG_MUST_CHECK enum og_code og_audit_subject_remove(struct og_db *db, struct og_str digest,
                                                   bool *found_out, struct og_err *err);
