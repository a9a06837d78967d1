/*
 * Retention of the audit log: the oldest entries go, and what is left still verifies. The chain up
 * to the last one removed is kept, signed as the new start, and the log itself says what was done
 * (docs/audit.md, "Retention").
 */
#pragma once

#include "audit/verify.h"
#include "service/audit/audit.h"

struct og_audit_purge {
    int64_t until_ms; /* entries made before this go */
    int limit;        /* entries to look at */
    /* answered */
    int64_t count;    /* that were removed */
    bool has_more;    /* there may be more of them */
    struct og_audit_fault fault; /* seq 0: none */
};

/*
 * One step, in an apply of the write lane. Each entry is verified before it goes: what does not
 * verify stays, as it may be evidence, and the log gets the entry audit.verify_failed.
 */
OG_MUST_CHECK enum og_code og_audit_purge_step(const struct og_services *svc, struct og_tx *tx,
                                               struct og_audit_purge *self, struct og_err *err);
