/*
 * The page of statements of the abuse shield. Sends are appended and found by the id of what they
 * sent; all else is small.
 */
#include "store/abuse_store.h"

enum {
    SQL_SEND_INSERT,
    SQL_SEND_FIND,
    SQL_SEND_VERIFY,
    SQL_SENDS,
    SQL_SENDS_PURGE,
    SQL_STOP_PUT,
    SQL_STOP_REMOVE,
    SQL_STOPS,
    SQL_STOPS_PURGE,
    SQL_RESET_PUT,
    SQL_RESETS,
    SQL_RESETS_PURGE,
    SQL_DECISION_INSERT,
    SQL_DECISIONS,
    SQL_DECISIONS_PURGE,
    SQL_STATEMENTS
};

#define SEND_COLUMNS "send_id, n, at, account_id, kind, amount, region, prefix, subjects, verified"

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_SEND_INSERT] = "INSERT INTO abuse_sends (" SEND_COLUMNS ") "
                        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)",
    [SQL_SEND_FIND] = "SELECT " SEND_COLUMNS " FROM abuse_sends WHERE send_id = $1 AND n = 1",
    [SQL_SEND_VERIFY] = "UPDATE abuse_sends SET verified = 1 "
                        "WHERE send_id = $1 AND n = 1 AND verified = 0",
    [SQL_SENDS] = "SELECT " SEND_COLUMNS " FROM abuse_sends WHERE at > $1 ORDER BY at",
    [SQL_SENDS_PURGE] = "DELETE FROM abuse_sends WHERE (send_id, n) IN "
                        "(SELECT send_id, n FROM abuse_sends WHERE at <= $1 ORDER BY at LIMIT $2)",
    [SQL_STOP_PUT] = "INSERT INTO abuse_stops "
                     "(place, id, account_id, subject, label, rule, since, until) "
                     "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (place) DO UPDATE SET "
                     "id = excluded.id, rule = excluded.rule, since = excluded.since, "
                     "until = excluded.until",
    [SQL_STOP_REMOVE] = "DELETE FROM abuse_stops "
                        "WHERE id = $1 AND ($2 = '' OR account_id = $2)",
    [SQL_STOPS] = "SELECT place, id, account_id, subject, label, rule, since, until "
                  "FROM abuse_stops WHERE (until IS NULL OR until > $1) "
                  "AND ($2 = '' OR account_id IN ($2, '')) ORDER BY since DESC, id DESC LIMIT $3",
    [SQL_STOPS_PURGE] = "DELETE FROM abuse_stops WHERE until <= $1",
    [SQL_RESET_PUT] = "INSERT INTO abuse_resets (subject, key, at) VALUES ($1, $2, $3) "
                      "ON CONFLICT (subject, key) DO UPDATE SET at = excluded.at",
    [SQL_RESETS] = "SELECT subject, key, at FROM abuse_resets",
    [SQL_RESETS_PURGE] = "DELETE FROM abuse_resets WHERE at <= $1",
    [SQL_DECISION_INSERT] = "INSERT INTO abuse_decisions "
                            "(id, at, account_id, action, rule, figure, most, count, number, "
                            "place, source) "
                            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    [SQL_DECISIONS] = "SELECT id, at, account_id, action, rule, figure, most, count, number, "
                      "place, source FROM abuse_decisions WHERE ($1 = '' OR account_id = $1) "
                      "AND ($2 = '' OR rule = $2) AND ($3 = '' OR action = $3) "
                      "ORDER BY id DESC LIMIT $4",
    [SQL_DECISIONS_PURGE] = "DELETE FROM abuse_decisions WHERE id IN "
                            "(SELECT id FROM abuse_decisions ORDER BY id DESC LIMIT $1 OFFSET $2)",
};

static const struct og_sql_page page = {OG_PAGE_ABUSE, sql, SQL_STATEMENTS};

/* ---- sends ---- */

enum og_code
og_abuse_send_insert(struct og_db *db, const struct og_abuse_send *send, struct og_err *err)
{
    return og_db_run(db, &page, SQL_SEND_INSERT,
                     OG_ARGS(og_value_text(send->send_id), og_value_i64(send->n),
                             og_value_i64(send->at), og_value_text(send->account_id),
                             og_value_i64(send->kind), og_value_i64(send->amount),
                             og_value_text(send->region), og_value_text(send->prefix),
                             og_value_blob(send->subjects)),
                     NULL, err);
}

