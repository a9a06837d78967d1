/*
 * Figures.
 */
#include "tests/fleet/result.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "tests/fleet/ledger.h"

/* ---- counting ---- */

static double
share_within(const struct ledger *ledger, int64_t limit_ms, int of)
{
    int count = 0;
    for (int i = 0; i < ledger->code_count; i++) {
        const struct ledger_code *code = &ledger->codes[i];
        count += code->had_route && ledger_delay_ms(code) <= limit_ms;
    }
    return of > 0 ? (double)count / of : 1.0;
}

static int
compare_delays(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

/* A code that never went out counts with its whole life. */
static int64_t
delay_of(const struct ledger_code *code)
{
    int64_t delay_ms = ledger_delay_ms(code);
    return delay_ms == LEDGER_NEVER ? code->dead_from - code->accepted_at : delay_ms;
}

static int64_t
percentile(const struct ledger *ledger, bool in_bulk_time, int percent)
{
    int64_t *delays = og_xalloc(((size_t)ledger->code_count + 1) * sizeof delays[0]);
    size_t count = 0;
    for (int i = 0; i < ledger->code_count; i++) {
        const struct ledger_code *code = &ledger->codes[i];
        if (code->had_route && code->was_bulk_time == in_bulk_time) {
            delays[count++] = delay_of(code);
        }
    }
    qsort(delays, count, sizeof delays[0], compare_delays);
    int64_t value = count ? delays[(count * (size_t)percent + 99) / 100 - 1] : 0;
    free(delays);
    return value;
}

void
result_count(struct result *self, const struct ledger *ledger)
{
    self->codes = ledger->code_count;
    for (int i = 0; i < ledger->code_count; i++) {
        const struct ledger_code *code = &ledger->codes[i];
        self->codes_with_live_route += code->had_route;
        self->possible_duplicates += code->is_possibly_double;
        self->never_sent += code->aired_count == 0;
    }
    int routed = self->codes_with_live_route;
    self->radio_2s = share_within(ledger, 2000, routed);
    self->radio_5s = share_within(ledger, 5000, routed);
    self->radio_10s = share_within(ledger, 10000, routed);
    self->radio_30s = share_within(ledger, 30000, routed);
    self->double_sent = ledger->double_sent;
    self->dead_codes_sent = ledger->dead_sent;
    self->limits_exceeded = ledger->limits_exceeded;
    self->otp_delay_p99_ms_idle = percentile(ledger, false, 99);
    self->otp_delay_p99_ms_bulk = percentile(ledger, true, 99);
    self->otp_delay_p50_ms_idle = percentile(ledger, false, 50);
    self->otp_delay_p50_ms_bulk = percentile(ledger, true, 50);
    self->bulk = ledger->bulk_accepted;
    self->bulk_sent = ledger->bulk_aired;
}

/* ---- showing ---- */

enum form { FORM_COUNT, FORM_SHARE, FORM_MS, FORM_SECONDS };

struct row {
    const char *label;
    const char *member; /* in the JSON; NULL: only for people */
    enum form form;
    size_t offset;
};

#define AT(member) offsetof(struct result, member)
#define BOTH(label, form, member) {label, #member, form, AT(member)}

static const struct row rows[] = {
    BOTH("codes", FORM_COUNT, codes),
    BOTH("codes with a live route", FORM_COUNT, codes_with_live_route),
    BOTH("  at the radio within 2 s", FORM_SHARE, radio_2s),
    BOTH("  within 5 s (goal 99.9 %)", FORM_SHARE, radio_5s),
    BOTH("  within 10 s", FORM_SHARE, radio_10s),
    BOTH("  within 30 s", FORM_SHARE, radio_30s),
    {"never sent", NULL, FORM_COUNT, AT(never_sent)},
    {"  with the reason known", NULL, FORM_COUNT, AT(never_sent_with_reason)},
    BOTH("possible duplicates (goal 0.5 %)", FORM_COUNT, possible_duplicates),
    {"  really sent twice", NULL, FORM_COUNT, AT(double_sent)},
    BOTH("dead codes sent (goal 0)", FORM_COUNT, dead_codes_sent),
    BOTH("limits exceeded (goal 0)", FORM_COUNT, limits_exceeded),
    BOTH("not final (goal 0)", FORM_COUNT, non_final),
    {"code to radio, median, idle", NULL, FORM_MS, AT(otp_delay_p50_ms_idle)},
    {"code to radio, median, bulk", NULL, FORM_MS, AT(otp_delay_p50_ms_bulk)},
    BOTH("code to radio, p99, idle", FORM_MS, otp_delay_p99_ms_idle),
    BOTH("code to radio, p99, bulk", FORM_MS, otp_delay_p99_ms_bulk),
    {"bulk messages", NULL, FORM_COUNT, AT(bulk)},
    {"  sent", NULL, FORM_COUNT, AT(bulk_sent)},
    {"CPU of the run", NULL, FORM_SECONDS, AT(cpu_s)},
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

static const void *
value_of(const struct result *result, const struct row *row)
{
    return (const char *)result + row->offset;
}

static void
print_cell(FILE *out, const struct result *result, const struct row *row)
{
    if (!result) {
        return;
    }
    const void *value = value_of(result, row);
    switch (row->form) {
    case FORM_COUNT:
        fprintf(out, " %12d", *(const int *)value);
        break;
    case FORM_SHARE:
        fprintf(out, " %10.3f %%", *(const double *)value * 100.0);
        break;
    case FORM_MS:
        fprintf(out, " %9" PRId64 " ms", *(const int64_t *)value);
        break;
    case FORM_SECONDS:
        fprintf(out, " %10.1f s", *(const double *)value);
        break;
    }
}

void
result_print(FILE *out, const struct result_columns *columns)
{
    fprintf(out, "%-34s%s%s\n", "", columns->on ? "           on" : "",
            columns->off ? "          off" : "");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        fprintf(out, "%-34s", rows[i].label);
        print_cell(out, columns->on, &rows[i]);
        print_cell(out, columns->off, &rows[i]);
        fputc('\n', out);
    }
}

static void
write_object(FILE *out, const char *name, const struct result *result)
{
    const char *comma = "";
    fprintf(out, "  \"%s\": {", name);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        if (!row->member) {
            continue;
        }
        const void *value = value_of(result, row);
        fprintf(out, "%s\n    \"%s\": ", comma, row->member);
        if (row->form == FORM_SHARE) {
            fprintf(out, "%.6f", *(const double *)value);
        } else if (row->form == FORM_MS) {
            fprintf(out, "%" PRId64, *(const int64_t *)value);
        } else {
            fprintf(out, "%d", *(const int *)value);
        }
        comma = ",";
    }
    fprintf(out, "\n  }");
}

void
result_write_json(FILE *out, const struct result_columns *columns)
{
    fprintf(out, "{\n");
    if (columns->on) {
        write_object(out, "on", columns->on);
    }
    if (columns->off) {
        fprintf(out, "%s", columns->on ? ",\n" : "");
        write_object(out, "off", columns->off);
    }
    fprintf(out, "\n}\n");
}
