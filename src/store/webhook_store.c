/*
 * The page of statements about webhooks and their outbox, and rows to structs.
 */
#include "store/webhook_store.h"

enum {
    SQL_PUT,
    SQL_LIST,
    SQL_FIND,
    SQL_REMOVE,
    SQL_REMOVE_OUTBOX,
    SQL_REMOVE_OUTBOX_OF_DEVICE,
    SQL_REMOVE_OF_DEVICE,
    SQL_DISABLE,
    SQL_DISABLE_NOTE,
    SQL_DISABLE_OUTBOX,
    SQL_COUNT,
    SQL_ACCOUNT_FIND,
    SQL_ACCOUNT_PUT,
    SQL_ADD,
    SQL_HOOKS_DUE,
    SQL_DUE,
    SQL_LEASE,
    SQL_RECOVER,
    SQL_OF_LINE,
    SQL_NOTE,
    SQL_TAKEN,
    SQL_FAILED,
    SQL_DEAD,
    SQL_REPLAY_HOOK,
    SQL_REPLAY,
    SQL_STATEMENTS
};

/* Columns in the order of read_hook and read_event. */
#define HOOK "w.account_id, w.id, w.device_id, w.url, w.event, w.created_at, w.disabled_at"
#define EVENT                                                                                     \
    "o.id, o.account_id, o.webhook_id, o.line, o.event, o.reason, o.created_at, o.failed, "       \
    "o.dead_at, o.next_at"
#define DEAD_OF " WHERE dead_at IS NOT NULL AND ($1 = '' OR account_id = $1) AND ($2 = '' OR id = $2)"

/* A step of the time line: kind 5 is OG_NOTE_HOOK. The same event may be told of again, after a
 * replay. Steps of what is gone would stay for ever. */
#define NOTE(tries, reason)                                                                       \
    "INSERT INTO timeline_steps (account_id, subject_id, id, kind, at, other_id, event, tries, "  \
    "reason) SELECT o.account_id, o.subject_id, o.id, 5, $1, o.webhook_id, o.event, " tries       \
    ", " reason " FROM webhook_outbox o WHERE o.dead_at IS NULL AND (EXISTS (SELECT 1 FROM "      \
    "messages m WHERE m.account_id = o.account_id AND m.id = o.subject_id) OR EXISTS (SELECT 1 "  \
    "FROM verifications v WHERE v.id = o.subject_id))"
