/*
 * Reading the audit log for operators.
 */
#pragma once

#include "audit/entry.h"
#include "lane/op.h"
#include "service/services.h"

/* Newest first. Read lane. */
struct og_audit_list_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    int64_t before;           /* entries with smaller numbers */
    int64_t limit;
    struct og_str account_id; /* "" : any */
    struct og_str kind;       /* "" : any; "otp.check" also finds otp.check.wrong */
    struct og_str object;     /* "" : any */
    /* answered */
    struct og_str *lines; /* entries as they are stored */
    int count;
    int64_t next; /* go on before this one; 0: there are no more */
    /* inner */
    int64_t looked_at;
    struct og_arena scratch; /* of one entry */
};
enum og_code og_audit_list_apply(struct og_op *op, struct og_tx *tx);

#define OG_AUDIT_SPAN_MAX 1000

/* An account's entries of a span of time, the oldest first; of too many the newest. Read lane. */
struct og_audit_span_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    int64_t from_ms, to_ms; /* [from, to); to_ms 0: open */
    /* answered */
    struct og_audit_entry *items;
    int count;
    /* inner */
    int64_t looked_at;
    struct og_arena scratch; /* of one entry */
};
enum og_code og_audit_span_apply(struct og_op *op, struct og_tx *tx);
