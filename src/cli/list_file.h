/*
 * A list of recipients in a file, for `otpgate send --csv`: read and checked whole before anything
 * is sent, then handed over in pieces that one call takes.
 */
#pragma once

#include "cli/cli_priv.h"
#include "core/recipient_list.h"

struct og_list_file {
    struct og_buf file;
    struct og_csv *csv;
    struct og_recipient_list head;
    int64_t row_count; /* without the head */
};

/*
 * Open and check: columns, quotes that close.
 * number_column  "" : to, phone or number
 * Errors         what is wrong, with the line
 */
OG_MUST_CHECK enum og_code og_list_file_open(struct og_list_file *self, struct og_arena *mem,
                                              const char *path, struct og_str number_column,
                                              char separator, struct og_str text,
                                              struct og_err *err);
void og_list_file_close(struct og_list_file *self); /* takes zeroed; wipes */

/* Pass over so many rows, which the server has. */
OG_MUST_CHECK enum og_code og_list_file_skip(struct og_list_file *self, int64_t count,
                                              struct og_err *err);
/* Write the next rows, as many as one call takes, as elements of the JSON array that is open. */
OG_MUST_CHECK enum og_code og_list_file_write(struct og_list_file *self,
                                               struct og_json_writer *w, int *count_out,
                                               struct og_err *err);
