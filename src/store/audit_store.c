/*
 * The page of statements about the audit log. Entries are added at the end and removed at the
 * front.
 */
#include "store/audit_store.h"

enum {
    SQL_INSERT,
    SQL_EACH,
    SQL_EACH_BACK,
    SQL_HEAD_SAVE,
    SQL_HEAD_READ,
    SQL_START_READ,
    SQL_START_SAVE,
    SQL_REMOVE,
    SQL_SUBJECT_FIND,
    SQL_SUBJECT_INSERT,
    SQL_SUBJECT_REMOVE,
    SQL_STATEMENTS
};

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_INSERT] = "INSERT INTO audit (seq, hash, line) VALUES ($1, $2, $3)",
    [SQL_EACH] = "SELECT seq, hash, line FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2",
    [SQL_EACH_BACK] =
        "SELECT seq, hash, line FROM audit WHERE seq < $1 ORDER BY seq DESC LIMIT $2",
    [SQL_HEAD_SAVE] =
        ("INSERT INTO audit_head (id, size, last, peaks) VALUES (1, $1, $2, $3) ON CONFLICT (id) "
         "DO UPDATE SET size = excluded.size, last = excluded.last, peaks = excluded.peaks"),
    [SQL_HEAD_READ] = "SELECT size, last, peaks FROM audit_head WHERE id = 1",
    [SQL_START_READ] = "SELECT size, last, peaks, note FROM audit_start WHERE id = 1",
    [SQL_START_SAVE] =
        ("INSERT INTO audit_start (id, size, last, peaks, note) VALUES (1, $1, $2, $3, $4) "
         "ON CONFLICT (id) DO UPDATE SET size = excluded.size, last = excluded.last, "
         "peaks = excluded.peaks, note = excluded.note"),
    [SQL_REMOVE] = "DELETE FROM audit WHERE seq <= $1",
    [SQL_SUBJECT_FIND] = "SELECT subject FROM audit_subjects WHERE digest = $1",
    [SQL_SUBJECT_INSERT] = "INSERT INTO audit_subjects (digest, subject) VALUES ($1, $2)",
    [SQL_SUBJECT_REMOVE] = "DELETE FROM audit_subjects WHERE digest = $1",
};

static const struct og_sql_page page = {OG_PAGE_AUDIT, sql, SQL_STATEMENTS};

/* ---- entries ---- */

enum og_code
og_audit_insert(struct og_db *db, const struct og_audit_row *row, struct og_err *err)
{
    return og_db_run(db, &page, SQL_INSERT,
                     OG_ARGS(og_value_i64(row->seq), og_value_blob(row->hash),
                             og_value_text(row->line)),
                     NULL, err);
}

static enum og_code
each(struct og_db *db, int statement, int64_t seq, int64_t limit,
     bool (*fn)(void *ctx, const struct og_audit_row *row), void *ctx, struct og_err *err)
{
    struct og_rows rows;
    struct og_err own;
    err = err ? err : &own;
    enum og_step step = OG_STEP_DONE;
    bool goes_on = true;
    enum og_code code = og_db_open(db, &page, statement,
                                   OG_ARGS(og_value_i64(seq), og_value_i64(limit)), &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while (goes_on && (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        const struct og_audit_row row = {
            .seq = og_row_i64(&rows, 0),
            .hash = og_row_borrow(&rows, 1),
            .line = og_row_borrow(&rows, 2),
        };
        goes_on = fn(ctx, &row);
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

enum og_code
og_audit_each(struct og_db *db, int64_t after_seq, int64_t limit,
              bool (*fn)(void *ctx, const struct og_audit_row *row), void *ctx, struct og_err *err)
{
    return each(db, SQL_EACH, after_seq, limit, fn, ctx, err);
}

enum og_code
og_audit_each_back(struct og_db *db, int64_t before_seq, int64_t limit,
                   bool (*fn)(void *ctx, const struct og_audit_row *row), void *ctx,
                   struct og_err *err)
{
    return each(db, SQL_EACH_BACK, before_seq, limit, fn, ctx, err);
}

/* ---- the head ---- */

enum og_code
og_audit_head_save(struct og_db *db, const struct og_audit_head *head, struct og_err *err)
{
    return og_db_run(db, &page, SQL_HEAD_SAVE,
                     OG_ARGS(og_value_i64(head->size), og_value_blob(head->last),
                             og_value_blob(head->peaks)),
                     NULL, err);
}

static void
read_head(const struct og_rows *rows, struct og_arena *mem, struct og_audit_head *head)
{
    head->size = og_row_i64(rows, 0);
    head->last = og_row_text(rows, 1, mem);
    head->peaks = og_row_text(rows, 2, mem);
}

enum og_code
og_audit_head_read(struct og_db *db, struct og_arena *mem, struct og_audit_head *out,
                   struct og_err *err)
{
    struct og_rows rows;
    *out = (struct og_audit_head){0};
    const enum og_code code = og_db_first(db, &page, SQL_HEAD_READ, OG_NO_ARGS, &rows, err);
    if (code == OG_OK) {
        read_head(&rows, mem, out);
        og_rows_close(&rows);
    }
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}

/* ---- the start ---- */

enum og_code
og_audit_start_read(struct og_db *db, struct og_arena *mem, struct og_audit_start_row *out,
                    struct og_err *err)
{
    struct og_rows rows;
    *out = (struct og_audit_start_row){0};
    const enum og_code code = og_db_first(db, &page, SQL_START_READ, OG_NO_ARGS, &rows, err);
    if (code == OG_OK) {
        read_head(&rows, mem, &out->chain);
        out->note = og_row_text(&rows, 3, mem);
        og_rows_close(&rows);
    }
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}

enum og_code
og_audit_start_move(struct og_db *db, const struct og_audit_start_row *start, struct og_err *err)
{
    const struct og_audit_head *chain = &start->chain;
    enum og_code code =
        og_db_run(db, &page, SQL_START_SAVE,
                  OG_ARGS(og_value_i64(chain->size), og_value_blob(chain->last),
                          og_value_blob(chain->peaks), og_value_text(start->note)),
                  NULL, err);
    return code == OG_OK ? og_db_run(db, &page, SQL_REMOVE, OG_ARGS(og_value_i64(chain->size)),
                                     NULL, err)
                         : code;
}

/* ---- pseudonyms ---- */

enum og_code
og_audit_subject_find(struct og_db *db, struct og_str digest, struct og_arena *mem,
                      struct og_str *out, struct og_err *err)
{
    return og_db_first_text(db, &page, SQL_SUBJECT_FIND, OG_ARGS(og_value_text(digest)), mem, out,
                            err);
}

enum og_code
og_audit_subject_insert(struct og_db *db, struct og_str digest, struct og_str subject,
                        struct og_err *err)
{
    return og_db_run(db, &page, SQL_SUBJECT_INSERT,
                     OG_ARGS(og_value_text(digest), og_value_text(subject)), NULL, err);
}

enum og_code
og_audit_subject_remove(struct og_db *db, struct og_str digest, bool *found_out,
                        struct og_err *err)
{
    int64_t changed = 0;
    enum og_code code = og_db_run(db, &page, SQL_SUBJECT_REMOVE, OG_ARGS(og_value_text(digest)),
                                  &changed, err);
    *found_out = code == OG_OK && changed > 0;
    return code;
}
