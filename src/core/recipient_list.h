/*
 * The head of a list of recipients: its first line names the columns, one of which has the number.
 *
 * Pure and thread-safe.
 */
#pragma once

#include "base/arena.h"
#include "core/csv_reader.h"

struct og_recipient_list {
    const struct og_str *columns; /* trimmed; each with a NUL behind it */
    size_t column_count;
    size_t number_at; /* the place of the column with the number */
};

/*
 * Read the head.
 * number_column  "" : the one called to, phone or number
 * Errors         those of og_csv_next; OG_E_UNPROCESSABLE "csv" (empty, two columns of one name),
 *                "to_column" (not there)
 */
OG_MUST_CHECK enum og_code og_recipient_list_read(struct og_csv *csv, struct og_str number_column,
                                                  struct og_arena *mem,
                                                  struct og_recipient_list *out,
                                                  struct og_err *err);
/* Does it have the columns that this text asks for (core/fill.h)? OG_E_UNPROCESSABLE "text". */
OG_MUST_CHECK enum og_code og_recipient_list_check(const struct og_recipient_list *self,
                                                   struct og_str text, struct og_err *err);
