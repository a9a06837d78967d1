/*
 * Retention: delete what has been kept for as long as the policy says, in steps that each hold
 * the write lane for ten milliseconds at most. What is young, open, pending or locked stays, and so
 * do entries of the audit log that do not verify. What is deleted, and what is left of it:
 * docs/operations.md, "Retention".
 */
#pragma once

#include "lane/op.h"
#include "service/services.h"
#include "store/purge_store.h"

/* How long what is kept, in milliseconds. */
struct og_retention {
    int64_t text_ms;
    int64_t messages_ms; /* recipients and states */
    int64_t verifications_ms;
    int64_t failures_ms; /* a number's wrong codes; a lock outlives it */
    int64_t dead_webhooks_ms;
    int64_t sandbox_ms;
    int64_t audit_ms; /* rounded to whole days, UTC */
};

enum og_purge_class {
    OG_PURGED_TEXTS,
    OG_PURGED_MESSAGES,
    OG_PURGED_SANDBOX,
    OG_PURGED_BATCHES,
    OG_PURGED_VERIFICATIONS,
    OG_PURGED_CHECKS,
    OG_PURGED_FAILURES,
    OG_PURGED_DEAD_LETTERS,
    OG_PURGED_TOKENS,
    OG_PURGED_LOGIN_CODES,
    OG_PURGED_AUDIT,
    OG_PURGED_CLASSES
};

/* Where a round is; zeroed at its beginning. */
struct og_purge_place {
    int cls; /* enum og_purge_class */
    char account[OG_PURGE_ID_BYTES];
    char after[OG_PURGE_ID_BYTES];
    int64_t until_ms; /* of this class, from its first step on */
};

/*
 * One step of a round. When it went well, the next one starts at `next`, until is_over.
 * Submitted by jobs/purger.
 */
struct og_purge_op {
    struct og_op op;
    struct og_services *svc;
    const struct og_retention *retention;
    struct og_purge_place place;
    /* answered */
    struct og_purge_place next;
    int64_t count; /* rows removed, of class place.cls */
    bool is_over;
    bool is_audit_broken; /* an entry does not verify */
    /* inner */
    struct og_stint stint;
};
enum og_code og_purge_apply(struct og_op *op, struct og_tx *tx);
void og_purge_committed(struct og_op *op, struct og_tx *tx);

/* Once, before threads. */
void og_purge_register_metrics(void);
