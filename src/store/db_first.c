/* The first row of a query, whatever the engine. */
#include "store/db.h"

enum og_code
og_db_first(struct og_db *db, const struct og_sql_page *page, int statement,
            const struct og_value *args, int arg_count, struct og_rows *rows, struct og_err *err)
{
    struct og_err local;
    err = err ? err : &local;
    *rows = (struct og_rows){0};
    const enum og_code code = og_db_open(db, page, statement, args, arg_count, rows, err);
    if (code != OG_OK) {
        return code;
    }
    const enum og_step step = og_rows_next(rows, err);
    if (step == OG_STEP_ROW) {
        return OG_OK;
    }
    og_rows_close(rows);
    *rows = (struct og_rows){0};
    return step == OG_STEP_DONE ? OG_E_NOT_FOUND : err->code;
}

enum og_code
og_db_first_i64(struct og_db *db, const struct og_sql_page *page, int statement,
                const struct og_value *args, int arg_count, int64_t *out, struct og_err *err)
{
    struct og_rows rows;
    const enum og_code code = og_db_first(db, page, statement, args, arg_count, &rows, err);
    *out = code == OG_OK ? og_row_i64(&rows, 0) : 0;
    og_rows_close(&rows);
    return code;
}

enum og_code
og_db_first_text(struct og_db *db, const struct og_sql_page *page, int statement,
                 const struct og_value *args, int arg_count, struct og_arena *mem,
                 struct og_str *out, struct og_err *err)
{
    struct og_rows rows;
    const enum og_code code = og_db_first(db, page, statement, args, arg_count, &rows, err);
    *out = code == OG_OK ? og_row_text(&rows, 0, mem) : OG_STR("");
    og_rows_close(&rows);
    return code;
}
