/*
 * Limits on what may wait for one phone. The queue in memory answers; it knows what is committed,
 * so a burst that shares one transaction may pass together.
 */
#include <stdio.h>

#include "base/clock.h"
#include "service/message/message_service.h"
#include "service/message/priv.h"

#define RETRY_AFTER_S 5

static enum og_code
refuse(struct og_err *err, const char *reason)
{
    enum og_code code = og_fail(err, OG_E_QUEUE_FULL, "",
                                "failed to enqueue message: queue limits exceeded: %s", reason);
    err->retry_after_s = RETRY_AFTER_S;
    return code;
}

static enum og_code
check_age(const struct og_services *svc, const struct og_message *m, int64_t now_ms,
          struct og_err *err)
{
    int64_t most_ms = svc->message.queue_max_pending_age_ms, oldest_ms;
    if (most_ms == 0 ||
        !og_dispatch_device_oldest(svc->lane.dispatch, m->account_id, m->device_id, &oldest_ms) ||
        now_ms - oldest_ms < most_ms) {
        return OG_OK;
    }
    char at[OG_TIME_TEXT_BYTES], reason[OG_TIME_TEXT_BYTES + 32];
    og_time_format(oldest_ms, at);
    snprintf(reason, sizeof reason, "too old pending message: %s", at);
    return refuse(err, reason);
}

static enum og_code
check_count(const struct og_services *svc, const struct og_message *m, struct og_err *err)
{
    size_t most = (size_t)svc->message.queue_max_pending;
    struct og_dispatch_device device;
    if (most == 0 ||
        !og_dispatch_device_find(svc->lane.dispatch, m->account_id, m->device_id, &device) ||
        device.waiting + device.handed < most) {
        return OG_OK;
    }
    char reason[96];
    snprintf(reason, sizeof reason, "too many pending messages: %zu / %zu",
             device.waiting + device.handed, most);
    return refuse(err, reason);
}

static enum og_code
check_failed(const struct og_services *svc, struct og_tx *tx, const struct og_message *m,
             struct og_arena *mem, struct og_err *err)
{
    int most = svc->message.queue_max_failed;
    int64_t failed = 0;
    if (most == 0) {
        return OG_OK;
    }
    enum og_code code = og_message_count_failed(
        tx->db, m->account_id, m->device_id, tx->now_ms - svc->message.queue_max_failed_age_ms,
        m->id, most, mem, &failed, err);
    return code == OG_OK && failed >= most ? refuse(err, "too many failed messages") : code;
}

enum og_code
og_message_queue_check(const struct og_services *svc, struct og_tx *tx, const struct og_message *m,
                       struct og_arena *mem, struct og_err *err)
{
    enum og_code code = check_age(svc, m, tx->now_ms, err);
    if (code == OG_OK) {
        code = check_count(svc, m, err);
    }
    return code == OG_OK ? check_failed(svc, tx, m, mem, err) : code;
}
