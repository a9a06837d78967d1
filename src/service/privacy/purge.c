/*
 * One round goes through the classes of what is kept, class after class, account after account
 * where rows belong to one. A step that fails leaves the place where it was.
 */
#include "service/privacy/purge.h"

#include "alert/board.h"
#include "base/id.h"
#include "base/metrics.h"
#include "service/audit/purge.h"
#include "store/batch_store.h"

#define STEP_ROWS 500
#define STEP_MS 10 /* in the write lane, before the commit */
#define STEP_ENTRIES 200
#define DAY_MS INT64_C(86400000)

#define PURGED "otpgate_purged_rows_total"
static struct og_metric metrics[OG_PURGED_CLASSES] = {
    [OG_PURGED_TEXTS] = {PURGED, "class=\"texts\"", "Rows that retention has removed.",
                         OG_METRIC_COUNTER},
    [OG_PURGED_MESSAGES] = {PURGED, "class=\"messages\"", "", OG_METRIC_COUNTER},
    [OG_PURGED_SANDBOX] = {PURGED, "class=\"sandbox\"", "", OG_METRIC_COUNTER},
    [OG_PURGED_BATCHES] = {PURGED, "class=\"batches\"", "", OG_METRIC_COUNTER},
    [OG_PURGED_VERIFICATIONS] = {PURGED, "class=\"verifications\"", "", OG_METRIC_COUNTER},
    [OG_PURGED_CHECKS] = {PURGED, "class=\"checks\"", "", OG_METRIC_COUNTER},
    [OG_PURGED_FAILURES] = {PURGED, "class=\"failures\"", "", OG_METRIC_COUNTER},
    [OG_PURGED_DEAD_LETTERS] = {PURGED, "class=\"dead_webhooks\"", "", OG_METRIC_COUNTER},
    [OG_PURGED_TOKENS] = {PURGED, "class=\"tokens\"", "", OG_METRIC_COUNTER},
    [OG_PURGED_LOGIN_CODES] = {PURGED, "class=\"login_codes\"", "", OG_METRIC_COUNTER},
    [OG_PURGED_AUDIT] = {PURGED, "class=\"audit\"", "", OG_METRIC_COUNTER},
};

static const double step_bounds[] = {0.001, 0.002, 0.005, 0.010, 0.012, 0.015, 0.020, 0.050, 0.1, 1};
static struct og_metric step_took = {
    "otpgate_purge_step_seconds", "", "Time in which a step of retention held the write lane.",
    OG_METRIC_HISTOGRAM, step_bounds, sizeof step_bounds / sizeof step_bounds[0]};

void
og_purge_register_metrics(void)
{
    og_metrics_register(metrics, OG_PURGED_CLASSES);
    og_metrics_register(&step_took, 1);
}

static int64_t
kept_ms(const struct og_purge_op *self)
{
    const struct og_retention *kept = self->retention;
    const int64_t lock_ms = self->svc->otp.lock_ms;
    switch ((enum og_purge_class)self->place.cls) {
    case OG_PURGED_TEXTS:
        return kept->text_ms;
    case OG_PURGED_MESSAGES:
    case OG_PURGED_BATCHES:
        return kept->messages_ms;
    case OG_PURGED_SANDBOX:
        return kept->sandbox_ms;
    case OG_PURGED_VERIFICATIONS:
    case OG_PURGED_CHECKS:
        return kept->verifications_ms;
    case OG_PURGED_FAILURES: /* the last failure is the one that locked */
        return kept->failures_ms > lock_ms ? kept->failures_ms : lock_ms;
    case OG_PURGED_DEAD_LETTERS:
        return kept->dead_webhooks_ms;
    case OG_PURGED_AUDIT:
        return kept->audit_ms;
    case OG_PURGED_TOKENS:
    case OG_PURGED_LOGIN_CODES:
    case OG_PURGED_CLASSES:
        break;
    }
    return 0; /* their time is their end */
}

/* ---- rows that an account owns ---- */

/* Texts before the mark have been dealt with in an earlier round. */
static enum og_code
begin_account(struct og_purge_op *self, struct og_tx *tx, bool *found_out)
{
    int64_t mark_ms = 0;
    enum og_code code = og_purge_next_account(tx->db, self->place.account, self->next.account,
                                              found_out, &self->op.err);
    if (code == OG_OK && *found_out && self->place.cls == OG_PURGED_TEXTS) {
        code = og_purge_mark_get(tx->db, &mark_ms, &self->op.err);
    }
    self->next.after[0] = '\0';
    if (mark_ms > 0) {
        og_id_floor(mark_ms, self->next.after);
    }
    return code;
}

static enum og_code
end_class(struct og_purge_op *self, struct og_tx *tx)
{
    self->next = (struct og_purge_place){.cls = self->place.cls + 1};
    self->is_over = self->next.cls == OG_PURGED_CLASSES;
    return self->place.cls == OG_PURGED_TEXTS
               ? og_purge_mark_set(tx->db, self->place.until_ms, &self->op.err)
               : OG_OK;
}

