/*
 * The page of statements about routing. Small tables, read whole at start.
 */
#include "store/route_store.h"

enum {
    SQL_USAGE_SAVE,
    SQL_USAGE_EACH,
    SQL_RECIPIENT_NOTE,
    SQL_RECIPIENT_FORGET,
    SQL_RECIPIENT_EACH,
    SQL_FORMER_INSERT,
    SQL_FORMER_LIST,
    SQL_ROUTING_FIND,
    SQL_ROUTING_SAVE,
    SQL_ROUTING_EACH,
    SQL_STATEMENTS
};

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_USAGE_SAVE] = "INSERT INTO device_usage (device_id, usage) VALUES ($1, $2) "
                       "ON CONFLICT (device_id) DO UPDATE SET usage = $2",
    [SQL_USAGE_EACH] = "SELECT device_id, usage FROM device_usage",
    [SQL_RECIPIENT_NOTE] =
        "INSERT INTO sim_recipients (device_id, sim, recipient, last_at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (device_id, sim, recipient) DO UPDATE SET last_at = $4",
    [SQL_RECIPIENT_FORGET] = "DELETE FROM sim_recipients WHERE last_at <= $1",
    [SQL_RECIPIENT_EACH] = "SELECT device_id, sim, recipient, last_at FROM sim_recipients",
    [SQL_FORMER_INSERT] =
        "INSERT INTO message_routes (account_id, message_id, n, device_id, sim, handed_at, "
        "ended_at, outcome, reason, hinted_at, processed_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    [SQL_FORMER_LIST] =
        "SELECT device_id, sim, handed_at, ended_at, outcome, reason, hinted_at, processed_at "
        "FROM message_routes WHERE account_id = $1 AND message_id = $2 ORDER BY n LIMIT $3",
    [SQL_ROUTING_FIND] = "SELECT document FROM account_routing WHERE account_id = $1",
    [SQL_ROUTING_SAVE] =
        "INSERT INTO account_routing (account_id, document, updated_at) VALUES ($1, $2, $3) "
        "ON CONFLICT (account_id) DO UPDATE SET document = $2, updated_at = $3",
    [SQL_ROUTING_EACH] = "SELECT account_id, document FROM account_routing",
};

static const struct og_sql_page page = {OG_PAGE_ROUTE, sql, SQL_STATEMENTS};

/* Calls fn for each row with its first two columns. */
static enum og_code
each_pair(struct og_db *db, int statement,
          void (*fn)(void *ctx, struct og_str key, struct og_str value), void *ctx,
          struct og_err *err)
{
    struct og_rows rows;
    const enum og_code code = og_db_open(db, &page, statement, OG_NO_ARGS, &rows, err);
    if (code != OG_OK) {
        return code;
    }
    struct og_arena mem;
    og_arena_init(&mem, 0);
    enum og_step step;
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        fn(ctx, og_row_text(&rows, 0, &mem), og_row_text(&rows, 1, &mem));
        og_arena_reset(&mem);
    }
    og_arena_finish(&mem);
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

/* ---- use of phones and SIMs ---- */

enum og_code
og_usage_save(struct og_db *db, struct og_str device_id, struct og_str usage, struct og_err *err)
{
    return og_db_run(db, &page, SQL_USAGE_SAVE,
                     OG_ARGS(og_value_text(device_id), og_value_text(usage)), NULL, err);
}

enum og_code
og_usage_each(struct og_db *db,
              void (*fn)(void *ctx, struct og_str device_id, struct og_str usage), void *ctx,
              struct og_err *err)
{
    return each_pair(db, SQL_USAGE_EACH, fn, ctx, err);
}

enum og_code
og_sim_recipient_note(struct og_db *db, struct og_str device_id, int sim, uint64_t recipient,
                      int64_t at_ms, struct og_err *err)
{
    return og_db_run(db, &page, SQL_RECIPIENT_NOTE,
                     OG_ARGS(og_value_text(device_id), og_value_i64(sim),
                             og_value_i64((int64_t)recipient), og_value_i64(at_ms)),
                     NULL, err);
}