#define NOTE_AGAIN                                                                                \
    " ON CONFLICT (account_id, subject_id, id) DO UPDATE SET at = excluded.at, "                  \
    "tries = excluded.tries, reason = excluded.reason"

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_PUT] = "INSERT INTO webhooks (account_id, id, device_id, url, event, created_at) "
                "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, id) DO UPDATE SET "
                "device_id = excluded.device_id, url = excluded.url, event = excluded.event, "
                "disabled_at = NULL",
    [SQL_LIST] = "SELECT " HOOK " FROM webhooks w WHERE ($1 = '' OR w.account_id = $1) "
                 "ORDER BY w.created_at, w.id",
    [SQL_FIND] = "SELECT " HOOK " FROM webhooks w WHERE w.account_id = $1 AND w.id = $2",
    [SQL_REMOVE] = "DELETE FROM webhooks WHERE account_id = $1 AND id = $2",
    [SQL_REMOVE_OUTBOX] = "DELETE FROM webhook_outbox WHERE id IN (SELECT o.id FROM webhook_outbox o "
                          "WHERE o.account_id = $1 AND o.webhook_id = $2 AND o.dead_at IS NULL "
                          "UNION ALL SELECT o.id FROM webhook_outbox o WHERE o.account_id = $1 AND "
                          "o.dead_at IS NOT NULL AND o.webhook_id = $2)",
    [SQL_REMOVE_OUTBOX_OF_DEVICE] =
        "DELETE FROM webhook_outbox WHERE id IN (SELECT o.id FROM webhooks w "
        "CROSS JOIN webhook_outbox o ON o.account_id = w.account_id AND o.webhook_id = w.id "
        "WHERE w.device_id = $1 AND o.dead_at IS NULL UNION ALL SELECT o.id FROM webhooks w "
        "CROSS JOIN webhook_outbox o ON o.account_id = w.account_id AND o.webhook_id = w.id "
        "WHERE w.device_id = $1 AND o.dead_at IS NOT NULL)",
    [SQL_REMOVE_OF_DEVICE] = "DELETE FROM webhooks WHERE device_id = $1",
    [SQL_DISABLE] = "UPDATE webhooks SET disabled_at = $3 WHERE account_id = $1 AND id = $2",
    [SQL_DISABLE_NOTE] = NOTE("o.failed", "'the receiver is gone'")
        " AND o.account_id = $2 AND o.webhook_id = $3" NOTE_AGAIN,
    [SQL_DISABLE_OUTBOX] = "UPDATE webhook_outbox SET dead_at = $3, reason = 'the receiver is gone' "
                           "WHERE account_id = $1 AND webhook_id = $2 AND dead_at IS NULL",
    [SQL_COUNT] = "SELECT count(*) FROM webhooks",
    [SQL_ACCOUNT_FIND] = "SELECT told_by, signing_key, authorities FROM webhook_accounts "
                         "WHERE account_id = $1",
    [SQL_ACCOUNT_PUT] = "INSERT INTO webhook_accounts (account_id, told_by, signing_key, "
                        "authorities) VALUES ($1, $2, $3, $4) ON CONFLICT (account_id) DO UPDATE "
                        "SET told_by = excluded.told_by, signing_key = excluded.signing_key, "
                        "authorities = excluded.authorities",
    [SQL_ADD] = "INSERT INTO webhook_outbox (id, account_id, webhook_id, line, event, body, "
                "created_at, next_at, subject_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
    [SQL_HOOKS_DUE] = "SELECT " HOOK " FROM webhooks w WHERE w.disabled_at IS NULL AND EXISTS "
                      "(SELECT 1 FROM webhook_outbox o WHERE o.account_id = w.account_id AND "
                      "o.webhook_id = w.id AND o.dead_at IS NULL AND o.next_at <= $1)",
    [SQL_DUE] = "SELECT " EVENT ", o.body FROM webhook_outbox o WHERE o.account_id = $1 AND "
                "o.webhook_id = $2 AND o.dead_at IS NULL AND o.next_at <= $3 AND NOT EXISTS "
                "(SELECT 1 FROM webhook_outbox e WHERE e.line = o.line AND e.dead_at IS NULL AND "
                "e.id < o.id) ORDER BY o.next_at LIMIT $4",
    [SQL_LEASE] = "UPDATE webhook_outbox SET next_at = $2 WHERE id = $1",
    [SQL_RECOVER] = "UPDATE webhook_outbox SET next_at = $1 WHERE dead_at IS NULL AND next_at > $1",
    [SQL_OF_LINE] = "SELECT " EVENT " FROM webhook_outbox o WHERE o.line = $1 AND "
                    "o.dead_at IS NULL ORDER BY o.id LIMIT 50",
    [SQL_NOTE] = NOTE("o.failed + 1", "$3") " AND o.id = $2" NOTE_AGAIN,
    [SQL_TAKEN] = "DELETE FROM webhook_outbox WHERE id = $1",
    [SQL_FAILED] = "UPDATE webhook_outbox SET failed = failed + 1, next_at = $2, reason = $3, "
                   "dead_at = $4 WHERE id = $1 AND dead_at IS NULL",
    [SQL_DEAD] = "SELECT " EVENT " FROM webhook_outbox o WHERE o.dead_at IS NOT NULL AND "
                 "($1 = '' OR o.account_id = $1) ORDER BY o.dead_at DESC, o.id LIMIT $2",
    [SQL_REPLAY_HOOK] = "UPDATE webhooks SET disabled_at = NULL WHERE disabled_at IS NOT NULL AND "
                        "EXISTS (SELECT 1 FROM webhook_outbox o WHERE o.dead_at IS NOT NULL AND "
                        "o.account_id = webhooks.account_id AND o.webhook_id = webhooks.id AND "
                        "($1 = '' OR o.account_id = $1) AND ($2 = '' OR o.id = $2))",
    [SQL_REPLAY] = "UPDATE webhook_outbox SET dead_at = NULL, failed = 0, reason = NULL, "
                   "created_at = $3, next_at = $3" DEAD_OF,
};

static const struct og_sql_page page = {OG_PAGE_WEBHOOK, sql, SQL_STATEMENTS};

/* ---- rows ---- */

