/*
 * What this room counts. Rows are static and process-wide; several servers in one process (tests)
 * add to the same ones.
 */
#include <pthread.h>

#include "base/metrics.h"
#include "http/http_priv.h"

static const double duration_bounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                         0.05,   0.1,   0.25,   0.5,   1,    5};

#define REQUESTS(class)                                                                           \
    {.name = "otpgate_http_requests_total", .labels = "code=\"" class "\"",                       \
     .help = "Requests answered, by class of status.", .type = OG_METRIC_COUNTER}

enum { REQUESTS_2XX, REQUESTS_3XX, REQUESTS_4XX, REQUESTS_5XX, DURATION, CONNECTIONS, STREAMS,
       REFUSED, HANDSHAKES_OK, HANDSHAKES_FAILED };

static struct og_metric rows[] = {
    [REQUESTS_2XX] = REQUESTS("2xx"),
    [REQUESTS_3XX] = REQUESTS("3xx"),
    [REQUESTS_4XX] = REQUESTS("4xx"),
    [REQUESTS_5XX] = REQUESTS("5xx"),
    [DURATION] = {.name = "otpgate_http_request_seconds",
                  .labels = "",
                  .help = "Time from the complete head of a request to its answer.",
                  .type = OG_METRIC_HISTOGRAM,
                  .bounds = duration_bounds,
                  .bound_count = sizeof(duration_bounds) / sizeof(duration_bounds[0])},
    [CONNECTIONS] = {.name = "otpgate_http_connections",
                     .labels = "",
                     .help = "Open connections, streams included.",
                     .type = OG_METRIC_GAUGE},
    [STREAMS] = {.name = "otpgate_http_streams",
                 .labels = "",
                 .help = "Open event streams.",
                 .type = OG_METRIC_GAUGE},
    [REFUSED] = {.name = "otpgate_http_connections_refused_total",
                 .labels = "",
                 .help = "Connections closed at once because there were too many.",
                 .type = OG_METRIC_COUNTER},
    [HANDSHAKES_OK] = {.name = "otpgate_http_tls_handshakes_total",
                       .labels = "result=\"ok\"",
                       .help = "TLS handshakes, by result.",
                       .type = OG_METRIC_COUNTER},
    [HANDSHAKES_FAILED] = {.name = "otpgate_http_tls_handshakes_total",
                           .labels = "result=\"failed\"",
                           .help = "TLS handshakes, by result.",
                           .type = OG_METRIC_COUNTER},
};

static void
register_rows(void)
{
    og_metrics_register(rows, sizeof(rows) / sizeof(rows[0]));
}

void
og_http_metrics_register(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_rows);
}

void
og_http_metrics_answered(int status, int64_t duration_us)
{
    int class = status < 300 ? REQUESTS_2XX : status < 400 ? REQUESTS_3XX :
                status < 500 ? REQUESTS_4XX : REQUESTS_5XX;
    og_metric_add(&rows[class], 1);
    if (duration_us >= 0) {
        og_metric_observe(&rows[DURATION], (double)duration_us / 1e6);
    }
}

void
og_http_metrics_connections(int delta)
{
    og_metric_add(&rows[CONNECTIONS], delta);
}

void
og_http_metrics_streams(int delta)
{
    og_metric_add(&rows[STREAMS], delta);
}

void
og_http_metrics_refused_connection(void)
{
    og_metric_add(&rows[REFUSED], 1);
}

void
og_http_metrics_handshake(bool ok)
{
    og_metric_add(&rows[ok ? HANDSHAKES_OK : HANDSHAKES_FAILED], 1);
}
