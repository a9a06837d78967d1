/*
 * The page of statements about the database itself.
 */
#include "store/meta_store.h"

enum { SQL_CLAIM, SQL_READ, SQL_WRITE, SQL_STATEMENTS };

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_CLAIM] = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
    [SQL_READ] = "SELECT value FROM meta WHERE name = $1",
    [SQL_WRITE] = ("INSERT INTO meta (name, value) VALUES ($1, $2) "
                   "ON CONFLICT (name) DO UPDATE SET value = excluded.value"),
};

static const struct og_sql_page page = {OG_PAGE_META, sql, SQL_STATEMENTS};

static enum og_code
read_value(struct og_db *db, struct og_str name, struct og_arena *mem, struct og_str *out,
           struct og_err *err)
{
    const enum og_code code =
        og_db_first_text(db, &page, SQL_READ, OG_ARGS(og_value_text(name)), mem, out, err);
    return code == OG_E_NOT_FOUND
               ? og_fail(err, code, NULL, "the database does not say its %" OG_STR_FMT,
                         OG_STR_ARG(name))
               : code;
}

enum og_code
og_meta_claim(struct og_db *db, struct og_str name, struct og_str value, struct og_arena *mem,
              struct og_str *out, struct og_err *err)
{
    enum og_code code = og_db_run(db, &page, SQL_CLAIM,
                                  OG_ARGS(og_value_text(name), og_value_text(value)), NULL, err);
    return code == OG_OK ? read_value(db, name, mem, out, err) : code;
}

enum og_code
og_meta_change(struct og_db *db, struct og_str name, struct og_str value, struct og_arena *mem,
               struct og_str *before_out, struct og_err *err)
{
    struct og_err unheard;
    *before_out = OG_STR("");
    enum og_code code = read_value(db, name, mem, before_out, &unheard);
    return code == OG_OK || code == OG_E_NOT_FOUND
               ? og_db_run(db, &page, SQL_WRITE, OG_ARGS(og_value_text(name), og_value_text(value)),
                           NULL, err)
               : og_fail(err, code, "", "%s", unheard.text);
}