static void
read_hook(const struct og_rows *rows, struct og_arena *mem, void *out)
{
    struct og_webhook *hook = out;
    *hook = (struct og_webhook){
        .account_id = og_row_text(rows, 0, mem),
        .id = og_row_text(rows, 1, mem),
        .device_id = og_row_text(rows, 2, mem),
        .url = og_row_text(rows, 3, mem),
        .created_at = og_row_i64(rows, 5),
        .disabled_at = og_row_i64(rows, 6),
    };
    if (!og_webhook_event_from_text(og_row_borrow(rows, 4), &hook->event)) {
        hook->event = OG_WEBHOOK_EVENT_COUNT; /* a newer program's; og_webhook_list drops it */
    }
}

static void
read_event(const struct og_rows *rows, struct og_arena *mem, void *out)
{
    *(struct og_webhook_event_row *)out = (struct og_webhook_event_row){
        .id = og_row_text(rows, 0, mem),
        .account_id = og_row_text(rows, 1, mem),
        .webhook_id = og_row_text(rows, 2, mem),
        .line = og_row_text(rows, 3, mem),
        .event = og_row_text(rows, 4, mem),
        .reason = og_row_text(rows, 5, mem),
        .created_at = og_row_i64(rows, 6),
        .failed = og_row_i64(rows, 7),
        .dead_at = og_row_i64(rows, 8),
        .next_at = og_row_i64(rows, 9),
    };
}

static void
read_event_with_body(const struct og_rows *rows, struct og_arena *mem, void *out)
{
    read_event(rows, mem, out);
    ((struct og_webhook_event_row *)out)->body = og_row_text(rows, 10, mem);
}

/* A query, its arguments, and how a row becomes an item. */
struct listing {
    int statement;
    const struct og_value *args;
    int arg_count;
    size_t item_bytes;
    void (*read)(const struct og_rows *rows, struct og_arena *mem, void *out);
};

static enum og_code
list_rows(struct og_db *db, const struct listing *ask, struct og_arena *mem, void **items_out,
          int *count_out, struct og_err *err)
{
    struct og_err local;
    err = err ? err : &local;
    struct og_rows rows;
    enum og_code code =
        og_db_open(db, &page, ask->statement, ask->args, ask->arg_count, &rows, err);
    if (code != OG_OK) {
        return code;
    }
    size_t count = 0, cap = 16;
    char *items = og_arena_alloc_array(mem, cap, ask->item_bytes);
    enum og_step step;
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        if (count == cap) {
            char *more = og_arena_alloc_array(mem, cap * 2, ask->item_bytes);
            memcpy(more, items, count * ask->item_bytes);
            items = more;
            cap *= 2;
        }
        ask->read(&rows, mem, items + count++ * ask->item_bytes);
    }
    og_rows_close(&rows);
    *items_out = items;
    *count_out = (int)count;
    return step == OG_STEP_DONE ? OG_OK : err->code;
}

#define LIST(db, statement, read, type, mem, items_out, count_out, err, ...)                      \
    list_rows(db, &(struct listing){statement, OG_ARGS(__VA_ARGS__), sizeof(type), read}, mem,    \
              (void **)(items_out), count_out, err)

/* ---- hooks ---- */

enum og_code
og_webhook_put(struct og_db *db, const struct og_webhook *hook, struct og_err *err)
{
    return og_db_run(db, &page, SQL_PUT,
                     OG_ARGS(og_value_text(hook->account_id), og_value_text(hook->id),
                             og_value_text_or_null(hook->device_id), og_value_text(hook->url),
                             og_value_cstr(og_webhook_event_name(hook->event)),
                             og_value_i64(hook->created_at)),
                     NULL, err);
}

static void
drop_unknown(struct og_webhook *items, int *count)
{
    int kept = 0;
    for (int i = 0; i < *count; i++) {
        if (items[i].event != OG_WEBHOOK_EVENT_COUNT) {
            items[kept++] = items[i];
        }
    }
    *count = kept;
}

enum og_code
og_webhook_list(struct og_db *db, struct og_str account_id, struct og_arena *mem,
                struct og_webhook **items_out, int *count_out, struct og_err *err)
{
    enum og_code code = LIST(db, SQL_LIST, read_hook, struct og_webhook, mem, items_out,
                             count_out, err, og_value_text(account_id));
    if (code == OG_OK) {
        drop_unknown(*items_out, count_out);
    }
    return code;
}

