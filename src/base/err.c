/*
 * Errors: the names of codes and the one way to fill a struct og_err. Relies on nothing; never
 * allocates, because it also reports that nothing could be allocated.
 */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

struct code_row {
    const char *wire;
    bool is_retryable;
};

#define CODE_AS_ROW(name, wire, retry) [OG_E_##name] = {wire, retry},
static const struct code_row code_rows[] = {[OG_OK] = {"ok", false}, OG_CODES(CODE_AS_ROW)};
#undef CODE_AS_ROW

#define CODE_COUNT (sizeof(code_rows) / sizeof(code_rows[0]))

const char *
og_code_wire(enum og_code code)
{
    return (size_t)code < CODE_COUNT ? code_rows[code].wire : code_rows[OG_E_INTERNAL].wire;
}

bool
og_code_is_retryable(enum og_code code)
{
    return (size_t)code < CODE_COUNT && code_rows[code].is_retryable;
}

enum og_code
og_fail(struct og_err *err, enum og_code code, const char *field, const char *fmt, ...)
{
    if (!err) {
        return code;
    }
    err->code = code;
    err->retry_after_s = 0;
    err->reason = NULL;
    snprintf(err->field, sizeof(err->field), "%s", field ? field : "");
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    return code;
}

static void
append(struct og_err *err, const char *text)
{
    strncat(err->field, text, sizeof err->field - strlen(err->field) - 1);
}

enum og_code
og_err_within(struct og_err *err, enum og_code code, const char *place, ...)
{
    char field[sizeof err->field];
    if (!err) {
        return code;
    }
    memcpy(field, err->field, sizeof field);
    va_list args;
    va_start(args, place);
    vsnprintf(err->field, sizeof err->field, place, args);
    va_end(args);
    append(err, field[0] && field[0] != '[' ? "." : "");
    append(err, field);
    return code;
}
