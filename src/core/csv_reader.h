/*
 * Lists as comma-separated values: one record after the other out of a text that is in memory. The
 * door to libcsv.
 *
 * Read as RFC 4180 says, in strict mode: fields in double quotes may hold commas, line ends and
 * doubled quotes; a quote inside a bare field is an error. Lines may end in CRLF, LF or CR; blank
 * lines are passed over, and so are a byte order mark at the beginning and spaces around bare
 * fields.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define OG_CSV_FIELDS_MAX 256
#define OG_CSV_RECORD_MAX_BYTES (64 * 1024)

struct og_csv;

/* One record; strings are good until the next call. */
struct og_csv_record {
    const struct og_str *fields;
    size_t count;
    int64_t line; /* where it begins, from 1 */
};

/* text       borrowed for the reader's life
 * separator  ',' or whatever else stands between fields */
struct og_csv *og_csv_create(struct og_str text, char separator);
void og_csv_destroy(struct og_csv *self); /* takes NULL; wipes */

/* The next record. *found_out false: there are no more.
 * Errors  OG_E_UNPROCESSABLE with the line: quotes that do not close or stand inside a field, no UTF-8, a NUL,
 *         too many fields, too long; nothing can be read after one */
OG_MUST_CHECK enum og_code og_csv_next(struct og_csv *self, struct og_csv_record *out,
                                       bool *found_out, struct og_err *err);
