/* The numbers of the model, in one table that reads, checks and explains them. Sources of the
 * defaults are in domain/phones.md section 4; what stands in brackets there is a guess to tune. */
#include "phone/profile.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/files.h"
#include "phone/app_profile.h"

#define FILE_MAX_BYTES 65536
#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * (int64_t)HOUR_MS)

enum kind {
    KIND_COUNT,   /* int64_t */
    KIND_TIME,    /* int64_t in ms; read as 250ms, 2s, 3m, 6h; a bare number is seconds */
    KIND_PERCENT, /* double */
    KIND_CHOICE,  /* int64_t, index into words */
    KIND_SWITCH,  /* bool */
    KIND_ZONE,    /* int64_t minutes; "local", "Z" or +hh:mm */
};

struct row {
    const char *name;
    enum kind kind;
    size_t offset;
    int64_t min, max;
    const char *const *words;
    const char *help;
};

static const char *const orders[] = {"lifo", "fifo", NULL};
static const char *const modes[] = {"current", "exact", "batch", NULL};
static const char *const classes[] = {"dialog", "fail-fast", "unlimited", NULL};

#define AT(member) offsetof(struct og_profile, member)
#define COUNT(name, member, min, max, help) {name, KIND_COUNT, AT(member), min, max, NULL, help}
#define TIME(name, member, max, help) {name, KIND_TIME, AT(member), 0, max, NULL, help}
#define PERCENT(name, member, help) {name, KIND_PERCENT, AT(member), 0, 100, NULL, help}
#define CHOICE(name, member, words, help) {name, KIND_CHOICE, AT(member), 0, 0, words, help}
#define SWITCH(name, member, help) {name, KIND_SWITCH, AT(member), 0, 0, NULL, help}

