/*
 * The page of statements about templates. A template is written whole: its texts are those that
 * were said last.
 */
#include "store/template_store.h"

enum {
    SQL_PUT,
    SQL_FIND,
    SQL_LIST,
    SQL_REMOVE,
    SQL_TEXT_PUT,
    SQL_TEXT_LIST,
    SQL_TEXT_CLEAR,
    SQL_STATEMENTS
};

#define COLUMNS "name, kind, policy, allow_long, default_locale, created_at, updated_at"

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_PUT] = "INSERT INTO otp_templates (account_id, " COLUMNS ") VALUES ($1, $2, $3, $4, $5, "
                "$6, $7, $7) ON CONFLICT (account_id, name) DO UPDATE SET kind = excluded.kind, "
                "policy = excluded.policy, allow_long = excluded.allow_long, "
                "default_locale = excluded.default_locale, updated_at = excluded.updated_at",
    [SQL_FIND] = "SELECT " COLUMNS " FROM otp_templates WHERE account_id = $1 AND name = $2",
    [SQL_LIST] = "SELECT " COLUMNS " FROM otp_templates WHERE account_id = $1 ORDER BY name "
                 "LIMIT $2",
    [SQL_REMOVE] = "DELETE FROM otp_templates WHERE account_id = $1 AND name = $2",
    [SQL_TEXT_PUT] = "INSERT INTO otp_template_texts (account_id, template, locale, text) "
                     "VALUES ($1, $2, $3, $4)",
    [SQL_TEXT_LIST] = "SELECT locale, text FROM otp_template_texts WHERE account_id = $1 AND "
                      "template = $2 ORDER BY locale LIMIT $3",
    [SQL_TEXT_CLEAR] = "DELETE FROM otp_template_texts WHERE account_id = $1 AND template = $2",
};

static const struct og_sql_page page = {OG_PAGE_TEMPLATE, sql, SQL_STATEMENTS};

static enum og_code
clear_texts(struct og_db *db, struct og_str account_id, struct og_str name, struct og_err *err)
{
    return og_db_run(db, &page, SQL_TEXT_CLEAR,
                     OG_ARGS(og_value_text(account_id), og_value_text(name)), NULL, err);
}

static enum og_code
write_row(struct og_db *db, struct og_str account_id, const struct og_template *template,
          struct og_err *err)
{
    return og_db_run(db, &page, SQL_PUT,
                     OG_ARGS(og_value_text(account_id), og_value_text(template->name),
                             og_value_i64(template->kind), og_value_i64(template->policy),
                             og_value_i64(template->allow_long),
                             og_value_text(template->default_locale),
                             og_value_i64(template->updated_at)),
                     NULL, err);
}

static enum og_code
write_texts(struct og_db *db, struct og_str account_id, const struct og_template *template,
            struct og_err *err)
{
    enum og_code code = clear_texts(db, account_id, template->name, err);
    for (int i = 0; code == OG_OK && i < template->text_count; i++) {
        code = og_db_run(db, &page, SQL_TEXT_PUT,
                         OG_ARGS(og_value_text(account_id), og_value_text(template->name),
                                 og_value_text(template->texts[i].locale),
                                 og_value_text(template->texts[i].text)),
                         NULL, err);
    }
    return code;
}

static void
read_row(const struct og_rows *rows, struct og_arena *mem, struct og_template *out)
{
    *out = (struct og_template){
        .name = og_row_text(rows, 0, mem),
        .kind = (enum og_otp_template_kind)og_row_i64(rows, 1),
        .policy = (enum og_otp_template_policy)og_row_i64(rows, 2),
        .allow_long = og_row_i64(rows, 3) != 0,
        .default_locale = og_row_text(rows, 4, mem),
        .created_at = og_row_i64(rows, 5),
        .updated_at = og_row_i64(rows, 6),
    };
}

static enum og_code
read_texts(struct og_db *db, struct og_str account_id, struct og_arena *mem,
           struct og_template *template, struct og_err *err)
{
    struct og_rows rows;
    enum og_step step;
    enum og_code code = og_db_open(db, &page, SQL_TEXT_LIST,
                                   OG_ARGS(og_value_text(account_id),
                                           og_value_text(template->name),
                                           og_value_i64(OG_TEMPLATE_TEXTS_MAX)),
                                   &rows, err);
    if (code != OG_OK) {
        return code;
    }
    template->texts = OG_ARENA_ARRAY(mem, struct og_template_text, OG_TEMPLATE_TEXTS_MAX);
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        template->texts[template->text_count++] = (struct og_template_text){
            .locale = og_row_text(&rows, 0, mem), .text = og_row_text(&rows, 1, mem)};
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

enum og_code
og_template_put(struct og_db *db, struct og_str account_id, const struct og_template *template,
                bool *made_out, struct og_err *err)
{
    struct og_arena mem;
    struct og_template before;
    og_arena_init(&mem, 0);
    enum og_code code = og_template_find(db, account_id, template->name, &mem, &before, err);
    *made_out = code == OG_E_NOT_FOUND;
    og_arena_finish(&mem);
    if (code == OG_OK || *made_out) {
        code = write_row(db, account_id, template, err);
    }
    return code == OG_OK ? write_texts(db, account_id, template, err) : code;
}

enum og_code
og_template_find(struct og_db *db, struct og_str account_id, struct og_str name,
                 struct og_arena *mem, struct og_template *out, struct og_err *err)
{
    struct og_rows rows;
    struct og_err own;
    err = err ? err : &own;
    const enum og_code code =
        og_db_first(db, &page, SQL_FIND, OG_ARGS(og_value_text(account_id), og_value_text(name)),
                    &rows, err);
    if (code != OG_OK) {
        return code == OG_E_NOT_FOUND
                   ? og_fail(err, OG_E_NOT_FOUND, "template", "no such template")
                   : code;
    }
    read_row(&rows, mem, out);
    og_rows_close(&rows);
    return read_texts(db, account_id, mem, out, err);
}

enum og_code
og_template_list(struct og_db *db, struct og_str account_id, struct og_arena *mem,
                 struct og_template **items_out, int *count_out, struct og_err *err)
{
    struct og_rows rows;
    struct og_template *items = OG_ARENA_ARRAY(mem, struct og_template, OG_TEMPLATES_MAX);
    enum og_step step;
    int count = 0;
    enum og_code code = og_db_open(db, &page, SQL_LIST,
                                   OG_ARGS(og_value_text(account_id),
                                           og_value_i64(OG_TEMPLATES_MAX)),
                                   &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        read_row(&rows, mem, &items[count++]);
    }
    og_rows_close(&rows);
    code = step == OG_STEP_ERROR ? err->code : OG_OK;
    for (int i = 0; code == OG_OK && i < count; i++) {
        code = read_texts(db, account_id, mem, &items[i], err);
    }
    *items_out = items;
    *count_out = count;
    return code;
}

enum og_code
og_template_remove(struct og_db *db, struct og_str account_id, struct og_str name,
                   struct og_err *err)
{
    int64_t removed = 0;
    enum og_code code = og_db_run(db, &page, SQL_REMOVE,
                                  OG_ARGS(og_value_text(account_id), og_value_text(name)),
                                  &removed, err);
    if (code == OG_OK && removed == 0) {
        return og_fail(err, OG_E_NOT_FOUND, "template", "no such template");
    }
    return code == OG_OK ? clear_texts(db, account_id, name, err) : code;
}
