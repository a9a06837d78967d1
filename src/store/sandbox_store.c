/*
 * The page of statements about the sandbox. Each insert takes the oldest rows beyond the limit
 * away, a few at a time, so that an inbox never grows.
 */
#include "store/sandbox_store.h"

#include "store/sealed_box.h"

#define BOX_MAX_BYTES (300 * 1024)
#define TRIM_ROWS 10

enum { SQL_INSERT, SQL_TRIM, SQL_LIST, SQL_STATEMENTS };

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_INSERT] = "INSERT INTO sandbox_messages (account_id, id, verification_id, recipient, "
                   "content, at) VALUES ($1, $2, $3, $4, $5, $6)",
    [SQL_TRIM] = "DELETE FROM sandbox_messages WHERE account_id = $1 AND id IN (SELECT id FROM "
                 "sandbox_messages WHERE account_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3)",
    [SQL_LIST] = "SELECT id, verification_id, at, recipient, content FROM sandbox_messages "
                 "WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3",
};

static const struct og_sql_page page = {OG_PAGE_SANDBOX, sql, SQL_STATEMENTS};

enum og_code
og_sandbox_insert(struct og_db *db, const struct og_key *seal, struct og_str account_id,
                  const struct og_sandbox_message *message, struct og_err *err)
{
    struct og_buf recipient, content;
    og_buf_init(&recipient, BOX_MAX_BYTES);
    og_buf_init(&content, BOX_MAX_BYTES);
    og_seal(seal, message->id, message->recipient, &recipient);
    og_seal(seal, message->id, message->text, &content);
    enum og_code code =
        og_db_run(db, &page, SQL_INSERT,
                  OG_ARGS(og_value_text(account_id), og_value_text(message->id),
                          og_value_text_or_null(message->verification_id),
                          og_value_blob(og_buf_str(&recipient)),
                          og_value_blob(og_buf_str(&content)), og_value_i64(message->at)),
                  NULL, err);
    og_buf_finish(&recipient);
    og_buf_finish(&content);
    return code != OG_OK ? code
                         : og_db_run(db, &page, SQL_TRIM,
                                     OG_ARGS(og_value_text(account_id), og_value_i64(TRIM_ROWS),
                                             og_value_i64(OG_SANDBOX_MESSAGES_MAX)),
                                     NULL, err);
}

static enum og_code
read_row(const struct og_rows *rows, const struct og_key *seal, struct og_arena *mem,
         struct og_sandbox_message *out, struct og_err *err)
{
    *out = (struct og_sandbox_message){
        .id = og_row_text(rows, 0, mem),
        .verification_id = og_row_text(rows, 1, mem),
        .at = og_row_i64(rows, 2),
    };
    const struct og_box_ask ask = {seal, out->id, BOX_MAX_BYTES, "sandbox message"};
    const enum og_code code = og_box_open(&ask, og_row_borrow(rows, 3), mem, &out->recipient, err);
    return code == OG_OK ? og_box_open(&ask, og_row_borrow(rows, 4), mem, &out->text, err) : code;
}

enum og_code
og_sandbox_list(struct og_db *db, const struct og_key *seal, struct og_str account_id,
                struct og_str after, struct og_arena *mem, struct og_sandbox_message **items_out,
                int *count_out, struct og_err *err)
{
    struct og_rows rows;
    enum og_step step = OG_STEP_DONE;
    *items_out = OG_ARENA_ARRAY(mem, struct og_sandbox_message, OG_SANDBOX_MESSAGES_MAX);
    *count_out = 0;
    enum og_code code = og_db_open(db, &page, SQL_LIST,
                                   OG_ARGS(og_value_text(account_id), og_value_text(after),
                                           og_value_i64(OG_SANDBOX_MESSAGES_MAX)),
                                   &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while (code == OG_OK && (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        code = read_row(&rows, seal, mem, &(*items_out)[*count_out], err);
        *count_out += code == OG_OK;
        code = code == OG_E_UNREADABLE ? OG_OK : code; /* the others are listed */
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : code;
}
