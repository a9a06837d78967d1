/*
 * What the lanes count. Any thread.
 */
#pragma once

#include "lane/lanes.h"

/* Makes the rows known to base/metrics.h; again does nothing. */
void og_lane_metrics_register(void);

void og_lane_metrics_waiting(enum og_lane lane, int delta);
/* A submit that the lane did not take. */
void og_lane_metrics_rejected(enum og_lane lane);
/* An operation is through: how, and how long after its submit. */
void og_lane_metrics_done(enum og_lane lane, enum og_code code, int64_t took_us);
/* A transaction of the write lane. */
void og_lane_metrics_batch(int operations);
void og_lane_metrics_commit(int64_t took_us);
