/*
 * The page of statements about batches, and rows to structs. Numbers and texts are sealed with the
 * id of their row as context.
 */
#include "store/batch_store.h"

#include "store/sealed_box.h"

enum {
    SQL_INSERT,
    SQL_COUNTS_BEGIN,
    SQL_FIND,
    SQL_FIND_DUE,
    SQL_LIST,
    SQL_COUNT_LIVE,
    SQL_SAVE,
    SQL_COUNTS,
    SQL_MOVE,
    SQL_ROW_INSERT,
    SQL_ROW_LIST,
    SQL_ROW_REMOVE,
    SQL_ROW_DROP,
    SQL_ERROR_INSERT,
    SQL_ERROR_LIST,
    SQL_PENDING,
    SQL_NUMBERS_GET,
    SQL_NUMBERS_LAST,
    SQL_NUMBERS_PUT,
    SQL_NUMBERS_DROP,
    SQL_OLDEST_ENDED,
    SQL_PURGE_ERRORS,
    SQL_PURGE_COUNTS,
    SQL_PURGE,
    SQL_STATEMENTS
};

/* Columns in the order of read_row. */
#define COLUMNS                                                                                   \
    "id, account_id, credential_id, digest, tag, state, hold, priority, want_report, repeats, "    \
    "sandbox, per_minute, ttl_ms, valid_until, row_count, error_count, paced_at, due_at, "         \
    "created_at, started_at, ended_at, content"

/* Ids of a batch's rows begin with the batch's and a dot; '/' comes behind the dot. */
#define OF_BATCH " WHERE account_id = $1 AND id > $2 || '.' AND id < $2 || '/'"

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_INSERT] = "INSERT INTO batches (id, account_id, credential_id, digest, tag, state, "
                   "content, priority, want_report, repeats, sandbox, per_minute, ttl_ms, "
                   "valid_until, due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
                   "$10, $11, $12, $13, $14, $15, $16)",
    [SQL_COUNTS_BEGIN] = "INSERT INTO batch_counts (account_id, batch_id, fate, count) VALUES "
                         "($1, $2, 0, 0), ($1, $2, 1, 0), ($1, $2, 2, 0), ($1, $2, 3, 0), "
                         "($1, $2, 4, 0), ($1, $2, 5, 0), ($1, $2, 6, 0)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM batches WHERE account_id = $1 AND id = $2",
    [SQL_FIND_DUE] = "SELECT " COLUMNS " FROM batches WHERE ended_at IS NULL AND due_at <= $1 AND "
                     "EXISTS (SELECT 1 FROM accounts a WHERE a.id = batches.account_id AND "
                     "a.disabled_at IS NULL) ORDER BY due_at LIMIT 1",
    [SQL_LIST] = "SELECT " COLUMNS " FROM batches WHERE account_id = $1 "
                 "ORDER BY created_at DESC LIMIT $2",
    [SQL_COUNT_LIVE] = "SELECT count(*) FROM batches WHERE account_id = $1 AND ended_at IS NULL",
    [SQL_SAVE] = "UPDATE batches SET state = $4, hold = $5, per_minute = $6, valid_until = $7, "
                 "row_count = $8, error_count = $9, paced_at = $10, due_at = $11, "
                 "started_at = $12, ended_at = $13, "
                 "content = CASE WHEN $13 IS NULL THEN content ELSE NULL END "
                 "WHERE account_id = $1 AND id = $2 AND state = $3 AND ended_at IS NULL",
    [SQL_COUNTS] = "SELECT fate, count FROM batch_counts WHERE account_id = $1 AND batch_id = $2",
    [SQL_MOVE] = "UPDATE batch_counts SET count = count + CASE WHEN fate = $3 THEN -$5 ELSE $5 END "
                 "WHERE account_id = $1 AND batch_id = $2 AND fate IN ($3, $4)",
    [SQL_ROW_INSERT] =
        "INSERT INTO batch_rows (account_id, id, line, content) VALUES ($1, $2, $3, $4)",
    [SQL_ROW_LIST] = "SELECT id, line, content FROM batch_rows" OF_BATCH " ORDER BY id LIMIT $3",
    [SQL_ROW_REMOVE] = "DELETE FROM batch_rows WHERE account_id = $1 AND id = $2",
    [SQL_ROW_DROP] = "DELETE FROM batch_rows WHERE account_id = $1 AND id IN "
                     "(SELECT id FROM batch_rows" OF_BATCH " ORDER BY id LIMIT $3)",
    [SQL_ERROR_INSERT] = "INSERT INTO batch_errors (account_id, id, line, field, reason) "
                         "VALUES ($1, $2, $3, $4, $5)",
    [SQL_ERROR_LIST] = "SELECT id, line, field, reason FROM batch_errors" OF_BATCH
                       " AND id > $3 ORDER BY id LIMIT $4",
    /* state 0: Pending */
    [SQL_PENDING] = "SELECT id FROM messages WHERE account_id = $1 AND batch_id = $2 AND "
                    "batch_id IS NOT NULL AND final_at IS NULL AND state = 0 ORDER BY id LIMIT $3",
    [SQL_NUMBERS_GET] = "SELECT digests FROM batch_numbers WHERE account_id = $1 AND "
                        "batch_id = $2 ORDER BY segment",
    [SQL_NUMBERS_LAST] = "SELECT segment, digests FROM batch_numbers WHERE account_id = $1 AND "
                         "batch_id = $2 ORDER BY segment DESC LIMIT 1",
    [SQL_NUMBERS_PUT] = "INSERT INTO batch_numbers (account_id, batch_id, segment, digests) "
                        "VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, batch_id, segment) "
                        "DO UPDATE SET digests = excluded.digests",
    [SQL_NUMBERS_DROP] = "DELETE FROM batch_numbers WHERE account_id = $1 AND batch_id = $2",
    [SQL_OLDEST_ENDED] = "SELECT account_id, id FROM batches WHERE ended_at IS NOT NULL AND "
                         "ended_at <= $1 ORDER BY ended_at LIMIT 1",
    [SQL_PURGE_ERRORS] = "DELETE FROM batch_errors WHERE account_id = $1 AND id IN "
                         "(SELECT id FROM batch_errors" OF_BATCH " ORDER BY id LIMIT $3)",
    [SQL_PURGE_COUNTS] = "DELETE FROM batch_counts WHERE account_id = $1 AND batch_id = $2",
    [SQL_PURGE] = "DELETE FROM batches WHERE account_id = $1 AND id = $2",
};

