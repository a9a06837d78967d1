/*
 * Counters, gauges and histograms in the Prometheus text format (version 0.0.4).
 *
 * Metrics are static rows; adding to one is a relaxed atomic, from any thread, without a lock.
 * Labels are fixed at compile time (one row each), so no peer can make series.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"

enum og_metric_type { OG_METRIC_COUNTER, OG_METRIC_GAUGE, OG_METRIC_HISTOGRAM };

#define OG_METRIC_MAX_BUCKETS 16

struct og_metric {
    const char *name;   /* otpgate_http_requests_total */
    const char *labels; /* `code="2xx"` without braces, or "" */
    const char *help;   /* one sentence; rows of one name share the first row's */
    enum og_metric_type type;
    const double *bounds; /* histogram: upper bounds, ascending, at most OG_METRIC_MAX_BUCKETS */
    int bound_count;
    _Atomic int64_t value; /* counter, gauge; histogram: number of observations */
    _Atomic int64_t sum_micro; /* histogram: sum in millionths */
    _Atomic int64_t buckets[OG_METRIC_MAX_BUCKETS]; /* not cumulated */
};

void og_metric_add(struct og_metric *self, int64_t delta);
void og_metric_set(struct og_metric *self, int64_t value);
void og_metric_observe(struct og_metric *self, double value);

/* Register rows (static storage) once, before threads; rows of one name must be adjacent. */
void og_metrics_register(struct og_metric *rows, int count);
/* Append all registered rows. */
void og_metrics_write(struct og_buf *out);
