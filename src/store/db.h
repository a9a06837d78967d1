/*
 * The statement seam: one connection to a database, whichever engine carries it.
 *
 * All SQL is in pages, a table per store file indexed by an enum, written once for SQLite and
 * PostgreSQL with placeholders $1..$n and these dialect words, which the engine's door replaces:
 *   {lock}           FOR UPDATE SKIP LOCKED       nothing on SQLite
 *   {without_rowid}  nothing on PostgreSQL        WITHOUT ROWID
 *   {blob}           BYTEA                        BLOB
 * Statements are prepared on first use and kept by the connection. A change of state carries the
 * old state in its WHERE, and the rows touched are the verdict.
 *
 * A connection is used by one thread at a time. Errors of engines end here, as three codes:
 *   OG_E_CONFLICT     a constraint refused the row
 *   OG_E_UNAVAILABLE  busy, disk full, I/O error: may pass by itself
 *   OG_E_INTERNAL     our statement or the file is wrong
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct og_db;

/* Each store file's page; the number is its place in a connection's cache of statements. */
enum og_sql_page_id {
    OG_PAGE_ACCOUNT,
    OG_PAGE_DEVICE,
    OG_PAGE_MESSAGE,
    OG_PAGE_OTP,
    OG_PAGE_IDEMPOTENCY,
    OG_PAGE_TOKEN,
    OG_PAGE_ABUSE,
    OG_PAGE_META,
    OG_PAGE_SETTINGS,
    OG_PAGE_WEBHOOK,
    OG_PAGE_AUDIT,
    OG_PAGE_CLIENT_APP,
    OG_PAGE_TEMPLATE,
    OG_PAGE_SANDBOX,
    OG_PAGE_INBOX,
    OG_PAGE_PURGE,
    OG_PAGE_ROUTE,
    OG_PAGE_TIMELINE,
    OG_PAGE_OVERDUE,
    OG_PAGE_SUBJECT,
    OG_PAGE_SUBJECT_SHOW,
    OG_PAGE_BATCH,
    OG_PAGE_SCHEMA, /* migrate.c's own */
    OG_PAGE_COUNT
};

#define OG_PAGE_STATEMENTS_MAX 64

struct og_sql_page {
    enum og_sql_page_id id;
    const char *const *sql; /* indexed by the page's enum */
    int count;
};

enum og_value_type { OG_VALUE_NULL, OG_VALUE_I64, OG_VALUE_TEXT, OG_VALUE_BLOB };

/* One bound value; text and blobs are borrowed until the statement is done. */
struct og_value {
    enum og_value_type type;
    int64_t i64;
    struct og_str bytes;
};

static inline struct og_value
og_value_i64(int64_t v)
{
    return (struct og_value){OG_VALUE_I64, v, {NULL, 0}};
}

static inline struct og_value
og_value_text(struct og_str v)
{
    return (struct og_value){OG_VALUE_TEXT, 0, v};
}

static inline struct og_value
og_value_cstr(const char *v) /* NULL gives NULL */
{
    return (struct og_value){v ? OG_VALUE_TEXT : OG_VALUE_NULL, 0, og_str_from(v)};
}

static inline struct og_value
og_value_blob(struct og_str v)
{
    return (struct og_value){OG_VALUE_BLOB, 0, v};
}

static inline struct og_value
og_value_null(void)
{
    return (struct og_value){OG_VALUE_NULL, 0, {NULL, 0}};
}

/* 0 and the empty string stand for "none" in many structs; these bind NULL for them. */
static inline struct og_value
og_value_i64_or_null(int64_t v)
{
    return v ? og_value_i64(v) : og_value_null();
}

static inline struct og_value
og_value_text_or_null(struct og_str v)
{
    return v.len ? og_value_text(v) : og_value_null();
}

/* OG_ARGS(a, b): the values and their count, as two arguments. */
#define OG_ARGS(...)                                                                              \
    ((struct og_value[]){__VA_ARGS__}),                                                           \
        (int)(sizeof((struct og_value[]){__VA_ARGS__}) / sizeof(struct og_value))
#define OG_NO_ARGS NULL, 0

/*
 * Run a statement that gives no rows.
 * changed_out  rows touched; may be NULL
 */
OG_MUST_CHECK enum og_code og_db_run(struct og_db *db, const struct og_sql_page *page, int statement,
                                     const struct og_value *args, int arg_count,
                                     int64_t *changed_out, struct og_err *err);

/* Rows of a query, one after the other. Always close it, also after an error. */
struct og_rows {
    struct og_db *db;
    void *statement;
};

enum og_step { OG_STEP_ERROR, OG_STEP_ROW, OG_STEP_DONE };

OG_MUST_CHECK enum og_code og_db_open(struct og_db *db, const struct og_sql_page *page,
                                      int statement, const struct og_value *args, int arg_count,
                                      struct og_rows *rows, struct og_err *err);
OG_MUST_CHECK enum og_step og_rows_next(struct og_rows *rows, struct og_err *err);
void og_rows_close(struct og_rows *rows); /* takes zeroed; resets the statement */

