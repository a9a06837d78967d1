/*
 * Judged by the moment of the last round, not by the clock: after a sleep of the machine everything
 * is late, and nothing is left over.
 */
#include "service/timeline/watchdog.h"

#include "alert/board.h"
#include "base/log.h"
#include "base/metrics.h"
#include "core/webhook.h"
#include "service/message/priv.h"
#include "store/overdue_store.h"
#include "store/webhook_store.h"

#define STEP_ROWS 256
#define REASON "left over: ended by the watchdog"

enum { M_MESSAGES, M_VERIFICATIONS, M_EVENTS, METRICS };

#define ENDED "otpgate_watchdog_ended_total"
static struct og_metric metrics[METRICS] = {
    [M_MESSAGES] = {ENDED, "what=\"message\"", "What should have ended by itself and had not",
                    OG_METRIC_COUNTER},
    [M_VERIFICATIONS] = {ENDED, "what=\"verification\"", "", OG_METRIC_COUNTER},
    [M_EVENTS] = {ENDED, "what=\"event\"", "", OG_METRIC_COUNTER},
};

void
og_watchdog_register_metrics(void)
{
    og_metrics_register(metrics, METRICS);
}

/* As it should have been, recipients too; it may be that row that nobody can read. */
static enum og_code
end_readable(struct og_watchdog_op *self, struct og_tx *tx, const struct og_overdue_row *at)
{
    const struct og_key *seal = &self->svc->keys.seal;
    struct og_message m;
    struct og_err err;
    enum og_code code =
        og_message_find_record(tx->db, seal, at->account_id, at->id, self->mem, &m, &err);
    if (code != OG_OK) {
        return code;
    }
    const enum og_message_state from = m.record.state;
    const struct og_str reason = OG_STR(REASON);
    if (og_message_end_open(&m.record, OG_MESSAGE_FAILED, reason, m.handed_at != 0, tx->now_ms)) {
        m.reason = reason;
    }
    m.final_at = tx->now_ms;
    return og_message_save(tx->db, seal, &m, from, false, m.cls == OG_CLASS_OTP, &err);
}

static enum og_code
end_messages(struct og_watchdog_op *self, struct og_tx *tx)
{
    enum og_code code =
        og_overdue_messages(tx->db, self->swept_at_ms - OG_WATCHDOG_LATE_MS, STEP_ROWS, self->mem,
                            &self->messages, &self->message_count, &self->op.err);
    for (int i = 0; code == OG_OK && i < self->message_count; i++) {
        if (end_readable(self, tx, &self->messages[i]) != OG_OK) {
            code = og_overdue_message_end(tx->db, &self->messages[i], OG_STR(REASON), tx->now_ms,
                                          &self->op.err);
        }
    }
    return code;
}

static enum og_code
end_events(struct og_watchdog_op *self, struct og_tx *tx)
{
    const int64_t late_ms = OG_WEBHOOK_GIVE_UP_MS + OG_WATCHDOG_EVENT_LATE_MS;
    enum og_code code =
        og_overdue_events(tx->db, self->swept_at_ms - late_ms, STEP_ROWS, self->mem,
                          &self->events, &self->event_count, &self->op.err);
    for (int i = 0; code == OG_OK && i < self->event_count; i++) {
        code = og_hook_queue_failed(tx->db, self->events[i].id, tx->now_ms, OG_STR(REASON),
                                    tx->now_ms, &self->op.err);
    }
    return code;
}

enum og_code
og_watchdog_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_watchdog_op *self = (struct og_watchdog_op *)op;
    enum og_code code = end_messages(self, tx);
    if (code == OG_OK) {
        code = og_overdue_verifications_end(tx->db, self->swept_at_ms - OG_WATCHDOG_LATE_MS,
                                            STEP_ROWS, &self->verification_count, &op->err);
    }
    return code == OG_OK ? end_events(self, tx) : code;
}

static void
tell(const struct og_watchdog_op *self, int metric, const char *what, int64_t count)
{
    if (count == 0) {
        return;
    }
    og_metric_add(&metrics[metric], count);
    og_alert_raise(self->svc->alerts, OG_ALERT_WATCHDOG, og_str_from(what), count);
    og_log_error("service", "the watchdog ended what was left over", "what=%s count=%lld", what,
                 (long long)count);
}

void
og_watchdog_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_watchdog_op *self = (struct og_watchdog_op *)op;
    (void)tx;
    for (int i = 0; i < self->message_count; i++) {
        og_dispatch_remove(self->svc->lane.dispatch, self->messages[i].account_id,
                           self->messages[i].id);
    }
    tell(self, M_MESSAGES, "messages", self->message_count);
    tell(self, M_VERIFICATIONS, "verifications", self->verification_count);
    tell(self, M_EVENTS, "events", self->event_count);
}
