/*
 * Nothing stays open beyond its limit. Each kind has its own way to an end (message_end.c,
 * otp_expire.c, webhook_round.c); the watchdog looks after them, and ends what one of them has left
 * over. That should never happen: it is counted, logged, and an alert.
 */
#pragma once

#include "lane/op.h"
#include "service/services.h"

/* What is this late was left over, not merely on its way. */
#define OG_WATCHDOG_LATE_MS (60 * INT64_C(1000))
#define OG_WATCHDOG_EVENT_LATE_MS (12 * 3600 * INT64_C(1000)) /* behind the end of its tries */

struct og_overdue_row;

/* Submitted by jobs/sweeper; at most some hundred of each kind at a time. Write lane. */
struct og_watchdog_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    int64_t swept_at_ms; /* the last round that is over: what was due then must have ended in it */
    /* inner; out */
    struct og_overdue_row *messages, *events;
    int message_count, event_count;
    int64_t verification_count;
};
enum og_code og_watchdog_apply(struct og_op *op, struct og_tx *tx);
void og_watchdog_committed(struct og_op *op, struct og_tx *tx);

/* Once, before threads. */
void og_watchdog_register_metrics(void);
