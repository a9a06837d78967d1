/* Figures of a fleet: benchmarks and tests read the JSON, people the last lines on the screen. */
#include "phone/counts.h"

#include <sys/resource.h>

#include "base/json.h"

void
og_phone_counts_lag(struct og_phone_counts *self, int64_t created_at, int64_t now_ms)
{
    int64_t lag = now_ms - created_at;
    lag = lag < 0 ? 0 : lag > OG_LAG_MS_MAX ? OG_LAG_MS_MAX : lag;
    self->lag[lag]++;
    self->lag_count++;
}

int64_t
og_phone_counts_percentile(const struct og_phone_counts *self, double percent)
{
    double wanted = (double)self->lag_count * percent / 100.0;
    int64_t seen = 0;
    for (int64_t ms = 0; ms <= OG_LAG_MS_MAX; ms++) {
        seen += self->lag[ms];
        if (seen > 0 && (double)seen >= wanted) {
            return ms;
        }
    }
    return -1;
}

static void
write_process(struct og_json_writer *w)
{
    struct rusage use;
    if (getrusage(RUSAGE_SELF, &use) != 0) {
        return;
    }
    og_json_add_i64(w, "cpu_us", (int64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 +
                                     use.ru_utime.tv_usec + use.ru_stime.tv_usec);
    og_json_add_i64(w, "rss_max_kib", use.ru_maxrss);
}

void
og_phone_counts_write(const struct og_phone_counts *self, struct og_buf *out)
{
    struct og_json_writer w;
    og_json_begin(&w, out);
    og_json_object(&w, NULL);
#define WRITE(name, what) og_json_add_i64(&w, #name, self->name);
    OG_PHONE_COUNTS(WRITE)
#undef WRITE
    og_json_add_i64(&w, "phones_registered", self->phones_registered);
    og_json_add_i64(&w, "streams_open", self->streams_open);
    og_json_add_i64(&w, "reports_open", self->reports_open);
    og_json_object(&w, "violations_by_kind");
    for (int i = 0; i < OG_VIOLATION_COUNT; i++) {
        if (self->by_violation[i] > 0) {
            og_json_add_i64(&w, og_violation_name((enum og_violation)i), self->by_violation[i]);
        }
    }
    og_json_end(&w);
    og_json_add_i64(&w, "lag_p50_ms", og_phone_counts_percentile(self, 50));
    og_json_add_i64(&w, "lag_p90_ms", og_phone_counts_percentile(self, 90));
    og_json_add_i64(&w, "lag_p99_ms", og_phone_counts_percentile(self, 99));
    og_json_add_i64(&w, "lag_max_ms", og_phone_counts_percentile(self, 100));
    write_process(&w);
    og_json_end(&w);
    og_buf_add_byte(out, '\n');
}
