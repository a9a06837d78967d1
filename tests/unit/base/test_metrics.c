/*
 * Metrics as a scraper reads them, and added to by several threads.
 */
#include "base/metrics.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

static const double bounds[] = {0.001, 0.5, 2};

static struct og_metric rows[] = {
    {.name = "og_requests_total", .labels = "code=\"2xx\"", .help = "Requests.",
     .type = OG_METRIC_COUNTER},
    {.name = "og_requests_total", .labels = "code=\"5xx\"", .type = OG_METRIC_COUNTER},
    {.name = "og_depth", .labels = "", .help = "Queue length.", .type = OG_METRIC_GAUGE},
    {.name = "og_seconds", .labels = "lane=\"write\"", .help = "Time.",
     .type = OG_METRIC_HISTOGRAM, .bounds = bounds, .bound_count = 3},
};

static void *
add_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10000; i++) {
        og_metric_add(&rows[1], 1);
    }
    return NULL;
}

static void
rows_are_written_in_the_text_format(void **state)
{
    (void)state;
    og_metrics_register(rows, COUNT(rows));
    og_metric_add(&rows[0], 3);
    og_metric_set(&rows[2], -4);
    static const double seen[] = {0.0005, 0.001, 0.25, 2, 7.5, NAN, INFINITY};
    for (size_t i = 0; i < COUNT(seen); i++) {
        og_metric_observe(&rows[3], seen[i]);
    }
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, NULL), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    struct og_buf out;
    og_buf_init(&out, 4096);
    og_metrics_write(&out);
    assert_string_equal(out.ptr, "# HELP og_requests_total Requests.\n"
                                 "# TYPE og_requests_total counter\n"
                                 "og_requests_total{code=\"2xx\"} 3\n"
                                 "og_requests_total{code=\"5xx\"} 40000\n"
                                 "# HELP og_depth Queue length.\n"
                                 "# TYPE og_depth gauge\n"
                                 "og_depth -4\n"
                                 "# HELP og_seconds Time.\n"
                                 "# TYPE og_seconds histogram\n"
                                 "og_seconds_bucket{lane=\"write\",le=\"0.001\"} 2\n"
                                 "og_seconds_bucket{lane=\"write\",le=\"0.5\"} 3\n"
                                 "og_seconds_bucket{lane=\"write\",le=\"2\"} 4\n"
                                 "og_seconds_bucket{lane=\"write\",le=\"+Inf\"} 5\n"
                                 "og_seconds_sum{lane=\"write\"} 9.751500\n"
                                 "og_seconds_count{lane=\"write\"} 5\n");
    og_buf_finish(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_written_in_the_text_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