static void
read_send(const struct og_rows *rows, struct og_abuse_send *out)
{
    *out = (struct og_abuse_send){
        .send_id = og_row_borrow(rows, 0),
        .n = (int)og_row_i64(rows, 1),
        .at = og_row_i64(rows, 2),
        .account_id = og_row_borrow(rows, 3),
        .kind = (int)og_row_i64(rows, 4),
        .amount = (int)og_row_i64(rows, 5),
        .region = og_row_borrow(rows, 6),
        .prefix = og_row_borrow(rows, 7),
        .subjects = og_row_borrow(rows, 8),
        .is_verified = og_row_i64(rows, 9) != 0,
    };
}

enum og_code
og_abuse_send_find(struct og_db *db, struct og_str send_id, struct og_arena *mem,
                   struct og_abuse_send *out, struct og_err *err)
{
    struct og_rows rows;
    const enum og_code code =
        og_db_first(db, &page, SQL_SEND_FIND, OG_ARGS(og_value_text(send_id)), &rows, err);
    if (code == OG_OK) {
        read_send(&rows, out);
        out->send_id = og_str_dup(mem, out->send_id);
        out->account_id = og_str_dup(mem, out->account_id);
        out->region = og_str_dup(mem, out->region);
        out->prefix = og_str_dup(mem, out->prefix);
        out->subjects = og_str_dup(mem, out->subjects);
        og_rows_close(&rows);
    }
    return code;
}

/* Two statements: a change that returns its row costs more, for it makes a table of it. */
enum og_code
og_abuse_send_verify(struct og_db *db, struct og_str send_id, struct og_arena *mem,
                     struct og_abuse_send *out, struct og_err *err)
{
    int64_t changed = 0;
    enum og_code code = og_db_run(db, &page, SQL_SEND_VERIFY, OG_ARGS(og_value_text(send_id)),
                                  &changed, err);
    if (code == OG_OK && changed == 0) {
        code = og_fail(err, OG_E_NOT_FOUND, NULL, "no such send, or it is verified");
    }
    return code == OG_OK ? og_abuse_send_find(db, send_id, mem, out, err) : code;
}

