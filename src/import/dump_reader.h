/*
 * Rows of the wanted tables out of an SQL dump, in its order: CREATE TABLE tells the columns,
 * INSERT and REPLACE bring the rows, with or without a list of columns, one or many to a statement.
 * Every other statement is passed over, and so are the values of columns that nobody wants.
 *
 * Not thread-safe. Memory: the wanted values of one row.
 */
#pragma once

#include "base/arena.h"
#include "import/dump_lexer.h"

#define OG_DUMP_TABLES_MAX 8
#define OG_DUMP_WANTED_MAX 16   /* columns of a table */
#define OG_DUMP_COLUMNS_MAX 128 /* that a table may have */

/* A table that is wanted. */
struct og_dump_table {
    const char *name;
    const char *columns[OG_DUMP_WANTED_MAX]; /* ends with NULL unless full */
};

struct og_dump_value {
    bool is_null; /* also when the dump has no such column */
    struct og_str text; /* NULL: "" */
};

struct og_dump_row {
    size_t table; /* index among the wanted */
    int64_t line;
    const struct og_dump_value *values; /* in the order of the table's columns */
};

struct og_dump_reader {
    const struct og_dump_table *tables;
    size_t table_count;
    /* Strings live during the call. An error ends the reading. */
    enum og_code (*on_row)(void *ctx, const struct og_dump_row *row, struct og_err *err);
    void *ctx;
};

/*
 * Read a dump to its end. seen_out  per wanted table: was it created in the dump? Errors
 * OG_E_INVALID "line 12: ..." where it is no dump: it ends in the middle, rows do not fit their
 *           columns, a table is there twice (several databases in one dump); OG_E_TOO_LARGE; what
 *           the source or on_row says
 */
OG_MUST_CHECK enum og_code og_dump_read(const struct og_dump_source *source,
                                            const struct og_dump_reader *reader,
                                            bool seen_out[OG_DUMP_TABLES_MAX], struct og_err *err);
