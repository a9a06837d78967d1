/*
 * The machine's clocks, and times as text. Days are counted with the civil calendar by arithmetic
 * alone (years that begin in March), so no time zone file or libc state can change an answer.
 */
#include "base/clock.h"

#include <time.h>

#define MS_PER_DAY INT64_C(86400000)
#define LAST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */
#define DAYS_PER_ERA 146097              /* 400 years */
#define DAYS_TO_1970 719468              /* from 0000-03-01 */

static int64_t
read_clock_us(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t
system_wall_ms(void *ctx)
{
    (void)ctx;
    return read_clock_us(CLOCK_REALTIME) / 1000;
}

static int64_t
system_mono_ms(void *ctx)
{
    (void)ctx;
    return read_clock_us(CLOCK_MONOTONIC) / 1000;
}

const struct og_clock *
og_clock_system(void)
{
    static const struct og_clock clock = {system_wall_ms, system_mono_ms, NULL};
    return &clock;
}

int64_t
og_mono_us(void)
{
    return read_clock_us(CLOCK_MONOTONIC);
}

struct civil_day {
    int year, month, day;
};

/* days since 1970-01-01, not negative */
static struct civil_day
civil_from_days(int64_t days)
{
    int64_t shifted = days + DAYS_TO_1970;
    int64_t era = shifted / DAYS_PER_ERA;
    int of_era = (int)(shifted % DAYS_PER_ERA);
    int year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int march_month = (5 * of_year + 2) / 153;
    int day = of_year - (153 * march_month + 2) / 5 + 1;
    int month = march_month < 10 ? march_month + 3 : march_month - 9;
    int year = (int)(era * 400) + year_of_era + (month <= 2 ? 1 : 0);
    return (struct civil_day){year, month, day};
}

static int64_t
days_from_civil(struct civil_day date)
{
    int64_t year = date.year - (date.month <= 2 ? 1 : 0);
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int march_month = date.month > 2 ? date.month - 3 : date.month + 9;
    int64_t of_year = (153 * march_month + 2) / 5 + date.day - 1;
    int64_t of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    return era * DAYS_PER_ERA + of_era - DAYS_TO_1970;
}

static char *
put_digits(char *to, int value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        to[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return to + count;
}

void
og_time_format(int64_t at_ms, char out[OG_TIME_TEXT_BYTES])
{
    at_ms = at_ms < 0 ? 0 : at_ms > LAST_MS ? LAST_MS : at_ms;
    struct civil_day date = civil_from_days(at_ms / MS_PER_DAY);
    int of_day = (int)(at_ms % MS_PER_DAY);
    char *to = put_digits(out, date.year, 4);
    *to++ = '-';
    to = put_digits(to, date.month, 2);
    *to++ = '-';
    to = put_digits(to, date.day, 2);
    *to++ = 'T';
    to = put_digits(to, of_day / 3600000, 2);
    *to++ = ':';
    to = put_digits(to, of_day / 60000 % 60, 2);
    *to++ = ':';
    to = put_digits(to, of_day / 1000 % 60, 2);
    *to++ = '.';
    to = put_digits(to, of_day % 1000, 3);
    *to++ = 'Z';
    *to = '\0';
}

struct og_str
og_time_text(struct og_arena *mem, int64_t at_ms)
{
    char *text = og_arena_alloc(mem, OG_TIME_TEXT_BYTES);
    og_time_format(at_ms, text);
    return (struct og_str){text, OG_TIME_TEXT_BYTES - 1};
}

/* Reads from the front of `rest`; each take_ function cuts off what it took. */
static bool
take_digits(struct og_str *rest, size_t count, int max, int *out)
{
    if (rest->len < count) {
        return false;
    }
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        int digit = rest->ptr[i] - '0';
        if (digit < 0 || digit > 9) {
            return false;
        }
        value = value * 10 + digit;
    }
    *rest = og_str_slice(*rest, count, rest->len);
    *out = value;
    return value <= max;
}

static bool
take_char(struct og_str *rest, const char *allowed)
{
    if (rest->len == 0 || rest->ptr[0] == '\0' || !strchr(allowed, rest->ptr[0])) {
        return false;
    }
    *rest = og_str_slice(*rest, 1, rest->len);
    return true;
}

static bool
is_day_of_month(struct civil_day date)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (date.month < 1 || date.day < 1) {
        return false;
    }
    bool is_leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
    int length = lengths[date.month - 1] + (date.month == 2 && is_leap ? 1 : 0);
    return date.day <= length;
}

static bool
take_date(struct og_str *rest, int64_t *out_days)
{
    struct civil_day date;
    if (!take_digits(rest, 4, 9999, &date.year) || !take_char(rest, "-") ||
        !take_digits(rest, 2, 12, &date.month) || !take_char(rest, "-") ||
        !take_digits(rest, 2, 31, &date.day) || !is_day_of_month(date)) {
        return false;
    }
    *out_days = days_from_civil(date);
    return true;
}

/* The fraction of a second, if any, cut to milliseconds. */
static bool
take_fraction(struct og_str *rest, int *out_ms)
{
    *out_ms = 0;
    if (!take_char(rest, ".")) {
        return true;
    }
    size_t count = 0;
    int weight = 100;
    while (count < rest->len && rest->ptr[count] >= '0' && rest->ptr[count] <= '9') {
        *out_ms += (rest->ptr[count] - '0') * weight;
        weight /= 10;
        count++;
    }
    *rest = og_str_slice(*rest, count, rest->len);
    return count >= 1 && count <= 9;
}

static bool
take_offset(struct og_str *rest, int *out_minutes)
{
    *out_minutes = 0;
    if (take_char(rest, "Zz")) {
        return true;
    }
    int sign = rest->len > 0 && rest->ptr[0] == '-' ? -1 : 1;
    int hours, minutes;
    if (!take_char(rest, "+-") || !take_digits(rest, 2, 23, &hours) || !take_char(rest, ":") ||
        !take_digits(rest, 2, 59, &minutes)) {
        return false;
    }
    *out_minutes = sign * (hours * 60 + minutes);
    return true;
}

bool
og_time_parse(struct og_str text, int64_t *out_ms)
{
    struct og_str rest = text;
    int64_t days;
    int hour, minute, second, ms, offset_minutes;
    if (!take_date(&rest, &days) || !take_char(&rest, "Tt") || !take_digits(&rest, 2, 23, &hour) ||
        !take_char(&rest, ":") || !take_digits(&rest, 2, 59, &minute) || !take_char(&rest, ":") ||
        !take_digits(&rest, 2, 59, &second) || !take_fraction(&rest, &ms) ||
        !take_offset(&rest, &offset_minutes) || rest.len > 0) {
        return false;
    }
    int64_t of_day_ms = ((int64_t)(hour * 60 + minute - offset_minutes) * 60 + second) * 1000 + ms;
    *out_ms = days * MS_PER_DAY + of_day_ms;
    return true;
}