enum og_code
og_abuse_sends_each(struct og_db *db, int64_t since,
                    void (*fn)(void *ctx, const struct og_abuse_send *send), void *ctx,
                    struct og_err *err)
{
    struct og_rows rows;
    enum og_step step;
    enum og_code code = og_db_open(db, &page, SQL_SENDS, OG_ARGS(og_value_i64(since)), &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        struct og_abuse_send send;
        read_send(&rows, &send);
        fn(ctx, &send);
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

/* ---- stops ---- */

enum og_code
og_abuse_stop_put(struct og_db *db, const struct og_abuse_stop *stop, struct og_err *err)
{
    return og_db_run(db, &page, SQL_STOP_PUT,
                     OG_ARGS(og_value_i64(stop->place), og_value_text(stop->id),
                             og_value_text(stop->account_id), og_value_text(stop->subject),
                             og_value_text(stop->label), og_value_text(stop->rule),
                             og_value_i64(stop->since), og_value_i64_or_null(stop->until)),
                     NULL, err);
}

enum og_code
og_abuse_stop_remove(struct og_db *db, struct og_str id, struct og_str account_id,
                     struct og_err *err)
{
    int64_t changed = 0;
    enum og_code code = og_db_run(db, &page, SQL_STOP_REMOVE,
                                  OG_ARGS(og_value_text(id), og_value_text(account_id)), &changed,
                                  err);
    return code == OG_OK && changed == 0 ? og_fail(err, OG_E_NOT_FOUND, "id", "no such stop")
                                         : code;
}

enum og_code
og_abuse_stops(struct og_db *db, struct og_str account_id, int64_t now_ms, struct og_arena *mem,
               struct og_abuse_stop **items_out, int *count_out, struct og_err *err)
{
    struct og_rows rows;
    enum og_step step = OG_STEP_DONE;
    *items_out = OG_ARENA_ARRAY(mem, struct og_abuse_stop, OG_ABUSE_STOPS_MAX);
    *count_out = 0;
    enum og_code code = og_db_open(db, &page, SQL_STOPS,
                                   OG_ARGS(og_value_i64(now_ms), og_value_text(account_id),
                                           og_value_i64(OG_ABUSE_STOPS_MAX)),
                                   &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while (*count_out < OG_ABUSE_STOPS_MAX && (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        (*items_out)[(*count_out)++] = (struct og_abuse_stop){
            .place = og_row_i64(&rows, 0),
            .id = og_row_text(&rows, 1, mem),
            .account_id = og_row_text(&rows, 2, mem),
            .subject = og_row_text(&rows, 3, mem),
            .label = og_row_text(&rows, 4, mem),
            .rule = og_row_text(&rows, 5, mem),
            .since = og_row_i64(&rows, 6),
            .until = og_row_i64(&rows, 7),
        };
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

/* ---- resets ---- */

enum og_code
og_abuse_reset_put(struct og_db *db, const struct og_abuse_reset *reset, struct og_err *err)
{
    return og_db_run(db, &page, SQL_RESET_PUT,
                     OG_ARGS(og_value_text(reset->subject), og_value_i64(reset->key),
                             og_value_i64(reset->at)),
                     NULL, err);
}

enum og_code
og_abuse_resets_each(struct og_db *db, void (*fn)(void *ctx, const struct og_abuse_reset *reset),
                     void *ctx, struct og_err *err)
{
    struct og_rows rows;
    enum og_step step;
    enum og_code code = og_db_open(db, &page, SQL_RESETS, OG_NO_ARGS, &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        const struct og_abuse_reset reset = {og_row_borrow(&rows, 0), og_row_i64(&rows, 1),
                                             og_row_i64(&rows, 2)};
        fn(ctx, &reset);
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

/* ---- decisions ---- */

enum og_code
og_abuse_decision_insert(struct og_db *db, const struct og_abuse_decision *d, struct og_err *err)
{
    return og_db_run(db, &page, SQL_DECISION_INSERT,
                     OG_ARGS(og_value_text(d->id), og_value_i64(d->at),
                             og_value_text(d->account_id), og_value_text(d->action),
                             og_value_text(d->rule), og_value_i64(d->figure),
                             og_value_i64(d->limit), og_value_i64(d->count),
                             og_value_text(d->number), og_value_text(d->place),
                             og_value_text(d->source)),
                     NULL, err);
}

enum og_code
og_abuse_decisions(struct og_db *db, const struct og_abuse_decision_filter *filter,
                   struct og_arena *mem, struct og_abuse_decision **items_out, int *count_out,
                   struct og_err *err)
{
    struct og_rows rows;
    enum og_step step = OG_STEP_DONE;
    *items_out = OG_ARENA_ARRAY(mem, struct og_abuse_decision, (size_t)filter->limit);
    *count_out = 0;
    enum og_code code = og_db_open(db, &page, SQL_DECISIONS,
                                   OG_ARGS(og_value_text(filter->account_id),
                                           og_value_text(filter->rule),
                                           og_value_text(filter->action),
                                           og_value_i64(filter->limit)),
                                   &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while (*count_out < filter->limit && (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        (*items_out)[(*count_out)++] = (struct og_abuse_decision){
            .id = og_row_text(&rows, 0, mem),
            .at = og_row_i64(&rows, 1),
            .account_id = og_row_text(&rows, 2, mem),
            .action = og_row_text(&rows, 3, mem),
            .rule = og_row_text(&rows, 4, mem),
            .figure = og_row_i64(&rows, 5),
            .limit = og_row_i64(&rows, 6),
            .count = og_row_i64(&rows, 7),
            .number = og_row_text(&rows, 8, mem),
            .place = og_row_text(&rows, 9, mem),
            .source = og_row_text(&rows, 10, mem),
        };
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

/* ---- housekeeping ---- */

enum og_code
og_abuse_purge(struct og_db *db, int64_t until, int64_t now_ms, int decisions_kept, int rows,
               struct og_err *err)
{
    enum og_code code = og_db_run(db, &page, SQL_SENDS_PURGE,
                                  OG_ARGS(og_value_i64(until), og_value_i64(rows)), NULL, err);
    if (code == OG_OK) {
        code = og_db_run(db, &page, SQL_RESETS_PURGE, OG_ARGS(og_value_i64(until)), NULL, err);
    }
    if (code == OG_OK) {
        code = og_db_run(db, &page, SQL_STOPS_PURGE, OG_ARGS(og_value_i64(now_ms)), NULL, err);
    }
    if (code == OG_OK) {
        code = og_db_run(db, &page, SQL_DECISIONS_PURGE,
                         OG_ARGS(og_value_i64(rows), og_value_i64(decisions_kept)), NULL, err);
    }
    return code;
}
