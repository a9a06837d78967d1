/*
 * Transactions, and the faults that tests ask for. A transaction that the engine ended by itself is
 * broken off: nothing more runs in it.
 */
#include <assert.h>

#include "store/db_sqlite_priv.h"

static const char *const tx_sql[OG_SQLITE_TX_COUNT] = {
    [OG_SQLITE_TX_READ] = "BEGIN",
    [OG_SQLITE_TX_WRITE] = "BEGIN IMMEDIATE",
    [OG_SQLITE_TX_COMMIT] = "COMMIT",
    [OG_SQLITE_TX_ROLLBACK] = "ROLLBACK",
    [OG_SQLITE_TX_SAVE] = "SAVEPOINT op",
    [OG_SQLITE_TX_RELEASE] = "RELEASE op",
    [OG_SQLITE_TX_UNDO] = "ROLLBACK TO op",
};

static enum og_code
run_tx(struct og_db *db, enum og_sqlite_tx which, struct og_err *err)
{
    if (!db->tx[which]) {
        enum og_code code = og_sqlite_compile(db, og_str_from(tx_sql[which]),
                                              SQLITE_PREPARE_PERSISTENT, &db->tx[which], err);
        if (code != OG_OK) {
            return code;
        }
    }
    int rc = sqlite3_step(db->tx[which]);
    enum og_code code = rc == SQLITE_DONE ? OG_OK : og_sqlite_fail(db, rc, tx_sql[which], err);
    sqlite3_reset(db->tx[which]);
    return code;
}

enum og_code
og_db_begin(struct og_db *db, bool write, struct og_err *err)
{
    assert(!db->in_transaction);
    enum og_code code = run_tx(db, write ? OG_SQLITE_TX_WRITE : OG_SQLITE_TX_READ, err);
    db->in_transaction = code == OG_OK;
    return code;
}

/* Disk trouble makes the engine end the transaction by itself; a busy file leaves it open. */
static enum og_code
fail_as_told(struct og_db *db, struct og_err *err)
{
    static const int rc_of[] = {
        [OG_FAULT_NONE] = SQLITE_ERROR,
        [OG_FAULT_FULL] = SQLITE_FULL,
        [OG_FAULT_IO] = SQLITE_IOERR_FSYNC,
        [OG_FAULT_BUSY] = SQLITE_BUSY,
    };
    int rc = rc_of[db->fault.kind];
    db->fault.count--;
    if (db->fault.kind != OG_FAULT_BUSY) {
        (void)run_tx(db, OG_SQLITE_TX_ROLLBACK, NULL);
    }
    og_sqlite_note_trouble(db, rc);
    return og_sqlite_fail_with(rc, sqlite3_errstr(rc), tx_sql[OG_SQLITE_TX_COMMIT], err);
}

enum og_code
og_db_commit(struct og_db *db, struct og_err *err)
{
    assert(db->in_transaction);
    if (og_db_is_broken_off(db)) {
        return og_fail(err, OG_E_UNAVAILABLE, NULL, "database: the transaction was broken off");
    }
    enum og_code code =
        db->fault.count > 0 ? fail_as_told(db, err) : run_tx(db, OG_SQLITE_TX_COMMIT, err);
    if (code == OG_OK) {
        db->in_transaction = false;
    }
    return code;
}

void
og_db_rollback(struct og_db *db)
{
    if (db->in_transaction && !sqlite3_get_autocommit(db->handle)) {
        (void)run_tx(db, OG_SQLITE_TX_ROLLBACK, NULL);
    }
    db->in_transaction = false;
}

static enum og_code
run_inside(struct og_db *db, enum og_sqlite_tx which, struct og_err *err)
{
    assert(db->in_transaction);
    if (og_db_is_broken_off(db)) {
        return og_fail(err, OG_E_UNAVAILABLE, NULL, "database: the transaction was broken off");
    }
    return run_tx(db, which, err);
}

enum og_code
og_db_savepoint(struct og_db *db, struct og_err *err)
{
    return run_inside(db, OG_SQLITE_TX_SAVE, err);
}

enum og_code
og_db_release(struct og_db *db, struct og_err *err)
{
    return run_inside(db, OG_SQLITE_TX_RELEASE, err);
}

enum og_code
og_db_undo(struct og_db *db, struct og_err *err)
{
    enum og_code code = run_inside(db, OG_SQLITE_TX_UNDO, err);
    return code == OG_OK ? run_inside(db, OG_SQLITE_TX_RELEASE, err) : code;
}

int64_t
og_db_changes(const struct og_db *db)
{
    return sqlite3_total_changes64(db->handle);
}

void
og_db_inject(struct og_db *db, enum og_db_fault commit_fault, int count)
{
    db->fault.kind = commit_fault;
    db->fault.count = commit_fault == OG_FAULT_NONE ? 0 : count;
}