static const struct og_sql_page page = {OG_PAGE_BATCH, sql, SQL_STATEMENTS};

#define COLUMN_CONTENT 21
#define CONTENT_MAX_BYTES (512 * 1024)
#define SEGMENT_MAX_BYTES (8 * 1024)

/* ---- names ---- */

const char *
og_batch_state_name(enum og_batch_state state)
{
    static const char *const names[OG_BATCH_STATES] = {
        [OG_BATCH_OPEN] = "open",         [OG_BATCH_RUNNING] = "running",
        [OG_BATCH_PAUSED] = "paused",     [OG_BATCH_CANCELED] = "canceled",
        [OG_BATCH_DONE] = "done",
    };
    return names[state];
}

const char *
og_batch_fate_name(enum og_batch_fate fate)
{
    static const char *const names[OG_BATCH_FATES] = {
        [OG_FATE_QUEUED] = "queued",       [OG_FATE_WAITING] = "waiting",
        [OG_FATE_SENT] = "sent",           [OG_FATE_DELIVERED] = "delivered",
        [OG_FATE_FAILED] = "failed",       [OG_FATE_EXPIRED] = "expired",
        [OG_FATE_CANCELED] = "canceled",
    };
    return names[fate];
}

const char *
og_batch_hold_name(enum og_batch_hold hold)
{
    static const char *const names[OG_HOLD_KINDS] = {
        [OG_HOLD_PHONES] = "phones_busy", [OG_HOLD_NO_PHONE] = "no_phone",
        [OG_HOLD_QUEUE] = "queue_limit",  [OG_HOLD_LIMIT] = "rate_limited",
        [OG_HOLD_PACE] = "pace",
    };
    return names[hold];
}

/* ---- rows to structs ---- */

