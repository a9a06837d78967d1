/*
 * Each of the three parts is judged by whoever judges it elsewhere.
 */
#include "core/otp_test_number.h"

#include <stdio.h>

#include "base/clock.h"

enum og_code
og_otp_test_number_read(struct og_str text, struct og_otp_test_number *out, struct og_err *err)
{
    const size_t number_end = og_str_find(text, '=');
    const size_t code_end = og_str_find(text, '@');
    const struct og_str number = og_str_slice(text, 0, number_end);
    const struct og_str code = og_str_slice(text, number_end + 1, code_end);
    const struct og_str until = og_str_slice(text, code_end + 1, text.len);
    if (number_end >= code_end || !og_phone_is_e164(number)) {
        return og_fail(err, OG_E_INVALID, "",
                       "must be like +447700900123=123456@2027-01-31T00:00:00Z");
    }
    if (og_otp_check_custom(code, NULL) != OG_OK) {
        return og_fail(err, OG_E_INVALID, "", "has a code that is not 4 to 10 letters or digits");
    }
    if (!og_time_parse(until, &out->until_ms)) {
        return og_fail(err, OG_E_INVALID, "", "has no end: @2027-01-31T00:00:00Z");
    }
    snprintf(out->number, sizeof out->number, "%" OG_STR_FMT, OG_STR_ARG(number));
    snprintf(out->code, sizeof out->code, "%" OG_STR_FMT, OG_STR_ARG(code));
    return OG_OK;
}
