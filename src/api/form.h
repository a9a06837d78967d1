/*
 * Form-encoded bodies, decoded by a table of names. Pure and thread-safe.
 *
 * Sources: WHATWG URL section 5 (application/x-www-form-urlencoded), RFC 6749 section 3.1: a
 * parameter without value counts as absent, unknown ones are ignored, none may come twice.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define OG_FORM_FIELDS_MAX 32 /* in a body */

struct og_form_field {
    const char *name;
    struct og_str *value; /* "" when absent; in the arena */
};

/* Errors: OG_E_INVALID, field: the parameter that came twice or cannot be decoded. */
OG_MUST_CHECK enum og_code og_form_read(struct og_str body, const struct og_form_field *fields,
                                        size_t count, struct og_arena *mem, struct og_err *err);
/* "+" is a space, %xx a byte. False for a bad escape, a control byte, or what is not UTF-8. */
bool og_form_decode(struct og_str text, struct og_arena *mem, struct og_str *out);