/*
 * Open a query and step to its first row: read it, then close the rows. OG_E_NOT_FOUND: there is
 * none; `err` is not filled then. On any error nothing is open.
 */
OG_MUST_CHECK enum og_code og_db_first(struct og_db *db, const struct og_sql_page *page,
                                       int statement, const struct og_value *args, int arg_count,
                                       struct og_rows *rows, struct og_err *err);
/* The first row's first column. OG_E_NOT_FOUND as above, and then 0 or "". */
OG_MUST_CHECK enum og_code og_db_first_i64(struct og_db *db, const struct og_sql_page *page,
                                           int statement, const struct og_value *args,
                                           int arg_count, int64_t *out, struct og_err *err);
OG_MUST_CHECK enum og_code og_db_first_text(struct og_db *db, const struct og_sql_page *page,
                                            int statement, const struct og_value *args,
                                            int arg_count, struct og_arena *mem,
                                            struct og_str *out, struct og_err *err);

/* Columns of the current row, from 0. Text and blobs are copied to `mem`; NULL gives 0 or "". */
int64_t og_row_i64(const struct og_rows *rows, int column);
struct og_str og_row_text(const struct og_rows *rows, int column, struct og_arena *mem);
/* Borrowed until the next step or close. */
struct og_str og_row_borrow(const struct og_rows *rows, int column);
bool og_row_is_null(const struct og_rows *rows, int column);

/* Transactions. A savepoint lives inside a transaction; they do not nest further. */
OG_MUST_CHECK enum og_code og_db_begin(struct og_db *db, bool write, struct og_err *err);
OG_MUST_CHECK enum og_code og_db_commit(struct og_db *db, struct og_err *err);
void og_db_rollback(struct og_db *db); /* fine when none is open */
OG_MUST_CHECK enum og_code og_db_savepoint(struct og_db *db, struct og_err *err);
OG_MUST_CHECK enum og_code og_db_release(struct og_db *db, struct og_err *err);
OG_MUST_CHECK enum og_code og_db_undo(struct og_db *db, struct og_err *err); /* to the savepoint, and drops it */
/* True after an engine error that has ended the whole transaction by itself (disk full, I/O). */
bool og_db_is_broken_off(const struct og_db *db);

/* Rows changed since the connection was made, undone ones included. */
int64_t og_db_changes(const struct og_db *db);

/* Upkeep that may take a while: the writer checkpoints once its log is long enough. Call it outside
 * transactions, when the answers are out. */
void og_db_tidy(struct og_db *db);
/* From the next og_db_tidy on, until it could be done: write the whole log back and cut it to
 * nothing, so that it keeps no older state of what was erased. */
void og_db_clear_log(struct og_db *db);
/* Commit a write that changes nothing: has the disk come back? */
OG_MUST_CHECK enum og_code og_db_probe(struct og_db *db, struct og_err *err);

/* Where the rows are. */
struct og_db_config {
    const char *path;          /* SQLite file; ":memory:" for unit tests */
    bool read_only;            /* a reader connection */
    int checkpoint_pages;      /* WAL size at which the writer checkpoints */
    int busy_timeout_ms;       /* how long to wait for another process; 0: 2000 */
};

/* Errors: OG_E_UNAVAILABLE (cannot open; another process writes: the writer holds a lock file
 * beside the database), OG_E_INTERNAL (not a database). */
OG_MUST_CHECK enum og_code og_db_connect(const struct og_db_config *config, struct og_db **out,
                                         struct og_err *err);
void og_db_close(struct og_db *db); /* takes NULL; the writer checkpoints */

/* Ask the engine whether the file is sound. A sentence in `out` when not. */
OG_MUST_CHECK enum og_code og_db_check(struct og_db *db, struct og_arena *mem, struct og_str *out,
                                       struct og_err *err);
/* Write a consistent copy to a new file, while in use. */
OG_MUST_CHECK enum og_code og_db_backup(struct og_db *db, const char *path, struct og_err *err);
/* Microseconds of one fsync in the database's folder, the median of a few. */
OG_MUST_CHECK enum og_code og_db_measure_fsync(const char *folder, int64_t *median_us,
                                               struct og_err *err);

/* What is wrong with the database, as far as it matters to who is to help. */
enum og_db_trouble {
    OG_DB_TROUBLE_OTHER,
    OG_DB_TROUBLE_FULL,   /* the disk, or the file's greatest size */
    OG_DB_TROUBLE_IO,     /* reading, writing or fsync fails */
    OG_DB_TROUBLE_LOCKED, /* another program holds the file */
    OG_DB_TROUBLES
};
/* "failed", "disk_full", "io_error", "locked". Static storage. */
const char *og_db_trouble_name(enum og_db_trouble trouble);
/* Of the last statement that failed on this connection for other than its own reasons. */
enum og_db_trouble og_db_last_trouble(const struct og_db *db);

/* For tests: make the next `count` commits fail as the engine would. On the connection's thread. */
enum og_db_fault { OG_FAULT_NONE, OG_FAULT_FULL, OG_FAULT_IO, OG_FAULT_BUSY };
void og_db_inject(struct og_db *db, enum og_db_fault commit_fault, int count);
