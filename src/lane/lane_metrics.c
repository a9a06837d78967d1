/*
 * The lanes' rows in /metrics. Labels are fixed here, so nothing that a peer sends can add one.
 */
#include "lane/lane_metrics.h"

#include <pthread.h>

#include "base/metrics.h"

static const double batch_bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
static const double seconds_bounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                        0.025,  0.05,    0.1,    0.25,  0.5,    1,     5};
#define COUNT_OF(array) ((int)(sizeof(array) / sizeof(array)[0]))

enum result { RESULT_OK, RESULT_REFUSED, RESULT_UNAVAILABLE, RESULT_INTERNAL, RESULT_REJECTED,
              RESULT_COUNT };

#define LANES(X) X(OG_LANE_WRITE, "write") X(OG_LANE_READ, "read") X(OG_LANE_SLOW, "slow")

#define WAITING(lane, word)                                                                        \
    [lane] = {.name = "otpgate_lane_waiting", .labels = "lane=\"" word "\"",                       \
              .help = "Operations accepted by a lane and not yet through.",                        \
              .type = OG_METRIC_GAUGE},
#define TOOK(lane, word)                                                                           \
    [lane] = {.name = "otpgate_lane_operation_seconds", .labels = "lane=\"" word "\"",             \
              .help = "From the submit of an operation to its answer.",                            \
              .type = OG_METRIC_HISTOGRAM, .bounds = seconds_bounds,                               \
              .bound_count = COUNT_OF(seconds_bounds)},
#define RESULT(lane, word, result, name_of_it)                                                     \
    [lane][result] = {.name = "otpgate_lane_operations_total",                                     \
                      .labels = "lane=\"" word "\",result=\"" name_of_it "\"",                     \
                      .help = "Operations by how they ended.", .type = OG_METRIC_COUNTER},
#define RESULTS(lane, word)                                                                        \
    RESULT(lane, word, RESULT_OK, "ok")                                                            \
    RESULT(lane, word, RESULT_REFUSED, "refused")                                                  \
    RESULT(lane, word, RESULT_UNAVAILABLE, "unavailable")                                          \
    RESULT(lane, word, RESULT_INTERNAL, "internal")                                                \
    RESULT(lane, word, RESULT_REJECTED, "rejected")

static struct og_metric waiting[OG_LANE_COUNT] = {LANES(WAITING)};
static struct og_metric took[OG_LANE_COUNT] = {LANES(TOOK)};
static struct og_metric results[OG_LANE_COUNT][RESULT_COUNT] = {LANES(RESULTS)};

static struct og_metric batch = {
    .name = "otpgate_lane_batch_operations",
    .labels = "",
    .help = "Operations in one transaction of the write lane.",
    .type = OG_METRIC_HISTOGRAM,
    .bounds = batch_bounds,
    .bound_count = COUNT_OF(batch_bounds),
};
static struct og_metric commit = {
    .name = "otpgate_lane_commit_seconds",
    .labels = "",
    .help = "Time of one commit of the write lane, with its fsync.",
    .type = OG_METRIC_HISTOGRAM,
    .bounds = seconds_bounds,
    .bound_count = COUNT_OF(seconds_bounds),
};

/* OG_LANE_NONE has no rows; the real lanes stand next to each other. */
static void
register_rows(void)
{
    og_metrics_register(&waiting[OG_LANE_WRITE], OG_LANE_COUNT - OG_LANE_WRITE);
    og_metrics_register(&took[OG_LANE_WRITE], OG_LANE_COUNT - OG_LANE_WRITE);
    og_metrics_register(results[OG_LANE_WRITE], (OG_LANE_COUNT - OG_LANE_WRITE) * RESULT_COUNT);
    og_metrics_register(&batch, 1);
    og_metrics_register(&commit, 1);
}

void
og_lane_metrics_register(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_rows);
}

void
og_lane_metrics_waiting(enum og_lane lane, int delta)
{
    og_metric_add(&waiting[lane], delta);
}

void
og_lane_metrics_rejected(enum og_lane lane)
{
    og_metric_add(&results[lane][RESULT_REJECTED], 1);
}

static enum result
result_of(enum og_code code)
{
    switch (code) {
    case OG_OK:
        return RESULT_OK;
    case OG_E_BUSY:
    case OG_E_UNAVAILABLE:
        return RESULT_UNAVAILABLE;
    case OG_E_UNREADABLE:
    case OG_E_INTERNAL:
        return RESULT_INTERNAL;
    default:
        return RESULT_REFUSED;
    }
}

void
og_lane_metrics_done(enum og_lane lane, enum og_code code, int64_t took_us)
{
    og_metric_add(&results[lane][result_of(code)], 1);
    og_metric_observe(&took[lane], (double)took_us / 1e6);
}

void
og_lane_metrics_batch(int operations)
{
    og_metric_observe(&batch, operations);
}

void
og_lane_metrics_commit(int64_t took_us)
{
    og_metric_observe(&commit, (double)took_us / 1e6);
}
