/*
 * The page of statements that end what was left over. Each finds its rows by an index, or by ids,
 * which begin with their time.
 */
#include "store/overdue_store.h"

#include "base/id.h"

enum { SQL_MESSAGES, SQL_MESSAGE_END, SQL_VERIFICATIONS_END, SQL_EVENTS, SQL_STATEMENTS };

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_MESSAGES] = "SELECT account_id, id FROM messages WHERE final_at IS NULL AND "
                     "deadline_at <= $1 ORDER BY deadline_at LIMIT $2",
    /* states 4 and 5: Sent and Delivered; 6: Failed; class 1: codes */
    [SQL_MESSAGE_END] =
        "UPDATE messages SET final_at = $4, "
        "failed_at = CASE WHEN state IN (4, 5) THEN failed_at ELSE $4 END, "
        "reason = CASE WHEN state IN (4, 5) THEN reason ELSE $3 END, "
        "assumed = CASE WHEN state IN (4, 5) THEN assumed ELSE 1 END, "
        "state = CASE WHEN state IN (4, 5) THEN state ELSE 6 END, "
        "content = CASE WHEN class = 1 THEN NULL ELSE content END "
        "WHERE account_id = $1 AND id = $2 AND final_at IS NULL",
    [SQL_VERIFICATIONS_END] =
        "UPDATE verifications SET state = 3, closed_at = expires_at WHERE state = 0 AND id IN "
        "(SELECT id FROM verifications WHERE state = 0 AND expires_at <= $1 "
        "ORDER BY expires_at LIMIT $2)",
    [SQL_EVENTS] = "SELECT account_id, id FROM webhook_outbox WHERE id < $3 AND created_at <= $1 "
                   "AND dead_at IS NULL ORDER BY id LIMIT $2",
};

static const struct og_sql_page page = {OG_PAGE_OVERDUE, sql, SQL_STATEMENTS};

/* Rows of account and id. */
static enum og_code
list(struct og_db *db, int statement, const struct og_value *args, int arg_count, int limit,
     struct og_arena *mem, struct og_overdue_row **items_out, int *count_out, struct og_err *err)
{
    struct og_rows rows;
    enum og_step step = OG_STEP_DONE;
    *items_out = OG_ARENA_ARRAY(mem, struct og_overdue_row, (size_t)limit + 1);
    *count_out = 0;
    const enum og_code code = og_db_open(db, &page, statement, args, arg_count, &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while (*count_out < limit && (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        (*items_out)[(*count_out)++] =
            (struct og_overdue_row){og_row_text(&rows, 0, mem), og_row_text(&rows, 1, mem)};
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

enum og_code
og_overdue_messages(struct og_db *db, int64_t before_ms, int limit, struct og_arena *mem,
                    struct og_overdue_row **items_out, int *count_out, struct og_err *err)
{
    return list(db, SQL_MESSAGES, OG_ARGS(og_value_i64(before_ms), og_value_i64(limit)), limit,
                mem, items_out, count_out, err);
}

enum og_code
og_overdue_events(struct og_db *db, int64_t before_ms, int limit, struct og_arena *mem,
                  struct og_overdue_row **items_out, int *count_out, struct og_err *err)
{
    char floor[OG_ID_TIME_CHARS + 1];
    og_id_floor(before_ms + 1, floor);
    return list(db, SQL_EVENTS,
                OG_ARGS(og_value_i64(before_ms), og_value_i64(limit), og_value_cstr(floor)),
                limit, mem, items_out, count_out, err);
}

enum og_code
og_overdue_message_end(struct og_db *db, const struct og_overdue_row *m, struct og_str reason,
                       int64_t now_ms, struct og_err *err)
{
    return og_db_run(db, &page, SQL_MESSAGE_END,
                     OG_ARGS(og_value_text(m->account_id), og_value_text(m->id),
                             og_value_text(reason), og_value_i64(now_ms)),
                     NULL, err);
}

enum og_code
og_overdue_verifications_end(struct og_db *db, int64_t before_ms, int limit, int64_t *count_out,
                             struct og_err *err)
{
    return og_db_run(db, &page, SQL_VERIFICATIONS_END,
                     OG_ARGS(og_value_i64(before_ms), og_value_i64(limit)), count_out, err);
}
