/*
 * Metrics as static rows that are added to without a lock and printed on request in the Prometheus
 * text format. A reader may see a histogram between two of its additions; scrapes tolerate that.
 */
#include "base/metrics.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>

#define GROUP_COUNT_MAX 64

struct group {
    struct og_metric *rows;
    int count;
};

static struct group groups[GROUP_COUNT_MAX];
static int group_count;

static const char *const type_words[] = {
    [OG_METRIC_COUNTER] = "counter",
    [OG_METRIC_GAUGE] = "gauge",
    [OG_METRIC_HISTOGRAM] = "histogram",
};

static int64_t
load(const _Atomic int64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void
add(_Atomic int64_t *value, int64_t delta)
{
    atomic_fetch_add_explicit(value, delta, memory_order_relaxed);
}

void
og_metric_add(struct og_metric *self, int64_t delta)
{
    add(&self->value, delta);
}

void
og_metric_set(struct og_metric *self, int64_t value)
{
    atomic_store_explicit(&self->value, value, memory_order_relaxed);
}

/* Above the last bound only the count and the sum grow: le="+Inf" is the count. */
void
og_metric_observe(struct og_metric *self, double value)
{
    if (!isfinite(value)) {
        return;
    }
    for (int i = 0; i < self->bound_count; i++) {
        if (value <= self->bounds[i]) {
            add(&self->buckets[i], 1);
            break;
        }
    }
    add(&self->value, 1);
    add(&self->sum_micro, (int64_t)(value * 1e6));
}

void
og_metrics_register(struct og_metric *rows, int count)
{
    assert(group_count < GROUP_COUNT_MAX);
    for (int i = 0; i < count; i++) {
        assert(rows[i].bound_count <= OG_METRIC_MAX_BUCKETS);
    }
    groups[group_count++] = (struct group){rows, count};
}

static void
write_labels(struct og_buf *out, const struct og_metric *row)
{
    if (row->labels && row->labels[0]) {
        og_buf_printf(out, "{%s}", row->labels);
    }
}

static void
write_bucket(struct og_buf *out, const struct og_metric *row, const char *le, int64_t count)
{
    bool has_labels = row->labels && row->labels[0];
    og_buf_printf(out, "%s_bucket{%s%sle=\"%s\"} ", row->name, has_labels ? row->labels : "",
                  has_labels ? "," : "", le);
    og_buf_add_i64(out, count);
    og_buf_add_byte(out, '\n');
}

static void
write_histogram(struct og_buf *out, const struct og_metric *row)
{
    int64_t count = load(&row->value);
    int64_t so_far = 0;
    for (int i = 0; i < row->bound_count; i++) {
        so_far += load(&row->buckets[i]);
        char le[32];
        snprintf(le, sizeof(le), "%.9g", row->bounds[i]);
        write_bucket(out, row, le, so_far);
    }
    write_bucket(out, row, "+Inf", count > so_far ? count : so_far);
    og_buf_printf(out, "%s_sum", row->name);
    write_labels(out, row);
    og_buf_printf(out, " %.6f\n%s_count", (double)load(&row->sum_micro) / 1e6, row->name);
    write_labels(out, row);
    og_buf_add_byte(out, ' ');
    og_buf_add_i64(out, count > so_far ? count : so_far);
    og_buf_add_byte(out, '\n');
}

static void
write_row(struct og_buf *out, const struct og_metric *row)
{
    if (row->type == OG_METRIC_HISTOGRAM) {
        write_histogram(out, row);
        return;
    }
    og_buf_add_cstr(out, row->name);
    write_labels(out, row);
    og_buf_add_byte(out, ' ');
    og_buf_add_i64(out, load(&row->value));
    og_buf_add_byte(out, '\n');
}

void
og_metrics_write(struct og_buf *out)
{
    for (int g = 0; g < group_count; g++) {
        const char *name = "";
        for (int i = 0; i < groups[g].count; i++) {
            const struct og_metric *row = &groups[g].rows[i];
            if (strcmp(row->name, name) != 0) {
                name = row->name;
                og_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, row->help, name,
                              type_words[row->type]);
            }
            write_row(out, row);
        }
    }
}