static enum og_code
read_row(const struct og_rows *rows, const struct og_key *seal,
         struct og_arena *mem, struct og_batch *b, struct og_err *err)
{
    *b = (struct og_batch){
        .id = og_row_text(rows, 0, mem),
        .account_id = og_row_text(rows, 1, mem),
        .credential_id = og_row_text(rows, 2, mem),
        .digest = og_row_text(rows, 3, mem),
        .tag = og_row_text(rows, 4, mem),
        .state = (enum og_batch_state)og_row_i64(rows, 5),
        .hold = (enum og_batch_hold)og_row_i64(rows, 6),
        .priority = og_row_i64(rows, 7),
        .want_report = og_row_i64(rows, 8) != 0,
        .repeats = og_row_i64(rows, 9) != 0,
        .is_sandbox = og_row_i64(rows, 10) != 0,
        .per_minute = og_row_i64(rows, 11),
        .ttl_ms = og_row_i64(rows, 12),
        .valid_until = og_row_i64(rows, 13),
        .row_count = og_row_i64(rows, 14),
        .error_count = og_row_i64(rows, 15),
        .paced_at = og_row_i64(rows, 16),
        .due_at = og_row_i64(rows, 17),
        .created_at = og_row_i64(rows, 18),
        .started_at = og_row_i64(rows, 19),
        .ended_at = og_row_i64(rows, 20),
    };
    const struct og_box_ask ask = {seal, b->id, CONTENT_MAX_BYTES, "batch"};
    return seal ? og_box_open(&ask, og_row_borrow(rows, COLUMN_CONTENT), mem, &b->text, err)
                : OG_OK;
}

