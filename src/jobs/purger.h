/*
 * Retention on a timer: a first round soon after the start, then one each period. A round is a
 * chain of small steps (service/privacy/purge.h), each submitted to the write lane when the one
 * before is back, so that whatever others have submitted comes in between.
 */
#pragma once

#include "base/loop.h"
#include "lane/lanes.h"
#include "service/privacy/purge.h"

struct og_purger;

struct og_purger_config {
    struct og_services *services;
    struct og_lanes *lanes;
    struct og_retention retention;
    int64_t every_ms; /* half an hour: what is over is gone within the hour */
};

/* On a loop that does not run yet. */
OG_MUST_CHECK enum og_code og_purger_create(const struct og_purger_config *config,
                                            struct og_loop *loop, struct og_purger **out,
                                            struct og_err *err);
/* Stops the timer; blocks until it has. The loop must run. A round that is under way goes no
 * further. */
void og_purger_stop(struct og_purger *self);
void og_purger_destroy(struct og_purger *self); /* takes NULL; after the lanes have stopped */
