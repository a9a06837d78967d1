/*
 * Erase, or tell, all that is stored about a phone number, in steps: a caller repeats the call with
 * the place that the last one ended at.
 *
 * Erasing ends first what is live: codes are dropped, messages leave the queue and phones that have
 * one are told to cancel it. SIMs forget that they wrote to it, the audit log who its pseudonym was
 * (service/audit/audit.h); what the shield counts ends by itself (docs/security.md).
 */
#pragma once

#include "lane/op.h"
#include "service/services.h"
#include "store/subject_store.h"

/* Of a class that og_subject_scan knows; the one behind them is "counts". Static storage. */
const char *og_erase_class_name(int cls);

/* One step. Write lane. */
struct og_erase_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str number;          /* E.164 */
    struct og_subject_place place; /* cls 0 .. OG_SUBJECT_CLASSES; zeroed: the beginning */
    /* answered */
    struct og_subject_place next;
    int64_t looked, erased; /* rows of class place.cls */
    bool is_over;
    /* inner: rows of this step */
    struct og_subject_row *rows;
    int count;
    struct og_message *messages;
};
enum og_code og_erase_apply(struct og_op *op, struct og_tx *tx);
void og_erase_committed(struct og_op *op, struct og_tx *tx);
/* On an event loop, when it went well: drop the codes of this step's verifications. */
void og_erase_release(struct og_erase_op *self, struct og_loop *loop);

/* Classes of an export, behind those of og_subject_scan. */
enum { OG_EXPORT_COUNTS = OG_SUBJECT_CLASSES, OG_EXPORT_AUDIT, OG_EXPORT_CLASSES };
const char *og_export_class_name(int cls);

/* Before the first step: tell the audit log that somebody reads all of a number. Write lane. */
struct og_export_note_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str number; /* E.164 */
};
enum og_code og_export_note_apply(struct og_op *op, struct og_tx *tx);

/* One step. Read lane. */
struct og_export_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str number;
    bool is_first; /* the log is to be told */
    struct og_subject_place place; /* cls 0 .. OG_EXPORT_CLASSES - 1; of the audit log `id` is a number */
    /* answered */
    struct og_subject_place next;
    int64_t looked, found;
    bool is_over;
    struct og_str lines; /* what was found: JSON objects, each with a line end */
    /* inner */
    struct og_buf out;
    struct og_str subject; /* as it stands in entries of the audit log */
};
enum og_code og_export_apply(struct og_op *op, struct og_tx *tx);
