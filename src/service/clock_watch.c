/*
 * The wall clock against the monotonic one: when their distance changes, the former was set.
 */
#include "service/clock_watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "service/audit/audit.h"

void
og_clock_watch_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_services *svc = ((struct og_clock_watch_op *)op)->svc;
    const int64_t ahead_ms = tx->now_ms - tx->mono_ms;
    const int64_t by_ms = ahead_ms - svc->lane.clock_ahead_ms;
    const bool is_first = svc->lane.clock_ahead_ms == 0;
    char detail[48];
    svc->lane.clock_ahead_ms = ahead_ms;
    if (is_first || llabs(by_ms) < OG_CLOCK_JUMP_MS) {
        return;
    }
    snprintf(detail, sizeof detail, "by_ms=%lld", (long long)by_ms);
    og_log_warn("service", "the clock was set", "%s", detail);
    og_audit_add(svc, &(struct og_audit_event){.kind = OG_AUDIT_CLOCK_JUMP,
                                               .detail = og_str_from(detail)});
}
