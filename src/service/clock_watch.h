/*
 * Watching the wall clock: one that is set is told to log and audit log, as times in rows and of
 * phones are not to be compared over it. Lives of codes and waits go by the monotonic clock.
 */
#pragma once

#include "lane/op.h"
#include "service/services.h"

#define OG_CLOCK_JUMP_MS 1000 /* between two looks; a clock that is drawn slowly moves less */

/* Submitted by jobs/sweeper twice a second. */
struct og_clock_watch_op {
    struct og_op op;
    struct og_services *svc;
};
/* Has no rows. */
void og_clock_watch_committed(struct og_op *op, struct og_tx *tx);
