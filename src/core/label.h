/*
 * Names that people and machines give to things: accounts, devices, SIM cards, apps.
 *
 * Pure and thread-safe.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* A name for machines: 1 to 64 of a-z 0-9 _ . -, beginning with a letter or digit. */
bool og_label_is_slug(struct og_str text);

/* A name for people: UTF-8 in one line without control, bidi or invisible characters, at most
 * max_chars characters, empty allowed. OG_E_UNPROCESSABLE with `field`. */
OG_MUST_CHECK enum og_code og_label_check(struct og_str text, size_t max_chars, const char *field,
                                          struct og_err *err);

/* An Android application id, at most 255 characters: two or more segments with dots between, each
 * of letters, digits and underscores, beginning with a letter. OG_E_UNPROCESSABLE, field
 * "package". */
OG_MUST_CHECK enum og_code og_label_check_application_id(struct og_str text, struct og_err *err);
