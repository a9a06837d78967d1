/*
 * Rows that tell of a phone number: finding them, whoever's they are, and deleting them. Numbers
 * are sealed in their rows, so finding means to open row after row in the order of their keys, a
 * bounded number per call (why no index of digests: docs/decisions/0015-erase-by-scan.md). What
 * removes runs in the write lane, what looks in any.
 */
#pragma once

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "store/db.h"

enum og_subject_class {
    OG_SUBJECT_VERIFICATIONS,
    OG_SUBJECT_BATCH_ROWS, /* before the messages that they become */
    OG_SUBJECT_MESSAGES,
    OG_SUBJECT_SANDBOX,
    OG_SUBJECT_INBOX,
    OG_SUBJECT_WEBHOOKS, /* events on their way or given up */
    OG_SUBJECT_CLASSES
};

/* "verifications", ...; static storage. */
const char *og_subject_class_name(enum og_subject_class cls);
/* Is a recipient as it is stored this number? Phones may tell it without the plus. */
bool og_subject_is_number(struct og_str stored, struct og_str number);

#define OG_SUBJECT_KEY_BYTES 64

/* Where a scan is: the keys of the last row that was looked at; zeroed at the beginning of a
 * class. */
struct og_subject_place {
    int cls; /* enum og_subject_class */
    char account[OG_SUBJECT_KEY_BYTES]; /* "" in classes whose key is the id alone */
    char id[OG_SUBJECT_KEY_BYTES];
};

struct og_subject_ask {
    struct og_str number; /* E.164 */
    struct og_str digest; /* its pseudonym in verifications, hex */
    const struct og_key *seal;
    int look_max;  /* rows to look at */
    int found_max; /* rows to find */
    const struct og_stint *stint; /* looking ends with it */
};

struct og_subject_row {
    struct og_str account_id;
    struct og_str id;
};

/* Put the place behind this row. */
void og_subject_go_behind(const struct og_subject_row *row, struct og_subject_place *place);

/* Go on from `place`, and move it. rows_out: found_max of them, in `mem`. *has_more_out false: the
 * class is at its end. */
OG_MUST_CHECK enum og_code og_subject_scan(struct og_db *db, const struct og_subject_ask *ask,
                                           struct og_subject_place *place, struct og_arena *mem,
                                           struct og_subject_row **rows_out, int *count_out,
                                           int *looked_out, bool *has_more_out,
                                           struct og_err *err);
/* Delete a row of this class with all that hangs on it. */
OG_MUST_CHECK enum og_code og_subject_remove(struct og_db *db, enum og_subject_class cls,
                                             const struct og_subject_row *row, struct og_err *err);
/* The failures that are counted for this digest, in every account. */
OG_MUST_CHECK enum og_code og_subject_remove_failures(struct og_db *db, struct og_str digest,
                                                      int64_t *count_out, struct og_err *err);
/* That a SIM wrote to the number with this digest (service/device/route_service.h). */
OG_MUST_CHECK enum og_code og_subject_remove_sims(struct og_db *db, uint64_t digest,
                                                  int64_t *count_out, struct og_err *err);

/*
 * Append what a row of this class and what hangs on it say, as one JSON object without a line end.
 * Codes and other people's numbers are left out. In any lane.
 */
OG_MUST_CHECK enum og_code og_subject_show(struct og_db *db, const struct og_subject_ask *ask,
                                           enum og_subject_class cls,
                                           const struct og_subject_row *row, struct og_buf *out,
                                           struct og_err *err);
/* The same for what digests lead to, in one object: failures of all accounts, and SIMs that
 * wrote to it. */
OG_MUST_CHECK enum og_code og_subject_show_counts(struct og_db *db,
                                                  const struct og_subject_ask *ask,
                                                  uint64_t sim_digest, struct og_buf *out,
                                                  struct og_err *err);
