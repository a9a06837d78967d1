/*
 * Texts for many: a sentence with placeholders for the columns of a list.
 *
 *   {name}   what the row has in the column "name": 1 to 64 bytes without brackets, as written
 *   {{, }}   the brackets themselves, as in templates of codes (core/otp_template.h)
 *
 * Pure and thread-safe.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define OG_FILL_NAME_MAX_BYTES 64

/* A row's values by the names of its columns; both have `count` entries. */
struct og_fill_values {
    const struct og_str *names, *values;
    size_t count;
};

/* May this be filled in? Errors: OG_E_UNPROCESSABLE "text": a lone bracket, an empty or too long
 * name. */
OG_MUST_CHECK enum og_code og_fill_check(struct og_str text, struct og_err *err);

/* The next placeholder of a checked text at or after *at, which moves behind it. False: there is
 * none. */
bool og_fill_next(struct og_str text, size_t *at, struct og_str *name);

/* Fill in a checked text. False: the row has no such column as *missing. */
bool og_fill(struct og_str text, const struct og_fill_values *values, struct og_buf *out,
             struct og_str *missing);
