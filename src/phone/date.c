/* Dates with the app's habits. Written apart from base/clock on purpose: that one reads what is
 * meant, this one what the app makes of it. */
#include "phone/date.h"

#define MINUTE_MS 60000
#define DAY_MS (24 * 60 * (int64_t)MINUTE_MS)

/* Days since 1970 of a civil date, by years that begin in March (Howard Hinnant's algorithm). */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void
civil_of(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = days / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * march_month + 2) / 5 + 1);
    *month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

/* `value` with exactly `width` digits; returns the place behind them. A load test writes nine dates
 * for each message, so printf would be felt. */
static char *
put_digits(char *at, int64_t value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + width;
}

static char *
put_char(char *at, char c)
{
    *at = c;
    return at + 1;
}

static char *
put_zone(char *at, int64_t zone_minutes)
{
    if (zone_minutes == 0) {
        return put_char(at, 'Z');
    }
    int64_t size = zone_minutes < 0 ? -zone_minutes : zone_minutes;
    at = put_digits(put_char(at, zone_minutes < 0 ? '-' : '+'), size / 60, 2);
    return put_digits(put_char(at, ':'), size % 60, 2);
}

void
og_phone_date_write(int64_t at_ms, int64_t zone_minutes, char out[OG_PHONE_DATE_BYTES])
{
    int64_t local = at_ms + zone_minutes * MINUTE_MS;
    local = local < 0 ? 0 : local;
    int64_t of_day = local % DAY_MS;
    int year, month, day;
    civil_of(local / DAY_MS, &year, &month, &day);
    char *at = put_digits(out, year, 4);
    at = put_digits(put_char(at, '-'), month, 2);
    at = put_digits(put_char(at, '-'), day, 2);
    at = put_digits(put_char(at, 'T'), of_day / 3600000, 2);
    at = put_digits(put_char(at, ':'), of_day / MINUTE_MS % 60, 2);
    at = put_digits(put_char(at, ':'), of_day / 1000 % 60, 2);
    at = put_digits(put_char(at, '.'), of_day % 1000, 3);
    *put_zone(at, zone_minutes) = '\0';
}

/* Exactly `count` digits from the front. */
static bool
take_digits(struct og_str *rest, size_t count, int64_t *out)
{
    if (rest->len < count) {
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        if (rest->ptr[i] < '0' || rest->ptr[i] > '9') {
            return false;
        }
        *out = *out * 10 + (rest->ptr[i] - '0');
    }
    *rest = og_str_slice(*rest, count, rest->len);
    return true;
}

static bool
take_char(struct og_str *rest, char c)
{
    if (rest->len == 0 || rest->ptr[0] != c) {
        return false;
    }
    *rest = og_str_slice(*rest, 1, rest->len);
    return true;
}

static bool
take_zone(struct og_str *rest, int64_t *minutes)
{
    int64_t hours, rest_minutes;
    *minutes = 0;
    if (take_char(rest, 'Z')) {
        return rest->len == 0;
    }
    int sign = take_char(rest, '-') ? -1 : take_char(rest, '+') ? 1 : 0;
    if (sign == 0 || !take_digits(rest, 2, &hours) || !take_char(rest, ':') ||
        !take_digits(rest, 2, &rest_minutes) || rest->len > 0 || hours > 23 || rest_minutes > 59) {
        return false;
    }
    *minutes = sign * (hours * 60 + rest_minutes);
    return true;
}

static bool
take_moment(struct og_str *rest, int64_t *out_ms)
{
    int64_t year, month, day, hour, minute, second;
    if (!take_digits(rest, 4, &year) || !take_char(rest, '-') || !take_digits(rest, 2, &month) ||
        !take_char(rest, '-') || !take_digits(rest, 2, &day) || !take_char(rest, 'T') ||
        !take_digits(rest, 2, &hour) || !take_char(rest, ':') || !take_digits(rest, 2, &minute) ||
        !take_char(rest, ':') || !take_digits(rest, 2, &second)) {
        return false;
    }
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    *out_ms = days_of(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000;
    return true;
}

enum og_date_verdict
og_phone_date_read(struct og_str text, int64_t *out_ms)
{
    int64_t moment, fraction = 0, zone;
    size_t digits = 0;
    struct og_str rest = text;
    if (!take_moment(&rest, &moment)) {
        return OG_DATE_REFUSED;
    }
    if (take_char(&rest, '.')) {
        while (digits < rest.len && rest.ptr[digits] >= '0' && rest.ptr[digits] <= '9') {
            digits++;
        }
        if (digits == 0 || digits > 9 || !take_digits(&rest, digits, &fraction)) {
            return OG_DATE_REFUSED;
        }
    }
    bool is_utc = og_str_eq(rest, OG_STR("Z"));
    if (!take_zone(&rest, &zone)) {
        return OG_DATE_REFUSED;
    }
    *out_ms = moment + fraction - zone * MINUTE_MS;
    if (digits != 0 && digits != 3) {
        return OG_DATE_MISREAD;
    }
    return is_utc ? OG_DATE_RIGHT : OG_DATE_ODD;
}