/* An account whose rows are all seen leaves `after` empty: the next step goes on to another. */
static enum og_code
step_owned(struct og_purge_op *self, struct og_tx *tx, enum og_purge_owned which)
{
    bool found = true, has_more = false;
    const bool is_new = self->place.after[0] == '\0';
    enum og_code code = is_new ? begin_account(self, tx, &found) : OG_OK;
    if (code != OG_OK || !found) {
        return code == OG_OK ? end_class(self, tx) : code;
    }
    struct og_purge_span span = {
        .which = which,
        .account_id = og_str_from(self->next.account),
        .until_ms = self->next.until_ms,
        .limit = STEP_ROWS,
        .stint = &self->stint,
    };
    memcpy(span.after, self->next.after, sizeof span.after);
    code = og_purge_owned(tx->db, &span, &self->svc->keys.seal, &self->svc->keys.text,
                          &self->count, &has_more, &self->op.err);
    memcpy(self->next.after, span.after, sizeof span.after);
    if (!has_more) {
        self->next.after[0] = '\0';
    }
    return code;
}

/* ---- rows with a time of their own ---- */

static enum og_code
step_aged(struct og_purge_op *self, struct og_tx *tx, enum og_purge_aged which)
{
    bool has_more = false;
    enum og_code code = og_purge_aged(tx->db, which, self->place.until_ms, STEP_ROWS,
                                      &self->stint, &self->count, &has_more, &self->op.err);
    return code == OG_OK && !has_more ? end_class(self, tx) : code;
}

static enum og_code
step_verifications(struct og_purge_op *self, struct og_tx *tx)
{
    bool has_more = false;
    enum og_code code = og_purge_verifications(tx->db, self->place.until_ms, STEP_ROWS,
                                               &self->stint,
                                               &self->count, &has_more, &self->op.err);
    return code == OG_OK && !has_more ? end_class(self, tx) : code;
}

/* By whole days, so that a quiet gateway does not tell of it each half hour. */
static enum og_code
step_audit(struct og_purge_op *self, struct og_tx *tx)
{
    struct og_audit_purge purge = {.until_ms = self->place.until_ms - self->place.until_ms % DAY_MS,
                                   .limit = STEP_ENTRIES};
    enum og_code code = self->svc->lane.audit
                            ? og_audit_purge_step(self->svc, tx, &purge, &self->op.err)
                            : OG_OK;
    self->count = purge.count;
    self->is_audit_broken = purge.fault.seq != 0;
    return code == OG_OK && !purge.has_more ? end_class(self, tx) : code;
}

static enum og_code
step_batches(struct og_purge_op *self, struct og_tx *tx)
{
    bool has_more = false;
    enum og_code code = og_batch_purge(tx->db, self->place.until_ms, STEP_ROWS, &self->count,
                                       &has_more, &self->op.err);
    return code == OG_OK && !has_more ? end_class(self, tx) : code;
}

static enum og_code
step(struct og_purge_op *self, struct og_tx *tx)
{
    if (self->place.until_ms == 0) {
        self->place.until_ms = tx->now_ms - kept_ms(self);
    }
    self->next = self->place;
    self->stint = og_stint_begin(self->svc->clock, STEP_MS);
    switch ((enum og_purge_class)self->place.cls) {
    case OG_PURGED_TEXTS:
        return step_owned(self, tx, OG_PURGE_TEXTS);
    case OG_PURGED_MESSAGES:
        return step_owned(self, tx, OG_PURGE_MESSAGES);
    case OG_PURGED_SANDBOX:
        return step_owned(self, tx, OG_PURGE_SANDBOX);
    case OG_PURGED_BATCHES:
        return step_batches(self, tx);
    case OG_PURGED_VERIFICATIONS:
        return step_verifications(self, tx);
    case OG_PURGED_CHECKS:
        return step_aged(self, tx, OG_PURGE_CHECKS);
    case OG_PURGED_FAILURES:
        return step_aged(self, tx, OG_PURGE_FAILURES);
    case OG_PURGED_DEAD_LETTERS:
        return step_aged(self, tx, OG_PURGE_DEAD_LETTERS);
    case OG_PURGED_TOKENS:
        return step_aged(self, tx, OG_PURGE_TOKENS);
    case OG_PURGED_LOGIN_CODES:
        return step_aged(self, tx, OG_PURGE_LOGIN_CODES);
    case OG_PURGED_AUDIT:
    case OG_PURGED_CLASSES:
        break;
    }
    return step_audit(self, tx);
}

enum og_code
og_purge_apply(struct og_op *op, struct og_tx *tx)
{
    const int64_t began_us = og_mono_us();
    const enum og_code code = step((struct og_purge_op *)op, tx);
    og_metric_observe(&step_took, (double)(og_mono_us() - began_us) / 1e6);
    return code;
}

void
og_purge_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_purge_op *self = (struct og_purge_op *)op;
    (void)tx;
    og_metric_add(&metrics[self->place.cls], self->count);
    if (self->place.cls == OG_PURGED_AUDIT) {
        og_alert_set(self->svc->alerts, OG_ALERT_AUDIT_BROKEN, OG_STR(""), self->is_audit_broken);
    }
}
