/*
 * Work that nobody asks for, on a timer: expire messages and verifications, give the messages of
 * vanished phones to others. Each round submits operations to the write lane; a round is skipped
 * while the last one is still under way.
 */
#pragma once

#include "base/loop.h"
#include "lane/lanes.h"
#include "service/services.h"

struct og_sweeper;

struct og_sweeper_config {
    struct og_services *services;
    struct og_lanes *lanes;
    int64_t every_ms;      /* 500: what is past its time is final within two seconds */
    int64_t gone_after_ms; /* a phone unseen for so long is gone */
};

/* On a loop that does not run yet. */
OG_MUST_CHECK enum og_code og_sweeper_create(const struct og_sweeper_config *config,
                                             struct og_loop *loop, struct og_sweeper **out,
                                             struct og_err *err);
/* Stops the timer; blocks until it has. The loop must run. */
void og_sweeper_stop(struct og_sweeper *self);
void og_sweeper_destroy(struct og_sweeper *self); /* takes NULL; after the lanes have stopped */