static const struct row rows[] = {
    CHOICE("app-profile", app, og_app_profile_names, "the version of the phone app that is played"),
    COUNT("sims", sims, 1, 3, "SIM cards in the phone"),
    CHOICE("order", order, orders, "queue order among equal priorities"),
    TIME("accept-min", accept_min_ms, HOUR_MS, "from a push to the pull, at least"),
    TIME("accept-max", accept_max_ms, HOUR_MS, "and at most"),
    TIME("poll", poll_ms, DAY_MS, "the periodic pull; 0 for none"),
    SWITCH("pull-replace", pull_replace, "a new trigger cancels a pull in flight, as in the app"),
    COUNT("remember", remember, 10, 10000000, "finished messages kept to recognise repeats"),
    CHOICE("report-mode", report_mode, modes,
           "current: as the app; exact: each state in order; batch: many states in one call"),
    COUNT("report-parallel", report_parallel, 1, 64, "reports under way at a time"),
    TIME("report-delay-min", report_delay_min_ms, DAY_MS, "from a change to its report, at least"),
    TIME("report-delay-max", report_delay_max_ms, DAY_MS, "and at most"),
    COUNT("report-tries", link.report_tries, 1, 1000, "tries before a report is given up"),
    PERCENT("report-repeat", link.report_repeat, "reports sent once more, as after a crash"),
    TIME("reconnect", link.reconnect_ms, HOUR_MS,
         "wait before a stream is opened again; 6 times longer after 5 tries, 12 times after 10"),
    TIME("retry", link.retry_ms, HOUR_MS, "wait before a failed call is repeated; doubles"),
    TIME("retry-max", link.retry_max_ms, DAY_MS, "up to this"),
    TIME("online-mean", link.up_mean_ms, 365 * DAY_MS, "time between losses of network; 0: none"),
    TIME("offline-mean", link.down_mean_ms, 30 * DAY_MS, "length of such a loss"),
    PERCENT("silent-cut", link.silent_cut, "losses that leave the stream open without a FIN"),
    TIME("silent-cut-for", link.silent_ms, DAY_MS, "how long such a dead stream stays"),
    TIME("reinstall-mean", reinstall_mean_ms, 365 * DAY_MS,
         "time between reinstallations (same SIM, new device); 0: never"),
    TIME("clock-sigma", clock_sigma_ms, DAY_MS, "spread of the phones' clocks"),
    PERCENT("clock-wrong", clock_wrong, "phones whose clock is off by minutes to hours"),
    PERCENT("zone-wrong", zone_wrong, "phones that are set to another time zone"),
    {"zone", KIND_ZONE, AT(zone_minutes), -14 * 60, 14 * 60, NULL, "local, Z, or +hh:mm"},
    TIME("part-median", radio.part_median_ms, HOUR_MS, "a part's time on the SIM, median"),
    TIME("part-p95", radio.part_p95_ms, HOUR_MS, "95 % take less"),
    TIME("part-limit", radio.part_limit_ms, HOUR_MS, "a part that takes longer fails"),
    CHOICE("os-class", radio.os_class, classes, "what Android does beyond its own limit"),
    COUNT("os-parts", radio.os_parts, 1, 10000, "Android's limit: parts"),
    TIME("os-window", radio.os_window_ms, DAY_MS, "in this time"),
    TIME("dialog-answer", radio.dialog_answer_ms, DAY_MS, "until a person taps; 0: never"),
    PERCENT("dialog-yes", radio.dialog_yes, "taps that allow the message"),
    PERCENT("fail-generic", radio.generic, "parts refused by the network (result 1)"),
    PERCENT("fail-no-service", radio.no_service, "parts without network (4)"),
    PERCENT("fail-radio-off", radio.radio_off, "parts with the radio off (2)"),
    PERCENT("fail-limit", radio.limit, "parts over a limit of the system (5)"),
    PERCENT("fail-ril", radio.ril, "parts with a modem error (101, 106)"),
    PERCENT("fail-silent", radio.silent, "parts that go out without any result"),
    TIME("delivery-median", radio.report_median_ms, DAY_MS, "until the delivery report, median"),
    TIME("delivery-p95", radio.report_p95_ms, DAY_MS, "95 % take less"),
    PERCENT("delivery-minutes", radio.report_minutes, "reports that take 1 to 10 minutes"),
    PERCENT("delivery-hours", radio.report_hours, "reports that take 1 to 12 hours"),
    PERCENT("delivery-failed", radio.report_failed, "reports that say failed"),
    PERCENT("delivery-never", radio.report_never, "parts without any report"),
    PERCENT("delivery-twice", radio.report_twice, "reports that come twice"),
    PERCENT("delivery-temporary", radio.report_temporary, "reports after a temporary one"),
    PERCENT("delivery-early", radio.report_early, "reports that come before Sent"),
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static int64_t
local_zone_minutes(void)
{
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    return local.tm_gmtoff / 60;
}

void
og_profile_defaults(struct og_profile *self)
{
    *self = (struct og_profile){
        .sims = 1, .order = OG_ORDER_LIFO,
        .report_mode = OG_REPORT_CURRENT, .report_parallel = 3,
        .report_delay_min_ms = 20, .report_delay_max_ms = 200,
        .accept_min_ms = 50, .accept_max_ms = 400,
        .poll_ms = 15 * MINUTE_MS, .pull_replace = true, .remember = 10000,
        .clock_sigma_ms = 2 * SECOND_MS, .clock_wrong = 3, .zone_wrong = 1,
        .zone_minutes = local_zone_minutes(),
        .radio = {
            .part_median_ms = 1200, .part_p95_ms = 4000, .part_limit_ms = 45 * SECOND_MS,
            .os_class = OG_OS_DIALOG, .os_parts = 30, .os_window_ms = MINUTE_MS, .dialog_yes = 100,
            .generic = 1.2, .no_service = 0.6, .radio_off = 0.2, .limit = 0.1, .ril = 0.3,
            .silent = 0.1,
            .report_median_ms = 4 * SECOND_MS, .report_p95_ms = 20 * SECOND_MS,
            .report_minutes = 5, .report_hours = 2, .report_failed = 1, .report_never = 2,
            .report_twice = 1, .report_temporary = 1, .report_early = 0.5,
        },
        .link = {
            .up_mean_ms = 6 * HOUR_MS, .down_mean_ms = 3 * MINUTE_MS,
            .silent_cut = 50, .silent_ms = 2 * MINUTE_MS,
            .reconnect_ms = 5 * SECOND_MS, .retry_ms = 10 * SECOND_MS, .retry_max_ms = 5 * HOUR_MS,
            .report_tries = 10, .report_repeat = 0.2,
        },
    };
}

void
og_profile_make_perfect(struct og_profile *self)
{
    *self = (struct og_profile){
        .app = self->app, .sims = self->sims, .order = self->order, .zone_minutes = self->zone_minutes,
        .report_mode = OG_REPORT_EXACT, .report_parallel = 8,
        .poll_ms = 15 * MINUTE_MS, .remember = self->remember,
        .radio = {.os_class = OG_OS_UNLIMITED, .os_parts = 30, .os_window_ms = MINUTE_MS},
        .link = {.reconnect_ms = 500, .retry_ms = 500, .retry_max_ms = 5 * SECOND_MS,
                 .report_tries = 1000},
    };
}

/* ---- reading ---- */

static const struct row *
find_row(struct og_str name)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (og_str_eq(name, og_str_from(rows[i].name))) {
            return &rows[i];
        }
    }
    return NULL;
}