enum og_code
og_webhook_find(struct og_db *db, struct og_str account_id, struct og_str id, struct og_arena *mem,
                struct og_webhook *out, bool *found_out, struct og_err *err)
{
    struct og_webhook *items;
    int count;
    enum og_code code = LIST(db, SQL_FIND, read_hook, struct og_webhook, mem, &items, &count, err,
                             og_value_text(account_id), og_value_text(id));
    *found_out = code == OG_OK && count > 0;
    if (*found_out) {
        *out = items[0];
    }
    return code;
}

enum og_code
og_webhook_remove(struct og_db *db, struct og_str account_id, struct og_str id,
                  struct og_err *err)
{
    const struct og_value args[] = {og_value_text(account_id), og_value_text(id)};
    enum og_code code = og_db_run(db, &page, SQL_REMOVE_OUTBOX, args, 2, NULL, err);
    return code == OG_OK ? og_db_run(db, &page, SQL_REMOVE, args, 2, NULL, err) : code;
}

enum og_code
og_webhook_remove_of_device(struct og_db *db, struct og_str device_id, struct og_err *err)
{
    const struct og_value args[] = {og_value_text(device_id)};
    enum og_code code = og_db_run(db, &page, SQL_REMOVE_OUTBOX_OF_DEVICE, args, 1, NULL, err);
    return code == OG_OK ? og_db_run(db, &page, SQL_REMOVE_OF_DEVICE, args, 1, NULL, err) : code;
}

enum og_code
og_webhook_disable(struct og_db *db, struct og_str account_id, struct og_str id, int64_t now_ms,
                   struct og_err *err)
{
    const struct og_value args[] = {og_value_text(account_id), og_value_text(id),
                                    og_value_i64(now_ms)};
    enum og_code code = og_db_run(db, &page, SQL_DISABLE, args, 3, NULL, err);
    if (code == OG_OK) {
        code = og_db_run(db, &page, SQL_DISABLE_NOTE,
                         OG_ARGS(og_value_i64(now_ms), og_value_text(account_id),
                                 og_value_text(id)),
                         NULL, err);
    }
    return code == OG_OK ? og_db_run(db, &page, SQL_DISABLE_OUTBOX, args, 3, NULL, err) : code;
}

enum og_code
og_webhook_count(struct og_db *db, int64_t *out, struct og_err *err)
{
    return og_db_first_i64(db, &page, SQL_COUNT, OG_NO_ARGS, out, err);
}

/* ---- accounts ---- */

static void
read_account(const struct og_rows *rows, struct og_arena *mem, void *out)
{
    struct og_webhook_account *row = out;
    row->signing_key = og_row_text(rows, 1, mem);
    row->authorities = og_row_text(rows, 2, mem);
    if (!og_webhooks_by_from_text(og_row_borrow(rows, 0), &row->by)) {
        row->by = OG_WEBHOOKS_BY_SERVER;
    }
}

enum og_code
og_webhook_account_find(struct og_db *db, struct og_str account_id, struct og_arena *mem,
                        struct og_webhook_account *out, struct og_err *err)
{
    struct og_webhook_account *items;
    int count;
    enum og_code code = LIST(db, SQL_ACCOUNT_FIND, read_account, struct og_webhook_account, mem,
                             &items, &count, err, og_value_text(account_id));
    if (code == OG_OK) {
        *out = count ? items[0] : (struct og_webhook_account){.by = OG_WEBHOOKS_BY_SERVER};
    }
    return code;
}

enum og_code
og_webhook_account_put(struct og_db *db, struct og_str account_id,
                       const struct og_webhook_account *row, struct og_err *err)
{
    return og_db_run(db, &page, SQL_ACCOUNT_PUT,
                     OG_ARGS(og_value_text(account_id),
                             og_value_cstr(og_webhooks_by_name(row->by)),
                             og_value_blob(row->signing_key),
                             og_value_text_or_null(row->authorities)),
                     NULL, err);
}

/* ---- outbox ---- */

