/*
 * What the files of SQLite's door share; for them alone.
 */
#pragma once

#include <sqlite3.h>

#include "store/db.h"

struct og_sqlite_prepared {
    sqlite3_stmt *stmt;
    int arg_count;
    int index_of[]; /* SQLite's number of $1, $2 ...; 0 where a number is not used */
};

enum og_sqlite_tx {
    OG_SQLITE_TX_READ,
    OG_SQLITE_TX_WRITE,
    OG_SQLITE_TX_COMMIT,
    OG_SQLITE_TX_ROLLBACK,
    OG_SQLITE_TX_SAVE,
    OG_SQLITE_TX_RELEASE,
    OG_SQLITE_TX_UNDO,
    OG_SQLITE_TX_COUNT
};

struct og_db {
    sqlite3 *handle;
    int lock_fd; /* -1: a reader, or in memory */
    bool is_read_only;
    int busy_timeout_ms;
    bool in_transaction; /* we began one and have not ended it */
    sqlite3_stmt *tx[OG_SQLITE_TX_COUNT];
    const char *const *pages[OG_PAGE_COUNT]; /* whose statements are cached */
    struct og_sqlite_prepared *cache[OG_PAGE_COUNT][OG_PAGE_STATEMENTS_MAX];
    struct {
        int pages;            /* in the write-ahead log after the last commit */
        int checkpoint_at;    /* pages at which to try next */
        int checkpoint_pages; /* configured */
        bool is_to_be_cleared;
    } wal;
    struct {
        enum og_db_fault kind;
        int count;
    } fault;
    enum og_db_trouble trouble; /* the last */
};

/* Errors: from an engine's code to ours, into the log, and kept as the connection's trouble. */
enum og_code og_sqlite_fail(struct og_db *db, int rc, const char *sql, struct og_err *err);
enum og_code og_sqlite_fail_with(int rc, const char *text, const char *sql, struct og_err *err);
/* A bug of ours, found before the engine was asked. */
enum og_code og_sqlite_fail_usage(const char *text, const char *sql, struct og_err *err);
void og_sqlite_note_trouble(struct og_db *db, int rc);

/* Dialect words are replaced. *out is the caller's to finalize. */
OG_MUST_CHECK enum og_code og_sqlite_compile(struct og_db *db, struct og_str sql, unsigned flags,
                                             sqlite3_stmt **out, struct og_err *err);
/* Rows of one column, as many as come, the last one kept: enough for pragmas and questions. */
OG_MUST_CHECK enum og_code og_sqlite_ask(struct og_db *db, const char *sql, struct og_arena *mem,
                                         struct og_str *out, struct og_err *err);