enum og_code
og_sim_recipient_each(struct og_db *db, int64_t since_ms,
                      void (*fn)(void *ctx, struct og_str device_id, int sim, uint64_t recipient,
                                 int64_t at_ms),
                      void *ctx, struct og_err *err)
{
    struct og_rows rows;
    enum og_code code = og_db_run(db, &page, SQL_RECIPIENT_FORGET,
                                  OG_ARGS(og_value_i64(since_ms)), NULL, err);
    if (code == OG_OK) {
        code = og_db_open(db, &page, SQL_RECIPIENT_EACH, OG_NO_ARGS, &rows, err);
    }
    if (code != OG_OK) {
        return code;
    }
    enum og_step step;
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        fn(ctx, og_row_borrow(&rows, 0), (int)og_row_i64(&rows, 1),
           (uint64_t)og_row_i64(&rows, 2), og_row_i64(&rows, 3));
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

/* ---- former routes of a message ---- */

enum og_code
og_former_route_insert(struct og_db *db, struct og_str account_id, struct og_str message_id,
                       int64_t n, const struct og_former_route *route, struct og_err *err)
{
    return og_db_run(db, &page, SQL_FORMER_INSERT,
                     OG_ARGS(og_value_text(account_id), og_value_text(message_id),
                             og_value_i64(n), og_value_text(route->device_id),
                             og_value_i64_or_null(route->sim), og_value_i64(route->handed_at),
                             og_value_i64(route->ended_at), og_value_i64(route->outcome),
                             og_value_text_or_null(route->reason),
                             og_value_i64_or_null(route->hinted_at),
                             og_value_i64_or_null(route->processed_at)),
                     NULL, err);
}

enum og_code
og_former_route_list(struct og_db *db, struct og_str account_id, struct og_str message_id,
                     int limit, struct og_arena *mem, struct og_former_route **items_out,
                     int *count_out, struct og_err *err)
{
    struct og_rows rows;
    const enum og_code code = og_db_open(db, &page, SQL_FORMER_LIST,
                                         OG_ARGS(og_value_text(account_id),
                                                 og_value_text(message_id), og_value_i64(limit)),
                                         &rows, err);
    *items_out = OG_ARENA_ARRAY(mem, struct og_former_route, (size_t)limit + 1);
    *count_out = 0;
    if (code != OG_OK) {
        return code;
    }
    enum og_step step;
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        (*items_out)[(*count_out)++] = (struct og_former_route){
            .device_id = og_row_text(&rows, 0, mem),
            .sim = og_row_i64(&rows, 1),
            .handed_at = og_row_i64(&rows, 2),
            .ended_at = og_row_i64(&rows, 3),
            .outcome = (enum og_route_outcome)og_row_i64(&rows, 4),
            .reason = og_row_text(&rows, 5, mem),
            .hinted_at = og_row_i64(&rows, 6),
            .processed_at = og_row_i64(&rows, 7),
        };
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

/* ---- rules of accounts ---- */

enum og_code
og_routing_find(struct og_db *db, struct og_str account_id, struct og_arena *mem,
                struct og_str *out, struct og_err *err)
{
    const enum og_code code = og_db_first_text(db, &page, SQL_ROUTING_FIND,
                                               OG_ARGS(og_value_text(account_id)), mem, out, err);
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}

enum og_code
og_routing_save(struct og_db *db, struct og_str account_id, struct og_str document,
                int64_t now_ms, struct og_err *err)
{
    return og_db_run(db, &page, SQL_ROUTING_SAVE,
                     OG_ARGS(og_value_text(account_id), og_value_text(document),
                             og_value_i64(now_ms)),
                     NULL, err);
}

enum og_code
og_routing_each(struct og_db *db,
                void (*fn)(void *ctx, struct og_str account_id, struct og_str document), void *ctx,
                struct og_err *err)
{
    return each_pair(db, SQL_ROUTING_EACH, fn, ctx, err);
}