bool
og_profile_has(struct og_str name, bool *is_switch)
{
    const struct row *row = find_row(name);
    *is_switch = row && row->kind == KIND_SWITCH;
    return row != NULL;
}

static bool
read_number(struct og_str text, double *out)
{
    char copy[32];
    if (text.len == 0 || text.len >= sizeof(copy) || strchr("+-0123456789.", text.ptr[0]) == NULL) {
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    char *end;
    *out = strtod(copy, &end);
    return end == copy + text.len && isfinite(*out);
}

static bool
read_time(struct og_str text, int64_t max_ms, int64_t *out)
{
    static const struct {
        const char *suffix;
        double factor;
    } units[] = {{"ms", 1}, {"s", SECOND_MS}, {"m", MINUTE_MS}, {"h", HOUR_MS}, {"", SECOND_MS}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        struct og_str suffix = og_str_from(units[i].suffix);
        double value;
        if (og_str_ends(text, suffix)) {
            struct og_str digits = og_str_slice(text, 0, text.len - suffix.len);
            if (!read_number(digits, &value)) {
                return false;
            }
            value *= units[i].factor;
            bool is_fine = value >= 0 && value <= (double)max_ms;
            *out = is_fine ? (int64_t)(value + 0.5) : 0;
            return is_fine;
        }
    }
    return false;
}

static bool
read_zone(struct og_str text, int64_t *out)
{
    int64_t hours, minutes;
    if (og_str_eq(text, OG_STR("local"))) {
        *out = local_zone_minutes();
        return true;
    }
    if (og_str_eq(text, OG_STR("Z"))) {
        *out = 0;
        return true;
    }
    if (text.len != 6 || (text.ptr[0] != '+' && text.ptr[0] != '-') || text.ptr[3] != ':' ||
        !og_str_to_i64(og_str_slice(text, 1, 3), &hours) ||
        !og_str_to_i64(og_str_slice(text, 4, 6), &minutes) || hours < 0 || hours > 14 ||
        minutes < 0 || minutes > 59) {
        return false;
    }
    *out = (hours * 60 + minutes) * (text.ptr[0] == '-' ? -1 : 1);
    return true;
}

static bool
read_choice(struct og_str text, const char *const *words, int64_t *out)
{
    for (int64_t i = 0; words[i]; i++) {
        if (og_str_eq(text, og_str_from(words[i]))) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool
read_switch(struct og_str text, bool *out)
{
    *out = og_str_eq(text, OG_STR("true"));
    return *out || og_str_eq(text, OG_STR("false"));
}

static bool
read_value(struct og_profile *self, const struct row *row, struct og_str text)
{
    void *value = (char *)self + row->offset;
    int64_t number;
    switch (row->kind) {
    case KIND_COUNT:
        if (!og_str_to_i64(text, &number) || number < row->min || number > row->max) {
            return false;
        }
        *(int64_t *)value = number;
        return true;
    case KIND_TIME:
        return read_time(text, row->max, value);
    case KIND_PERCENT:
        return read_number(text, value) && *(double *)value >= 0 && *(double *)value <= 100;
    case KIND_CHOICE:
        return read_choice(text, row->words, value);
    case KIND_SWITCH:
        return read_switch(text, value);
    case KIND_ZONE:
        return read_zone(text, value);
    }
    return false;
}

static void
say_what_fits(const struct row *row, struct og_buf *out)
{
    switch (row->kind) {
    case KIND_COUNT:
        og_buf_printf(out, "%lld to %lld", (long long)row->min, (long long)row->max);
        break;
    case KIND_TIME:
        og_buf_printf(out, "a time such as 250ms, 2s, 3m or 6h");
        break;
    case KIND_PERCENT:
        og_buf_add_cstr(out, "a percentage from 0 to 100");
        break;
    case KIND_CHOICE:
        for (int i = 0; row->words[i]; i++) {
            og_buf_printf(out, "%s%s", i > 0 ? " or " : "", row->words[i]);
        }
        break;
    case KIND_SWITCH:
        og_buf_add_cstr(out, "true or false");
        break;
    case KIND_ZONE:
        og_buf_add_cstr(out, "local, Z or +hh:mm");
        break;
    }
}

enum og_code
og_profile_set(struct og_profile *self, struct og_str name, struct og_str value, struct og_err *err)
{
    const struct row *row = find_row(name);
    if (!row) {
        return og_fail(err, OG_E_NOT_FOUND, "", "there is no option %" OG_STR_FMT,
                       OG_STR_ARG(name));
    }
    if (read_value(self, row, value)) {
        return OG_OK;
    }
    struct og_buf fits;
    og_buf_init(&fits, 150);
    say_what_fits(row, &fits);
    enum og_code code = og_fail(err, OG_E_INVALID, row->name, "%s takes %s", row->name, fits.ptr);
    og_buf_finish(&fits);
    return code;
}

static enum og_code
read_line(struct og_profile *self, struct og_str line, int number, struct og_err *err)
{
    line = og_str_trim(og_str_slice(line, 0, og_str_find(line, '#')));
    line = og_str_ends(line, OG_STR("\r")) ? og_str_slice(line, 0, line.len - 1) : line;
    if (line.len == 0) {
        return OG_OK;
    }
    size_t equals = og_str_find(line, '=');
    struct og_err cause = {0};
    struct og_str name = og_str_trim(og_str_slice(line, 0, equals));
    struct og_str value = og_str_trim(og_str_slice(line, equals + 1, line.len));
    enum og_code code = og_profile_set(self, name, value, &cause);
    if (code != OG_OK) {
        og_fail(err, code, cause.field, "line %d: %s", number, cause.text);
    }
    return code;
}

enum og_code
og_profile_load(struct og_profile *self, const char *path, struct og_err *err)
{
    struct og_buf text;
    og_buf_init(&text, FILE_MAX_BYTES);
    enum og_code code = og_file_read(path, &text, err);
    struct og_str rest = og_buf_str(&text);
    for (int number = 1; code == OG_OK && rest.len > 0; number++) {
        size_t end = og_str_find(rest, '\n');
        code = read_line(self, og_str_slice(rest, 0, end), number, err);
        rest = og_str_slice(rest, end + 1, rest.len);
    }
    og_buf_finish(&text);
    return code;
}

/* ---- help ---- */

static void
write_default(const struct row *row, const struct og_profile *defaults, char out[32])
{
    const void *value = (const char *)defaults + row->offset;
    bool is_number = row->kind != KIND_PERCENT && row->kind != KIND_SWITCH;
    int64_t number = is_number ? *(const int64_t *)value : 0;
    switch (row->kind) {
    case KIND_COUNT:
        snprintf(out, 32, "%lld", (long long)number);
        break;
    case KIND_TIME:
        if (number % HOUR_MS == 0 && number > 0) {
            snprintf(out, 32, "%lldh", (long long)(number / HOUR_MS));
        } else if (number % MINUTE_MS == 0 && number > 0) {
            snprintf(out, 32, "%lldm", (long long)(number / MINUTE_MS));
        } else if (number % SECOND_MS == 0) {
            snprintf(out, 32, "%llds", (long long)(number / SECOND_MS));
        } else {
            snprintf(out, 32, "%lldms", (long long)number);
        }
        break;
    case KIND_PERCENT:
        snprintf(out, 32, "%g%%", *(const double *)value);
        break;
    case KIND_CHOICE:
        snprintf(out, 32, "%s", row->words[number]);
        break;
    case KIND_SWITCH:
        snprintf(out, 32, "%s", *(const bool *)value ? "true" : "false");
        break;
    case KIND_ZONE:
        snprintf(out, 32, "local");
        break;
    }
}

void
og_profile_help(struct og_buf *out)
{
    struct og_profile defaults;
    og_profile_defaults(&defaults);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        char value[32];
        write_default(&rows[i], &defaults, value);
        og_buf_printf(out, "  --%-19s %-10s %s", rows[i].name, value, rows[i].help);
        if (rows[i].kind == KIND_CHOICE) {
            for (int w = 0; rows[i].words[w]; w++) {
                og_buf_printf(out, "%s%s", w == 0 ? " (" : ", ", rows[i].words[w]);
            }
            og_buf_add_byte(out, ')');
        }
        og_buf_add_byte(out, '\n');
    }
}