static enum og_code
read_counts(struct og_db *db, struct og_batch *b, struct og_err *err)
{
    struct og_rows rows;
    enum og_step step;
    enum og_code code =
        og_db_open(db, &page, SQL_COUNTS,
                   OG_ARGS(og_value_text(b->account_id), og_value_text(b->id)), &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        const int64_t fate = og_row_i64(&rows, 0);
        if (fate >= 0 && fate < OG_BATCH_FATES) {
            b->counts[fate] = og_row_i64(&rows, 1);
        }
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

/* Up to `limit` batches of a query, with their counts. */
static enum og_code
read_many(struct og_db *db, int statement, const struct og_value *args, int arg_count, int limit,
          const struct og_key *seal, struct og_arena *mem, struct og_batch *items, int *count_out,
          struct og_err *err)
{
    struct og_rows rows;
    enum og_step step = OG_STEP_ROW;
    *count_out = 0;
    enum og_code code = og_db_open(db, &page, statement, args, arg_count, &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while (code == OG_OK && *count_out < limit &&
           (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        code = read_row(&rows, seal, mem, &items[(*count_out)++], err);
    }
    og_rows_close(&rows);
    code = step == OG_STEP_ERROR ? err->code : code;
    for (int i = 0; code == OG_OK && i < *count_out; i++) {
        code = read_counts(db, &items[i], err);
    }
    return code;
}

/* ---- the batch ---- */

enum og_code
og_batch_insert(struct og_db *db, const struct og_key *seal, const struct og_batch *b,
                struct og_err *err)
{
    struct og_buf box;
    og_buf_init(&box, CONTENT_MAX_BYTES);
    og_seal(seal, b->id, b->text, &box);
    enum og_code code = og_db_run(
        db, &page, SQL_INSERT,
        OG_ARGS(og_value_text(b->id), og_value_text(b->account_id),
                og_value_text(b->credential_id), og_value_text(b->digest),
                og_value_text_or_null(b->tag), og_value_i64(b->state),
                og_value_blob(og_buf_str(&box)), og_value_i64(b->priority),
                og_value_i64(b->want_report), og_value_i64(b->repeats),
                og_value_i64(b->is_sandbox), og_value_i64_or_null(b->per_minute),
                og_value_i64_or_null(b->ttl_ms), og_value_i64_or_null(b->valid_until),
                og_value_i64(b->due_at), og_value_i64(b->created_at)),
        NULL, err);
    og_buf_finish(&box);
    if (code == OG_E_CONFLICT) {
        return og_fail(err, OG_E_CONFLICT, "id", "a batch has this id already");
    }
    return code != OG_OK ? code
                         : og_db_run(db, &page, SQL_COUNTS_BEGIN,
                                     OG_ARGS(og_value_text(b->account_id), og_value_text(b->id)),
                                     NULL, err);
}

enum og_code
og_batch_find(struct og_db *db, const struct og_key *seal, struct og_str account_id,
              struct og_str id, struct og_arena *mem, struct og_batch *out, struct og_err *err)
{
    int count = 0;
    struct og_err local;
    const enum og_code code =
        read_many(db, SQL_FIND, OG_ARGS(og_value_text(account_id), og_value_text(id)), 1, seal,
                  mem, out, &count, err ? err : &local);
    return code == OG_OK && count == 0 ? og_fail(err, OG_E_NOT_FOUND, "id", "no such batch")
                                       : code;
}

enum og_code
og_batch_find_due(struct og_db *db, int64_t now_ms, struct og_arena *mem, struct og_batch *out,
                  struct og_err *err)
{
    int count = 0;
    struct og_err local;
    const enum og_code code = read_many(db, SQL_FIND_DUE, OG_ARGS(og_value_i64(now_ms)), 1, NULL,
                                        mem, out, &count, err ? err : &local);
    return code == OG_OK && count == 0 ? og_fail(err, OG_E_NOT_FOUND, "", "no batch is due")
                                       : code;
}

enum og_code
og_batch_list(struct og_db *db, struct og_str account_id, int limit, struct og_arena *mem,
              struct og_batch **items_out, int *count_out, struct og_err *err)
{
    struct og_err local;
    *items_out = OG_ARENA_ARRAY(mem, struct og_batch, (size_t)limit);
    return read_many(db, SQL_LIST, OG_ARGS(og_value_text(account_id), og_value_i64(limit)), limit,
                     NULL, mem, *items_out, count_out, err ? err : &local);
}

enum og_code
og_batch_count_live(struct og_db *db, struct og_str account_id, int64_t *out, struct og_err *err)
{
    return og_db_first_i64(db, &page, SQL_COUNT_LIVE, OG_ARGS(og_value_text(account_id)), out, err);
}

enum og_code
og_batch_save(struct og_db *db, const struct og_batch *b, enum og_batch_state from,
              struct og_err *err)
{
    int64_t changed = 0;
    const enum og_code code = og_db_run(
        db, &page, SQL_SAVE,
        OG_ARGS(og_value_text(b->account_id), og_value_text(b->id), og_value_i64(from),
                og_value_i64(b->state), og_value_i64(b->hold),
                og_value_i64_or_null(b->per_minute), og_value_i64_or_null(b->valid_until),
                og_value_i64(b->row_count), og_value_i64(b->error_count),
                og_value_i64_or_null(b->paced_at), og_value_i64(b->due_at),
                og_value_i64_or_null(b->started_at), og_value_i64_or_null(b->ended_at)),
        &changed, err);
    return code == OG_OK && changed != 1
               ? og_fail(err, OG_E_CONFLICT, "state", "the batch has moved on")
               : code;
}

enum og_code
og_batch_move(struct og_db *db, struct og_str account_id, struct og_str id,
              enum og_batch_fate from, enum og_batch_fate to, int64_t n, struct og_err *err)
{
    return n == 0 || from == to
               ? OG_OK
               : og_db_run(db, &page, SQL_MOVE,
                           OG_ARGS(og_value_text(account_id), og_value_text(id),
                                   og_value_i64(from), og_value_i64(to), og_value_i64(n)),
                           NULL, err);
}

/* ---- its rows ---- */

struct og_str
og_batch_row_id(struct og_arena *mem, struct og_str batch_id, int64_t place)
{
    return og_str_printf(mem, "%" OG_STR_FMT ".%06lld", OG_STR_ARG(batch_id), (long long)place);
}

enum og_code
og_batch_row_insert(struct og_db *db, const struct og_key *seal, struct og_str account_id,
                    const struct og_batch_row *row, struct og_err *err)
{
    struct og_buf plain, box;
    og_buf_init(&plain, CONTENT_MAX_BYTES);
    og_buf_init(&box, CONTENT_MAX_BYTES);
    og_buf_add(&plain, row->number);
    og_buf_add_byte(&plain, '\n');
    og_buf_add(&plain, row->text);
    og_seal(seal, row->id, og_buf_str(&plain), &box);
    const enum og_code code =
        og_db_run(db, &page, SQL_ROW_INSERT,
                  OG_ARGS(og_value_text(account_id), og_value_text(row->id),
                          og_value_i64(row->line), og_value_blob(og_buf_str(&box))),
                  NULL, err);
    og_buf_finish(&plain);
    og_buf_finish(&box);
    return code;
}

static void
read_batch_row(const struct og_rows *rows, const struct og_key *seal, struct og_arena *mem,
               struct og_batch_row *out)
{
    struct og_str plain;
    *out = (struct og_batch_row){.id = og_row_text(rows, 0, mem), .line = og_row_i64(rows, 1)};
    const struct og_box_ask ask = {seal, out->id, CONTENT_MAX_BYTES, "row"};
    if (og_box_open(&ask, og_row_borrow(rows, 2), mem, &plain, &out->fault) == OG_OK) {
        const size_t end = og_str_find(plain, '\n');
        out->number = og_str_slice(plain, 0, end);
        out->text = og_str_slice(plain, end + 1, plain.len);
    }
}

enum og_code
og_batch_row_list(struct og_db *db, const struct og_key *seal, const struct og_batch *b, int limit,
                  struct og_arena *mem, struct og_batch_row **items_out, int *count_out,
                  struct og_err *err)
{
    struct og_rows rows;
    enum og_step step = OG_STEP_ROW;
    *items_out = OG_ARENA_ARRAY(mem, struct og_batch_row, (size_t)limit + 1);
    *count_out = 0;
    enum og_code code = og_db_open(
        db, &page, SQL_ROW_LIST,
        OG_ARGS(og_value_text(b->account_id), og_value_text(b->id), og_value_i64(limit)), &rows,
        err);
    if (code != OG_OK) {
        return code;
    }
    while (*count_out < limit && (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        read_batch_row(&rows, seal, mem, &(*items_out)[(*count_out)++]);
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

enum og_code
og_batch_row_remove(struct og_db *db, struct og_str account_id, struct og_str row_id,
                    struct og_err *err)
{
    return og_db_run(db, &page, SQL_ROW_REMOVE,
                     OG_ARGS(og_value_text(account_id), og_value_text(row_id)), NULL, err);
}

enum og_code
og_batch_row_drop(struct og_db *db, const struct og_batch *b, int limit, int64_t *count_out,
                  struct og_err *err)
{
    return og_db_run(
        db, &page, SQL_ROW_DROP,
        OG_ARGS(og_value_text(b->account_id), og_value_text(b->id), og_value_i64(limit)),
        count_out, err);
}

enum og_code
og_batch_error_insert(struct og_db *db, struct og_str account_id,
                      const struct og_batch_error *error, struct og_err *err)
{
    return og_db_run(db, &page, SQL_ERROR_INSERT,
                     OG_ARGS(og_value_text(account_id), og_value_text(error->id),
                             og_value_i64(error->line), og_value_text(error->field),
                             og_value_text(error->reason)),
                     NULL, err);
}

enum og_code
og_batch_error_list(struct og_db *db, struct og_str account_id, struct og_str batch_id,
                    struct og_str after, int limit, struct og_arena *mem,
                    struct og_batch_error **items_out, int *count_out, struct og_err *err)
{
    struct og_rows rows;
    enum og_step step = OG_STEP_ROW;
    *items_out = OG_ARENA_ARRAY(mem, struct og_batch_error, (size_t)limit);
    *count_out = 0;
    enum og_code code = og_db_open(db, &page, SQL_ERROR_LIST,
                                   OG_ARGS(og_value_text(account_id), og_value_text(batch_id),
                                           og_value_text(after), og_value_i64(limit)),
                                   &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while (*count_out < limit && (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        (*items_out)[(*count_out)++] = (struct og_batch_error){
            .id = og_row_text(&rows, 0, mem),
            .line = og_row_i64(&rows, 1),
            .field = og_row_text(&rows, 2, mem),
            .reason = og_row_text(&rows, 3, mem),
        };
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

enum og_code
og_batch_pending(struct og_db *db, const struct og_batch *b, int limit, struct og_arena *mem,
                 struct og_str **ids_out, int *count_out, struct og_err *err)
{
    struct og_rows rows;
    enum og_step step = OG_STEP_ROW;
    *ids_out = OG_ARENA_ARRAY(mem, struct og_str, (size_t)limit);
    *count_out = 0;
    enum og_code code = og_db_open(
        db, &page, SQL_PENDING,
        OG_ARGS(og_value_text(b->account_id), og_value_text(b->id), og_value_i64(limit)), &rows,
        err);
    if (code != OG_OK) {
        return code;
    }
    while (*count_out < limit && (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        (*ids_out)[(*count_out)++] = og_row_text(&rows, 0, mem);
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

/* ---- numbers that it has ---- */

enum og_code
og_batch_numbers_get(struct og_db *db, const struct og_batch *b, struct og_buf *out,
                     struct og_err *err)
{
    struct og_rows rows;
    enum og_step step;
    enum og_code code =
        og_db_open(db, &page, SQL_NUMBERS_GET,
                   OG_ARGS(og_value_text(b->account_id), og_value_text(b->id)), &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        og_buf_add(out, og_row_borrow(&rows, 0));
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

enum og_code
og_batch_numbers_add(struct og_db *db, const struct og_batch *b, struct og_str digests,
                     struct og_err *err)
{
    struct og_rows rows;
    struct og_buf all;
    int64_t segment = 0;
    enum og_code code =
        og_db_first(db, &page, SQL_NUMBERS_LAST,
                    OG_ARGS(og_value_text(b->account_id), og_value_text(b->id)), &rows, err);
    if (code != OG_OK && code != OG_E_NOT_FOUND) {
        return code;
    }
    og_buf_init(&all, 2 * SEGMENT_MAX_BYTES + digests.len);
    if (code == OG_OK) {
        const struct og_str last = og_row_borrow(&rows, 1);
        const bool has_room = last.len < SEGMENT_MAX_BYTES;
        segment = og_row_i64(&rows, 0) + !has_room;
        og_buf_add(&all, has_room ? last : OG_STR(""));
        og_rows_close(&rows);
    }
    og_buf_add(&all, digests);
    code = og_db_run(db, &page, SQL_NUMBERS_PUT,
                     OG_ARGS(og_value_text(b->account_id), og_value_text(b->id),
                             og_value_i64(segment), og_value_blob(og_buf_str(&all))),
                     NULL, err);
    og_buf_finish(&all);
    return code;
}

enum og_code
og_batch_numbers_drop(struct og_db *db, const struct og_batch *b, struct og_err *err)
{
    return og_db_run(db, &page, SQL_NUMBERS_DROP,
                     OG_ARGS(og_value_text(b->account_id), og_value_text(b->id)), NULL, err);
}

/* ---- retention ---- */

/* OG_E_NOT_FOUND: none. */
static enum og_code
find_ended(struct og_db *db, int64_t until_ms, struct og_arena *mem, struct og_str *account_id,
           struct og_str *id, struct og_err *err)
{
    struct og_rows rows;
    const enum og_code code =
        og_db_first(db, &page, SQL_OLDEST_ENDED, OG_ARGS(og_value_i64(until_ms)), &rows, err);
    if (code == OG_OK) {
        *account_id = og_row_text(&rows, 0, mem);
        *id = og_row_text(&rows, 1, mem);
        og_rows_close(&rows);
    }
    return code;
}

enum og_code
og_batch_purge(struct og_db *db, int64_t until_ms, int limit, int64_t *count_out,
               bool *has_more_out, struct og_err *err)
{
    struct og_arena mem;
    struct og_str account_id, id;
    struct og_err local;
    err = err ? err : &local;
    og_arena_init(&mem, 0);
    *count_out = 0;
    enum og_code code = find_ended(db, until_ms, &mem, &account_id, &id, err);
    *has_more_out = code == OG_OK;
    if (*has_more_out) {
        const struct og_value args[] = {og_value_text(account_id), og_value_text(id),
                                        og_value_i64(limit)};
        code = og_db_run(db, &page, SQL_PURGE_ERRORS, args, 3, count_out, err);
        if (code == OG_OK && *count_out < limit) {
            code = og_db_run(db, &page, SQL_PURGE_COUNTS, args, 2, NULL, err);
            code = code == OG_OK ? og_db_run(db, &page, SQL_PURGE, args, 2, NULL, err) : code;
            ++*count_out;
        }
    }
    og_arena_finish(&mem);
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}
