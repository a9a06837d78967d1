/*
 * How many decimals a currency has is in the list of ISO 4217: two but for these.
 */
#include "core/money.h"

#include <stdio.h>

#define WHOLE_DIGITS_MAX 9

static const struct {
    char code[4];
    int decimals;
} exceptions[] = {
    {"BHD", 3}, {"BIF", 0}, {"CLF", 4}, {"CLP", 0}, {"DJF", 0}, {"GNF", 0}, {"IQD", 3},
    {"ISK", 0}, {"JOD", 3}, {"JPY", 0}, {"KMF", 0}, {"KRW", 0}, {"KWD", 3}, {"LYD", 3},
    {"OMR", 3}, {"PYG", 0}, {"RWF", 0}, {"TND", 3}, {"UGX", 0}, {"UYI", 0}, {"UYW", 4},
    {"VND", 0}, {"VUV", 0}, {"XAF", 0}, {"XOF", 0}, {"XPF", 0},
};

static bool
is_currency(struct og_str text)
{
    bool fits = text.len == 3;
    for (size_t i = 0; fits && i < text.len; i++) {
        fits = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z';
    }
    return fits;
}

static int
decimals_of(struct og_str currency)
{
    for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++) {
        if (og_str_eq(currency, og_str_from(exceptions[i].code))) {
            return exceptions[i].decimals;
        }
    }
    return 2;
}

static bool
is_digits(struct og_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    return true;
}

enum og_code
og_money_read(struct og_str amount, struct og_str currency, char out[OG_MONEY_BYTES],
              struct og_err *err)
{
    if (!is_currency(currency)) {
        return og_fail(err, OG_E_UNPROCESSABLE, "context.currency",
                       "must be three capital letters, as EUR");
    }
    const size_t point = og_str_find(amount, '.');
    const struct og_str whole = og_str_slice(amount, 0, point);
    const struct og_str rest = og_str_slice(amount, point + 1, amount.len);
    const int decimals = decimals_of(currency);
    const bool is_written_well = whole.len >= 1 && whole.len <= WHOLE_DIGITS_MAX &&
                                 is_digits(whole) && (whole.len == 1 || whole.ptr[0] != '0') &&
                                 is_digits(rest) && (point == amount.len || rest.len > 0);
    if (!is_written_well || rest.len > (size_t)decimals) {
        return og_fail(err, OG_E_UNPROCESSABLE, "context.amount",
                       "must be a number like 49.90, with at most %d digits before the point and "
                       "%d after it",
                       WHOLE_DIGITS_MAX, decimals);
    }
    snprintf(out, OG_MONEY_BYTES, "%.3s %.*s%s%.*s%.*s", currency.ptr, (int)whole.len, whole.ptr,
             decimals ? "." : "", (int)rest.len, rest.len ? rest.ptr : "",
             decimals - (int)rest.len, "0000");
    return OG_OK;
}
