/*
 * Class after class, each row as a line. Rows are only read, so that no send waits for an export;
 * the audit log is told before the first step.
 */
#include <stdio.h>

#include "core/phone_number.h"
#include "service/audit/audit.h"
#include "service/device/route_service.h"
#include "service/otp/priv.h"
#include "service/privacy/privacy.h"
#include "store/audit_store.h"

#define LOOK_MAX 20000
#define STEP_MS 200 /* readers hold nobody up */
#define FOUND_MAX 10
#define LINES_BYTES_MAX (24 * 1024 * 1024)

const char *
og_export_class_name(int cls)
{
    return cls == OG_EXPORT_AUDIT ? "audit" : og_erase_class_name(cls);
}

enum og_code
og_export_note_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_export_note_op *self = (struct og_export_note_op *)op;
    char masked[OG_PHONE_MASK_BYTES];
    (void)tx;
    og_phone_mask(self->number, masked);
    og_audit_add(self->svc, &(struct og_audit_event){
                                .kind = OG_AUDIT_PRIVACY_EXPORT,
                                .subject = og_otp_digest(self->svc, self->number, self->mem),
                                .masked = og_str_from(masked),
                            });
    return OG_OK;
}

/* ---- rows ---- */

static enum og_code
scan_step(struct og_export_op *self, struct og_tx *tx, const struct og_subject_ask *ask)
{
    struct og_subject_row *rows = NULL;
    const enum og_subject_class cls = (enum og_subject_class)self->place.cls;
    int count = 0, looked = 0;
    bool has_more = false;
    enum og_code code = og_subject_scan(tx->db, ask, &self->next, self->mem, &rows, &count,
                                        &looked, &has_more, &self->op.err);
    for (int i = 0; code == OG_OK && i < count; i++) {
        code = og_subject_show(tx->db, ask, cls, &rows[i], &self->out, &self->op.err);
        og_buf_add_byte(&self->out, '\n');
    }
    self->looked = looked;
    self->found = count;
    if (!has_more) {
        self->next = (struct og_subject_place){.cls = self->place.cls + 1};
    }
    return code;
}

static enum og_code
counts_step(struct og_export_op *self, struct og_tx *tx, const struct og_subject_ask *ask)
{
    enum og_code code = og_subject_show_counts(
        tx->db, ask, og_route_digest(self->svc, self->number), &self->out, &self->op.err);
    og_buf_add_byte(&self->out, '\n');
    self->found = 1;
    self->next = (struct og_subject_place){.cls = OG_EXPORT_AUDIT};
    return code;
}

/* ---- entries of the audit log ---- */

static bool
take_entry(void *ctx, const struct og_audit_row *row)
{
    struct og_export_op *self = ctx;
    self->looked++;
    snprintf(self->next.id, sizeof self->next.id, "%lld", (long long)row->seq);
    if (row->line.len && memmem(row->line.ptr, row->line.len, self->subject.ptr,
                                self->subject.len)) {
        self->found++;
        og_buf_add_cstr(&self->out, "{\"class\":\"audit\",\"entry\":");
        og_buf_add(&self->out, row->line);
        og_buf_add_cstr(&self->out, "}\n");
    }
    return self->found < FOUND_MAX;
}

/* A quote within a text is escaped, so the member can stand nowhere else in a line. */
static enum og_code
audit_step(struct og_export_op *self, struct og_tx *tx, const struct og_subject_ask *ask)
{
    struct og_str subject;
    int64_t after = 0;
    enum og_code code =
        og_audit_subject_find(tx->db, ask->digest, self->mem, &subject, &self->op.err);
    self->is_over = code == OG_E_NOT_FOUND; /* the log does not know it */
    if (code != OG_OK) {
        return code == OG_E_NOT_FOUND ? OG_OK : code;
    }
    self->subject =
        og_str_printf(self->mem, "\"subject\":\"%" OG_STR_FMT "\"", OG_STR_ARG(subject));
    (void)!og_str_to_i64(og_str_from(self->place.id), &after);
    code = og_audit_each(tx->db, after, LOOK_MAX, take_entry, self, &self->op.err);
    self->is_over = self->looked < LOOK_MAX && self->found < FOUND_MAX;
    return code;
}

enum og_code
og_export_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_export_op *self = (struct og_export_op *)op;
    const struct og_stint stint = og_stint_begin(self->svc->clock, STEP_MS);
    const struct og_subject_ask ask = {
        .number = self->number,
        .digest = og_otp_digest(self->svc, self->number, self->mem),
        .seal = &self->svc->keys.seal,
        .look_max = LOOK_MAX,
        .found_max = FOUND_MAX,
        .stint = &stint,
    };
    enum og_code code;
    self->next = self->place;
    og_buf_init(&self->out, LINES_BYTES_MAX);
    if (self->place.cls < OG_SUBJECT_CLASSES) {
        code = scan_step(self, tx, &ask);
    } else if (self->place.cls == OG_EXPORT_COUNTS) {
        code = counts_step(self, tx, &ask);
    } else {
        code = audit_step(self, tx, &ask);
    }
    if (code == OG_OK && self->out.full) {
        code = og_fail(&self->op.err, OG_E_INTERNAL, "", "these rows are too long for an answer");
    }
    self->lines = og_str_dup(self->mem, og_buf_str(&self->out));
    og_buf_finish(&self->out);
    return code;
}
