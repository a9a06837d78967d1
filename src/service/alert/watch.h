/*
 * A look at what the write lane knows, for the board of alerts: phones that are offline, codes that
 * wait, messages that fail, budgets and SIMs that run out, places that are stopped. Reads memory
 * only; by jobs/alert_sender.
 */
#pragma once

#include "alert/outcomes.h"
#include "lane/op.h"
#include "service/services.h"

struct og_alert_watch_op {
    struct og_op op;
    struct og_services *svc;
    int64_t offline_after_ms; /* without a stream and unseen for so long: offline */
    int64_t code_wait_ms;     /* a code that waits for so long is late */
    struct og_outcomes_policy failures;
};
/* Has no rows: it sees whatever becomes of the database. */
void og_alert_watch_committed(struct og_op *op, struct og_tx *tx);