enum og_code
og_hook_queue_add(struct og_db *db, const struct og_webhook_event_row *row, struct og_err *err)
{
    return og_db_run(db, &page, SQL_ADD,
                     OG_ARGS(og_value_text(row->id), og_value_text(row->account_id),
                             og_value_text(row->webhook_id), og_value_text(row->line),
                             og_value_text(row->event), og_value_blob(row->body),
                             og_value_i64(row->created_at),
                             og_value_text_or_null(row->subject_id)),
                     NULL, err);
}

enum og_code
og_hook_queue_hooks_due(struct og_db *db, int64_t now_ms, struct og_arena *mem,
                    struct og_webhook **items_out, int *count_out, struct og_err *err)
{
    return LIST(db, SQL_HOOKS_DUE, read_hook, struct og_webhook, mem, items_out, count_out, err,
                og_value_i64(now_ms));
}

enum og_code
og_hook_queue_due(struct og_db *db, const struct og_webhook *hook, int64_t now_ms, int limit,
              struct og_arena *mem, struct og_webhook_event_row **items_out, int *count_out,
              struct og_err *err)
{
    return LIST(db, SQL_DUE, read_event_with_body, struct og_webhook_event_row, mem, items_out,
                count_out, err, og_value_text(hook->account_id), og_value_text(hook->id),
                og_value_i64(now_ms), og_value_i64(limit));
}

enum og_code
og_hook_queue_lease(struct og_db *db, struct og_str id, int64_t until_ms, struct og_err *err)
{
    return og_db_run(db, &page, SQL_LEASE, OG_ARGS(og_value_text(id), og_value_i64(until_ms)),
                     NULL, err);
}

enum og_code
og_hook_queue_recover(struct og_db *db, int64_t now_ms, struct og_err *err)
{
    return og_db_run(db, &page, SQL_RECOVER, OG_ARGS(og_value_i64(now_ms)), NULL, err);
}

enum og_code
og_hook_queue_of_line(struct og_db *db, struct og_str line, struct og_arena *mem,
                      struct og_webhook_event_row **items_out, int *count_out,
                      struct og_err *err)
{
    return LIST(db, SQL_OF_LINE, read_event, struct og_webhook_event_row, mem, items_out,
                count_out, err, og_value_text(line));
}

/* While the row is there: what it tells becomes a step. */
static enum og_code
note_result(struct og_db *db, struct og_str id, int64_t now_ms, struct og_str reason,
            struct og_err *err)
{
    return og_db_run(db, &page, SQL_NOTE,
                     OG_ARGS(og_value_i64(now_ms), og_value_text(id),
                             og_value_text_or_null(reason)),
                     NULL, err);
}

enum og_code
og_hook_queue_taken(struct og_db *db, struct og_str id, int64_t now_ms, struct og_err *err)
{
    const enum og_code code = note_result(db, id, now_ms, OG_STR(""), err);
    return code == OG_OK ? og_db_run(db, &page, SQL_TAKEN, OG_ARGS(og_value_text(id)), NULL, err)
                         : code;
}

enum og_code
og_hook_queue_failed(struct og_db *db, struct og_str id, int64_t next_at, struct og_str reason,
                 int64_t dead_at, struct og_err *err)
{
    const enum og_code code = dead_at ? note_result(db, id, dead_at, reason, err) : OG_OK;
    if (code != OG_OK) {
        return code;
    }
    return og_db_run(db, &page, SQL_FAILED,
                     OG_ARGS(og_value_text(id), og_value_i64(next_at), og_value_text(reason),
                             og_value_i64_or_null(dead_at)),
                     NULL, err);
}

enum og_code
og_hook_queue_dead(struct og_db *db, struct og_str account_id, int limit, struct og_arena *mem,
               struct og_webhook_event_row **items_out, int *count_out, struct og_err *err)
{
    return LIST(db, SQL_DEAD, read_event, struct og_webhook_event_row, mem, items_out, count_out,
                err, og_value_text(account_id), og_value_i64(limit));
}

enum og_code
og_hook_queue_replay(struct og_db *db, struct og_str account_id, struct og_str id, int64_t now_ms,
                 int64_t *count_out, struct og_err *err)
{
    const struct og_value args[] = {og_value_text(account_id), og_value_text(id),
                                    og_value_i64(now_ms)};
    enum og_code code = og_db_run(db, &page, SQL_REPLAY_HOOK, args, 2, NULL, err);
    return code == OG_OK ? og_db_run(db, &page, SQL_REPLAY, args, 3, count_out, err) : code;
}
