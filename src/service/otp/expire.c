/*
 * Housekeeping of verifications, in steps of bounded size, and what the operator sees of them.
 */
#include <stdio.h>

#include "base/log.h"
#include "service/audit/tell.h"
#include "service/otp/priv.h"
#include "store/idempotency_store.h"

#define STEP_ROWS 500
/* A right code of the last moment may still be on its way to its row when the time is over.
 * Readers see "expired" at once; the row follows. */
#define GRACE_MS 5000

static void
tell_expired(const struct og_services *svc, int64_t count, const char *reason)
{
    char detail[32];
    if (count > 0) {
        snprintf(detail, sizeof detail, "count=%lld", (long long)count);
        og_audit_add(svc, &(struct og_audit_event){.kind = OG_AUDIT_OTP_EXPIRED,
                                                   .reason = og_str_from(reason),
                                                   .detail = og_str_from(detail)});
    }
}

enum og_code
og_otp_expire_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_otp_expire_op *self = (struct og_otp_expire_op *)op;
    int64_t forgotten = 0;
    enum og_code code = og_verification_expire_due(tx->db, tx->now_ms - GRACE_MS, STEP_ROWS,
                                                   &self->expired_count, &op->err);
    tell_expired(self->svc, self->expired_count, "time");
    if (code == OG_OK) {
        code = og_idempotency_purge(tx->db, tx->now_ms - OG_IDEMPOTENCY_MEMORY_MS, STEP_ROWS,
                                    &forgotten, &op->err);
    }
    self->has_more = self->expired_count == STEP_ROWS || forgotten == STEP_ROWS;
    return code;
}

void
og_otp_expire_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_otp_expire_op *self = (struct og_otp_expire_op *)op;
    struct og_code_store *codes = self->svc->codes;
    og_metric_add(&og_otp_metrics[OG_OTP_M_EXPIRED], self->expired_count);
    if (codes->sweep) {
        codes->sweep(codes);
    }
    const bool is_down =
        codes->health && codes->health(codes).level == OG_CODE_HEALTH_DOWN;
    og_metric_set(&og_otp_metrics[OG_OTP_M_STORE_UP], !is_down);
    if (codes->usage) {
        const struct og_code_usage usage = codes->usage(codes);
        og_metric_set(&og_otp_metrics[OG_OTP_M_CODES], usage.entries);
        og_metric_set(&og_otp_metrics[OG_OTP_M_CODE_BYTES], usage.bytes);
    }
}

enum og_code
og_otp_load(struct og_services *svc, struct og_db *db, int64_t now_ms, struct og_err *err)
{
    int64_t count = 0;
    if (!svc->codes->is_volatile) {
        return OG_OK;
    }
    enum og_code code = og_db_begin(db, true, err);
    if (code != OG_OK) {
        return code;
    }
    code = og_verification_expire_all(db, now_ms, &count, err);
    if (code == OG_OK) {
        code = og_db_commit(db, err);
    }
    if (code != OG_OK) {
        og_db_rollback(db);
        return code;
    }
    tell_expired(svc, count, "restart");
    if (count > 0) {
        og_log_info("service", "codes did not survive the restart: verifications expired",
                    "count=%lld", (long long)count);
    }
    return OG_OK;
}

#define STARTS "otpgate_otp_starts_total"
#define STARTS_HELP "Verifications asked for, by what came of it."
#define CHECKS "otpgate_otp_checks_total"
#define CHECKS_HELP "Codes checked, by verdict."

struct og_metric og_otp_metrics[OG_OTP_METRICS] = {
    [OG_OTP_M_START_NEW] = {STARTS, "result=\"new\"", STARTS_HELP, OG_METRIC_COUNTER},
    [OG_OTP_M_START_ACTIVE] = {STARTS, "result=\"active\"", STARTS_HELP, OG_METRIC_COUNTER},
    [OG_OTP_M_START_REPLAYED] = {STARTS, "result=\"replayed\"", STARTS_HELP, OG_METRIC_COUNTER},
    [OG_OTP_M_CHECK + OG_CHECK_UNKNOWN] = {CHECKS, "verdict=\"unknown\"", CHECKS_HELP,
                                           OG_METRIC_COUNTER},
    [OG_OTP_M_CHECK + OG_CHECK_WRONG] = {CHECKS, "verdict=\"wrong\"", CHECKS_HELP,
                                         OG_METRIC_COUNTER},
    [OG_OTP_M_CHECK + OG_CHECK_APPROVED] = {CHECKS, "verdict=\"approved\"", CHECKS_HELP,
                                            OG_METRIC_COUNTER},
    [OG_OTP_M_CHECK + OG_CHECK_LATE] = {CHECKS, "verdict=\"late\"", CHECKS_HELP,
                                        OG_METRIC_COUNTER},
    [OG_OTP_M_CHECK + OG_CHECK_CLOSED] = {CHECKS, "verdict=\"closed\"", CHECKS_HELP,
                                          OG_METRIC_COUNTER},
    [OG_OTP_M_CHECK + OG_CHECK_NO_CODE] = {CHECKS, "verdict=\"no_code\"", CHECKS_HELP,
                                           OG_METRIC_COUNTER},
    [OG_OTP_M_CHECK + OG_CHECK_CONTEXT] = {CHECKS, "verdict=\"context\"", CHECKS_HELP,
                                           OG_METRIC_COUNTER},
    [OG_OTP_M_LOCKS] = {"otpgate_otp_locks_total", "",
                        "Times a recipient was locked after too many failures.",
                        OG_METRIC_COUNTER},
    [OG_OTP_M_RESENDS] = {"otpgate_otp_resends_total", "", "Codes sent again.",
                          OG_METRIC_COUNTER},
    [OG_OTP_M_CANCELS] = {"otpgate_otp_cancels_total", "", "Verifications cancelled.",
                          OG_METRIC_COUNTER},
    [OG_OTP_M_EXPIRED] = {"otpgate_otp_expired_total", "", "Verifications that ran out of time.",
                          OG_METRIC_COUNTER},
    [OG_OTP_M_CODES] = {"otpgate_otp_codes", "", "Codes in the store.", OG_METRIC_GAUGE},
    [OG_OTP_M_CODE_BYTES] = {"otpgate_otp_code_bytes", "", "Memory that they take.",
                             OG_METRIC_GAUGE},
    [OG_OTP_M_STORE_UP] = {"otpgate_otp_store_up", "", "Whether the store of codes answers.",
                           OG_METRIC_GAUGE},
};

void
og_otp_register_metrics(void)
{
    og_metrics_register(og_otp_metrics, OG_OTP_METRICS);
}
