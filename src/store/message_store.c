/*
 * The page of statements about messages, and rows to structs. Reads top to bottom: statements, the
 * column list with its reader, then one function per statement.
 */
#include "store/message_store.h"

#include "base/id.h"
#include "store/batch_store.h"
#include "store/recipient_box.h"
#include "store/sealed_box.h"

enum {
    SQL_INSERT,
    SQL_INSERT_CLIENT_ID,
    SQL_ID_IS_OURS,
    SQL_FIND,
    SQL_FIND_BY_CLIENT_ID,
    SQL_LIST_DESC,
    SQL_LIST_ASC,
    SQL_COUNT,
    SQL_HANDABLE,
    SQL_HAND,
    SQL_REROUTE,
    SQL_CLAIM,
    SQL_REPLAN,
    SQL_SAVE,
    SQL_PROGRESS,
    SQL_DUE,
    SQL_RIPE,
    SQL_RELEASE,
    SQL_BATCH_WAITING,
    SQL_BATCH_HOLD,
    SQL_BATCH_RESUME,
    SQL_COUNT_FAILED,
    SQL_OF_DEVICE,
    SQL_EACH_OPEN,
    SQL_STATEMENTS
};

/* Columns in the order of read_row. */
#define COLUMNS                                                                                   \
    "id, account_id, client_id, device_id, bound, class, priority, sim_number, want_report, "     \
    "encrypted, state, assumed, reason, verification_id, created_at, valid_until, deadline_at, "  \
    "handed_at, cancelling_at, processed_at, sent_at, delivered_at, failed_at, cancelled_at, "    \
    "final_at, schedule_at, held, data_port, content_digest, parts, tag, route_sim, routes, "      \
    "possible_duplicate, hinted_at, batch_id, recipients"

#define FILTER                                                                                    \
    " FROM messages WHERE account_id = $1 AND id >= $2 AND id < $3"                               \
    " AND ($4 < 0 OR state = $4) AND ($5 = '' OR device_id = $5)"

/* held: 0 not, 1 until schedule_at, 2 until its batch goes on */
#define OF_BATCH                                                                                  \
    " WHERE account_id = $1 AND batch_id = $2 AND batch_id IS NOT NULL AND final_at IS NULL"

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_INSERT] = "INSERT INTO messages (id, account_id, client_id, device_id, bound, class, "
                   "priority, sim_number, want_report, encrypted, state, content, recipients, "
                   "verification_id, created_at, valid_until, deadline_at, failed_at, final_at, "
                   "reason, assumed, schedule_at, held, data_port, sent_at, delivered_at, parts, "
                   "tag, batch_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
                   "$13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, "
                   "$28, $29)",
    [SQL_INSERT_CLIENT_ID] =
        "INSERT INTO client_ids (account_id, client_id, message_id) VALUES ($1, $2, $3)",
    [SQL_ID_IS_OURS] = "SELECT 1 FROM messages WHERE id = $1 AND account_id = $2",
    [SQL_FIND] = "SELECT " COLUMNS ", content FROM messages WHERE id = $1 AND account_id = $2",
    [SQL_FIND_BY_CLIENT_ID] =
        "SELECT " COLUMNS ", content FROM messages WHERE account_id = $2 AND id = "
        "(SELECT message_id FROM client_ids WHERE account_id = $2 AND client_id = $1)",
    [SQL_LIST_DESC] = "SELECT " COLUMNS ", content" FILTER " ORDER BY id DESC LIMIT $6 OFFSET $7",
    [SQL_LIST_ASC] = "SELECT " COLUMNS ", content" FILTER " ORDER BY id ASC LIMIT $6 OFFSET $7",
    [SQL_COUNT] = "SELECT count(*)" FILTER,
    /* states 0 and 1: Pending and Cancelling */
    [SQL_HANDABLE] = "SELECT " COLUMNS ", content FROM messages WHERE account_id = $3 AND "
                     "id = $1 AND (handed_at IS NULL OR device_id = $2) AND routes = $4 AND "
                     "held = 0 AND state IN (0, 1) AND final_at IS NULL",
    [SQL_HAND] = "UPDATE messages SET handed_at = $3, device_id = $2, route_sim = $5, "
                 "hinted_at = $6 WHERE account_id = $4 AND id = $1 AND handed_at IS NULL AND "
                 "state IN (0, 1) AND final_at IS NULL",
    [SQL_REROUTE] = "UPDATE messages SET state = 0, assumed = 0, reason = NULL, handed_at = NULL, "
                    "device_id = $4, route_sim = NULL, hinted_at = NULL, routes = routes + 1, "
                    "possible_duplicate = $5, processed_at = NULL, sent_at = NULL, "
                    "delivered_at = NULL, failed_at = NULL, recipients = $6 "
                    "WHERE account_id = $1 AND id = $2 AND state = $3 AND "
                    "handed_at IS NOT NULL AND final_at IS NULL",
    [SQL_CLAIM] = "UPDATE messages SET device_id = $3, handed_at = $4 WHERE account_id = $1 AND "
                  "id = $2 AND final_at IS NULL",
    [SQL_REPLAN] = "UPDATE messages SET device_id = $3 WHERE account_id = $1 AND id = $2 AND "
                   "handed_at IS NULL AND final_at IS NULL",
    [SQL_SAVE] = "UPDATE messages SET state = $3, assumed = $4, reason = $5, deadline_at = $6, "
                 "cancelling_at = $7, processed_at = $8, sent_at = $9, delivered_at = $10, "
                 "failed_at = $11, cancelled_at = $12, final_at = $13, recipients = $14, "
                 "content = CASE WHEN $15 = 1 THEN NULL ELSE content END "
                 "WHERE account_id = $17 AND id = $1 AND state = $2 AND "
                 "($16 = 0 OR handed_at IS NULL)",
    /* the same where the index of open messages does not change: naming its columns costs */
    [SQL_PROGRESS] = "UPDATE messages SET state = $3, assumed = $4, reason = $5, "
                     "cancelling_at = $7, processed_at = $8, sent_at = $9, delivered_at = $10, "
                     "failed_at = $11, cancelled_at = $12, recipients = $14, "
                     "content = CASE WHEN $15 = 1 THEN NULL ELSE content END "
                     "WHERE account_id = $17 AND id = $1 AND state = $2 AND "
                     "($16 = 0 OR handed_at IS NULL)",
    [SQL_DUE] = "SELECT " COLUMNS " FROM messages WHERE final_at IS NULL AND deadline_at <= $1 "
                "ORDER BY deadline_at LIMIT $2",
    [SQL_RIPE] = "SELECT " COLUMNS " FROM messages WHERE held = 1 AND final_at IS NULL AND "
                 "schedule_at <= $1 AND deadline_at > $1 ORDER BY schedule_at LIMIT $2",
    [SQL_RELEASE] = "UPDATE messages SET held = 0, device_id = $3 "
                    "WHERE account_id = $2 AND id = $1 AND held = 1 AND final_at IS NULL",
    [SQL_BATCH_WAITING] = "SELECT id FROM messages" OF_BATCH " AND handed_at IS NULL AND state = 0",
    [SQL_BATCH_HOLD] = "UPDATE messages SET held = 2" OF_BATCH
                       " AND handed_at IS NULL AND state = 0",
    /* ripe at once, for og_message_ripe */
    [SQL_BATCH_RESUME] = "UPDATE messages SET held = 1, schedule_at = created_at" OF_BATCH
                         " AND held = 2",
    /* state 6: Failed */
    [SQL_COUNT_FAILED] = "SELECT count(*) FROM (SELECT state FROM messages WHERE account_id = $1 "
                         "AND device_id = $2 AND id >= $3 AND id < $4 ORDER BY id DESC LIMIT $5) "
                         "AS newest WHERE state = 6",
    [SQL_OF_DEVICE] = "SELECT " COLUMNS " FROM messages WHERE final_at IS NULL AND "
                      "device_id = $1 AND (bound = 1 OR handed_at IS NOT NULL) LIMIT $2",
    [SQL_EACH_OPEN] = "SELECT " COLUMNS " FROM messages WHERE final_at IS NULL AND "
                      "state IN (0, 1, 3) AND held = 0 ORDER BY id",
};

static const struct og_sql_page page = {OG_PAGE_MESSAGE, sql, SQL_STATEMENTS};

enum { COLUMN_RECIPIENTS = 36, COLUMN_CONTENT = 37 };

#define RECIPIENTS_BYTES_MAX (1 << 20)
#define CONTENT_BYTES_MAX (512 * 1024)
#define WHAT "message" /* for who cannot open it */

/* ---- sealed columns ---- */

static enum og_code
open_column(const struct og_rows *rows, int column, const struct og_key *seal, struct og_str id,
            struct og_arena *mem, struct og_str *out, struct og_err *err)
{
    const struct og_box_ask ask = {seal, id, CONTENT_BYTES_MAX + RECIPIENTS_BYTES_MAX, WHAT};
    return og_box_open(&ask, og_row_borrow(rows, column), mem, out, err);
}

static void
seal_recipients(const struct og_message *m, const struct og_key *seal, struct og_buf *box)
{
    struct og_buf plain;
    og_buf_init(&plain, RECIPIENTS_BYTES_MAX);
    og_recipients_pack(m->record.recipients, m->record.recipient_count, &plain);
    og_buf_init(box, RECIPIENTS_BYTES_MAX + OG_SEAL_OVERHEAD_BYTES);
    og_seal(seal, m->id, og_buf_str(&plain), box);
    og_buf_finish(&plain);
}

enum og_batch_fate
og_message_fate(const struct og_message *m)
{
    static const enum og_batch_fate fates[OG_MESSAGE_STATE_COUNT] = {
        [OG_MESSAGE_PENDING] = OG_FATE_WAITING,    [OG_MESSAGE_CANCELLING] = OG_FATE_WAITING,
        [OG_MESSAGE_CANCELLED] = OG_FATE_CANCELED, [OG_MESSAGE_PROCESSED] = OG_FATE_WAITING,
        [OG_MESSAGE_SENT] = OG_FATE_SENT,          [OG_MESSAGE_DELIVERED] = OG_FATE_DELIVERED,
        [OG_MESSAGE_FAILED] = OG_FATE_FAILED,
    };
    const bool is_expired = m->record.state == OG_MESSAGE_FAILED &&
                            og_str_eq(m->reason, OG_STR(OG_REASON_EXPIRED));
    return is_expired ? OG_FATE_EXPIRED : fates[m->record.state];
}

/* ---- rows ---- */

static void
read_plain_columns(const struct og_rows *rows, struct og_arena *mem, struct og_message *m)
{
    *m = (struct og_message){
        .id = og_row_text(rows, 0, mem),
        .account_id = og_row_text(rows, 1, mem),
        .client_id = og_row_text(rows, 2, mem),
        .device_id = og_row_text(rows, 3, mem),
        .bound = og_row_i64(rows, 4) != 0,
        .cls = (enum og_message_class)og_row_i64(rows, 5),
        .priority = og_row_i64(rows, 6),
        .sim_number = og_row_i64(rows, 7),
        .want_report = og_row_i64(rows, 8) != 0,
        .encrypted = og_row_i64(rows, 9) != 0,
        .record.state = (enum og_message_state)og_row_i64(rows, 10),
        .record.is_assumed = og_row_i64(rows, 11) != 0,
        .reason = og_row_text(rows, 12, mem),
        .verification_id = og_row_text(rows, 13, mem),
        .created_at = og_row_i64(rows, 14),
        .valid_until = og_row_i64(rows, 15),
        .deadline_at = og_row_i64(rows, 16),
        .handed_at = og_row_i64(rows, 17),
        .final_at = og_row_i64(rows, 24),
        .schedule_at = og_row_i64(rows, 25),
        .held = og_row_i64(rows, 26) != 0,
        .data_port = og_row_i64(rows, 27),
        .text_digest = og_row_text(rows, 28, mem),
        .parts = og_row_i64(rows, 29),
        .tag = og_row_text(rows, 30, mem),
        .route_sim = og_row_i64(rows, 31),
        .routes = og_row_i64(rows, 32),
        .possible_duplicate = og_row_i64(rows, 33) != 0,
        .hinted_at = og_row_i64(rows, 34),
        .batch_id = og_row_text(rows, 35, mem),
    };
    m->row.deadline_at = m->deadline_at;
    m->row.final_at = m->final_at;
    m->row.fate = og_message_fate(m);
    int64_t *at = m->record.times.at_ms;
    at[OG_MESSAGE_PENDING] = m->created_at;
    at[OG_MESSAGE_CANCELLING] = og_row_i64(rows, 18);
    at[OG_MESSAGE_PROCESSED] = og_row_i64(rows, 19);
    at[OG_MESSAGE_SENT] = og_row_i64(rows, 20);
    at[OG_MESSAGE_DELIVERED] = og_row_i64(rows, 21);
    at[OG_MESSAGE_FAILED] = og_row_i64(rows, 22);
    at[OG_MESSAGE_CANCELLED] = og_row_i64(rows, 23);
}

static enum og_code
read_row(const struct og_rows *rows, const struct og_key *seal, bool with_text,
         struct og_arena *mem, struct og_message *m, struct og_err *err)
{
    read_plain_columns(rows, mem, m);
    struct og_str packed;
    enum og_code code = open_column(rows, COLUMN_RECIPIENTS, seal, m->id, mem, &packed, err);
    if (code == OG_OK) {
        code = og_recipients_unpack(packed, mem, &m->record.recipients,
                                    &m->record.recipient_count, err);
        code = code == OG_E_INTERNAL ? og_box_fail(WHAT, err) : code;
    }
    if (code == OG_OK && with_text) {
        code = open_column(rows, COLUMN_CONTENT, seal, m->id, mem, &m->text, err);
    }
    return code;
}

/* Run a query that gives at most one message. */
static enum og_code
read_one(struct og_db *db, int statement, const struct og_value *args, int arg_count,
         const struct og_key *seal, bool with_text, struct og_arena *mem,
         struct og_message *out, struct og_err *err)
{
    struct og_rows rows;
    enum og_code code = og_db_first(db, &page, statement, args, arg_count, &rows, err);
    if (code == OG_OK) {
        code = read_row(&rows, seal, with_text, mem, out, err);
        og_rows_close(&rows);
    }
    return code == OG_E_NOT_FOUND ? og_fail(err, code, "id", "no such message") : code;
}

struct message_list {
    struct og_message *items;
    int count, cap;
};

/* A row that does not open holds up nobody: lists go on without it, and what is open of such ends
 * at its time (service/timeline/watchdog.h). */
static enum og_code
read_or_skip(const struct og_rows *rows, const struct og_key *seal, bool with_text,
             struct og_arena *mem, struct message_list *out, struct og_err *err)
{
    const enum og_code code =
        read_row(rows, seal, with_text, mem, &out->items[out->count], err);
    out->count += code == OG_OK;
    return code == OG_E_UNREADABLE ? OG_OK : code;
}

/* Run a query that gives up to `limit` messages, of those that can be read. */
static enum og_code
read_many(struct og_db *db, int statement, const struct og_value *args, int arg_count, int limit,
          const struct og_key *seal, bool with_text, struct og_arena *mem,
          struct message_list *out, struct og_err *err)
{
    struct og_rows rows;
    enum og_code code = og_db_open(db, &page, statement, args, arg_count, &rows, err);
    if (code != OG_OK) {
        return code;
    }
    out->items = OG_ARENA_ARRAY(mem, struct og_message, limit > 0 ? (size_t)limit : 1);
    out->count = 0;
    enum og_step step = OG_STEP_DONE;
    while (code == OG_OK && out->count < limit &&
           (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        code = read_or_skip(&rows, seal, with_text, mem, out, err);
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : code;
}

/* ---- statements ---- */

/* A client's id must not be one that we made for the same account: it would name two messages. */
static enum og_code
insert_client_id(struct og_db *db, const struct og_message *m, struct og_err *err)
{
    struct og_rows rows;
    enum og_code code = og_db_open(db, &page, SQL_ID_IS_OURS,
                                   OG_ARGS(og_value_text(m->client_id),
                                           og_value_text(m->account_id)),
                                   &rows, err);
    if (code != OG_OK) {
        return code;
    }
    enum og_step step = og_rows_next(&rows, err);
    og_rows_close(&rows);
    if (step == OG_STEP_ERROR) {
        return err->code;
    }
    if (step == OG_STEP_DONE) {
        code = og_db_run(db, &page, SQL_INSERT_CLIENT_ID,
                         OG_ARGS(og_value_text(m->account_id), og_value_text(m->client_id),
                                 og_value_text(m->id)),
                         NULL, err);
    }
    if (step == OG_STEP_ROW || code == OG_E_CONFLICT) {
        return og_fail(err, OG_E_CONFLICT, "id", "message with the same ID already exists");
    }
    return code;
}

enum og_code
og_message_insert(struct og_db *db, const struct og_key *seal, const struct og_message *m,
                  struct og_err *err)
{
    struct og_err local;
    err = err ? err : &local;
    if (m->client_id.len) {
        enum og_code code = insert_client_id(db, m, err);
        if (code != OG_OK) {
            return code;
        }
    }
    struct og_buf content, recipients;
    og_buf_init(&content, CONTENT_BYTES_MAX + OG_SEAL_OVERHEAD_BYTES);
    if (m->text.len) {
        og_seal(seal, m->id, m->text, &content);
    }
    seal_recipients(m, seal, &recipients);
    const int64_t *at = m->record.times.at_ms;
    enum og_code code = og_db_run(
        db, &page, SQL_INSERT,
        OG_ARGS(og_value_text(m->id), og_value_text(m->account_id),
                og_value_text_or_null(m->client_id), og_value_text(m->device_id),
                og_value_i64(m->bound), og_value_i64(m->cls), og_value_i64(m->priority),
                og_value_i64_or_null(m->sim_number), og_value_i64(m->want_report),
                og_value_i64(m->encrypted), og_value_i64(m->record.state),
                content.len ? og_value_blob(og_buf_str(&content)) : og_value_null(),
                og_value_blob(og_buf_str(&recipients)),
                og_value_text_or_null(m->verification_id), og_value_i64(m->created_at),
                og_value_i64_or_null(m->valid_until), og_value_i64(m->deadline_at),
                og_value_i64_or_null(at[OG_MESSAGE_FAILED]), og_value_i64_or_null(m->final_at),
                og_value_text_or_null(m->reason), og_value_i64(m->record.is_assumed),
                og_value_i64_or_null(m->schedule_at), og_value_i64(m->held),
                og_value_i64_or_null(m->data_port), og_value_i64_or_null(at[OG_MESSAGE_SENT]),
                og_value_i64_or_null(at[OG_MESSAGE_DELIVERED]), og_value_i64(m->parts),
                og_value_text_or_null(m->tag), og_value_text_or_null(m->batch_id)),
        NULL, err);
    og_buf_finish(&content);
    og_buf_finish(&recipients);
    return code;
}

static enum og_code
find(struct og_db *db, const struct og_key *seal, bool with_text, struct og_str account_id,
     struct og_str any_id, struct og_arena *mem, struct og_message *out, struct og_err *err)
{
    struct og_err local;
    err = err ? err : &local;
    struct og_value args[] = {og_value_text(any_id), og_value_text(account_id)};
    enum og_code code = OG_E_NOT_FOUND;
    if (any_id.len == OG_ID_CHARS) {
        code = read_one(db, SQL_FIND, args, 2, seal, with_text, mem, out, err);
    }
    if (code == OG_E_NOT_FOUND) {
        code = read_one(db, SQL_FIND_BY_CLIENT_ID, args, 2, seal, with_text, mem, out, err);
    }
    return code;
}

enum og_code
og_message_find(struct og_db *db, const struct og_key *seal, struct og_str account_id,
                struct og_str any_id, struct og_arena *mem, struct og_message *out,
                struct og_err *err)
{
    return find(db, seal, true, account_id, any_id, mem, out, err);
}

enum og_code
og_message_find_record(struct og_db *db, const struct og_key *seal, struct og_str account_id,
                       struct og_str any_id, struct og_arena *mem, struct og_message *out,
                       struct og_err *err)
{
    return find(db, seal, false, account_id, any_id, mem, out, err);
}

/* Ids begin with their time, so a span of time is a span of ids. */
static struct og_str
first_id_at(struct og_arena *mem, int64_t at_ms, const char *otherwise)
{
    if (at_ms == 0) {
        return og_str_from(otherwise);
    }
    char floor[OG_ID_TIME_CHARS + 1];
    og_id_floor(at_ms, floor);
    return og_str_dup(mem, og_str_from(floor));
}

enum og_code
og_message_list(struct og_db *db, const struct og_key *seal,
                const struct og_message_filter *filter, struct og_arena *mem,
                struct og_message **items_out, int *count_out, int64_t *total_out,
                struct og_err *err)
{
    struct og_err local;
    err = err ? err : &local;
    struct og_value args[] = {
        og_value_text(filter->account_id),
        og_value_text(first_id_at(mem, filter->from_ms, "")),
        og_value_text(first_id_at(mem, filter->to_ms, "~")),
        og_value_i64(filter->state),
        og_value_text(filter->device_id),
        og_value_i64(filter->limit),
        og_value_i64(filter->offset),
    };
    struct message_list list;
    enum og_code code =
        read_many(db, filter->ascending ? SQL_LIST_ASC : SQL_LIST_DESC, args, 7, filter->limit,
                  seal, filter->with_content, mem, &list, err);
    if (code != OG_OK) {
        return code;
    }
    *items_out = list.items;
    *count_out = list.count;
    return og_db_first_i64(db, &page, SQL_COUNT, args, 5, total_out, err);
}

/* Mark one that no phone has yet. */
static enum og_code
hand_first(struct og_db *db, struct og_message *m, const struct og_handing *to, int64_t now_ms,
           struct og_arena *mem, struct og_err *err)
{
    int64_t changed = 0;
    enum og_code code = og_db_run(db, &page, SQL_HAND,
                                  OG_ARGS(og_value_text(m->id), og_value_text(to->device_id),
                                          og_value_i64(now_ms), og_value_text(m->account_id),
                                          og_value_i64_or_null(to->sim),
                                          og_value_i64_or_null(to->hinted_at)),
                                  &changed, err);
    if (code == OG_OK && changed != 1) {
        return og_fail(err, OG_E_NOT_FOUND, "id", "no such message");
    }
    m->handed_at = now_ms;
    m->hinted_at = to->hinted_at;
    m->route_sim = to->sim;
    m->planned_id = m->device_id;
    m->device_id = og_str_dup(mem, to->device_id);
    return code;
}

enum og_code
og_message_hand(struct og_db *db, const struct og_key *seal, struct og_str account_id,
                struct og_str id, int64_t routes, const struct og_handing *to, int64_t now_ms,
                struct og_arena *mem, struct og_message *out, bool *first_out,
                struct og_err *err)
{
    struct og_err local;
    err = err ? err : &local;
    enum og_code code = read_one(
        db, SQL_HANDABLE,
        OG_ARGS(og_value_text(id), og_value_text(to->device_id), og_value_text(account_id),
                og_value_i64(routes)),
        seal, true, mem, out, err);
    *first_out = code == OG_OK && out->handed_at == 0;
    return *first_out ? hand_first(db, out, to, now_ms, mem, err) : code;
}

/* What it was when it was read, and what it is now. */
static enum og_code
count_in_batch(struct og_db *db, const struct og_message *m, struct og_err *err)
{
    return m->batch_id.len ? og_batch_move(db, m->account_id, m->batch_id, m->row.fate,
                                           og_message_fate(m), 1, err)
                           : OG_OK;
}

static void
begin_again(struct og_message *m, struct og_str device_id, bool possible_duplicate)
{
    const int64_t accepted_at = m->record.times.at_ms[OG_MESSAGE_PENDING];
    m->record.state = OG_MESSAGE_PENDING;
    m->record.is_assumed = false;
    m->record.times = (struct og_message_times){.at_ms = {[OG_MESSAGE_PENDING] = accepted_at}};
    for (size_t i = 0; i < m->record.recipient_count; i++) {
        m->record.recipients[i].state = OG_MESSAGE_PENDING;
        m->record.recipients[i].is_assumed = false;
        m->record.recipients[i].error = OG_STR("");
    }
    m->reason = OG_STR("");
    m->device_id = device_id;
    m->handed_at = m->route_sim = m->hinted_at = 0;
    m->routes++;
    m->possible_duplicate |= possible_duplicate;
}

enum og_code
og_message_reroute(struct og_db *db, const struct og_key *seal, struct og_message *m,
                   enum og_message_state from, struct og_str device_id, bool possible_duplicate,
                   struct og_err *err)
{
    struct og_buf recipients;
    int64_t changed = 0;
    begin_again(m, device_id, possible_duplicate);
    seal_recipients(m, seal, &recipients);
    enum og_code code = og_db_run(
        db, &page, SQL_REROUTE,
        OG_ARGS(og_value_text(m->account_id), og_value_text(m->id), og_value_i64(from),
                og_value_text(device_id), og_value_i64(m->possible_duplicate),
                og_value_blob(og_buf_str(&recipients))),
        &changed, err);
    og_buf_finish(&recipients);
    if (code == OG_OK && changed != 1) {
        return og_fail(err, OG_E_CONFLICT, "id", "the message has moved on");
    }
    return code == OG_OK ? count_in_batch(db, m, err) : code;
}

enum og_code
og_message_claim(struct og_db *db, const struct og_message *m, struct og_err *err)
{
    int64_t changed = 0;
    enum og_code code = og_db_run(db, &page, SQL_CLAIM,
                                  OG_ARGS(og_value_text(m->account_id), og_value_text(m->id),
                                          og_value_text(m->device_id),
                                          og_value_i64(m->handed_at)),
                                  &changed, err);
    return code == OG_OK && changed != 1
               ? og_fail(err, OG_E_CONFLICT, "id", "the message has moved on")
               : code;
}

enum og_code
og_message_replan(struct og_db *db, struct og_str account_id, struct og_str id,
                  struct og_str device_id, struct og_err *err)
{
    return og_db_run(db, &page, SQL_REPLAN,
                     OG_ARGS(og_value_text(account_id), og_value_text(id),
                             og_value_text(device_id)),
                     NULL, err);
}

enum og_code
og_message_save(struct og_db *db, const struct og_key *seal, const struct og_message *m,
                enum og_message_state from, bool if_never_handed, bool erase_text,
                struct og_err *err)
{
    struct og_buf recipients;
    seal_recipients(m, seal, &recipients);
    const int64_t *at = m->record.times.at_ms;
    bool is_indexed_alike =
        m->deadline_at == m->row.deadline_at && m->final_at == m->row.final_at;
    int64_t changed = 0;
    enum og_code code = og_db_run(
        db, &page, is_indexed_alike ? SQL_PROGRESS : SQL_SAVE,
        OG_ARGS(og_value_text(m->id), og_value_i64(from), og_value_i64(m->record.state),
                og_value_i64(m->record.is_assumed), og_value_text_or_null(m->reason),
                og_value_i64(m->deadline_at), og_value_i64_or_null(at[OG_MESSAGE_CANCELLING]),
                og_value_i64_or_null(at[OG_MESSAGE_PROCESSED]),
                og_value_i64_or_null(at[OG_MESSAGE_SENT]),
                og_value_i64_or_null(at[OG_MESSAGE_DELIVERED]),
                og_value_i64_or_null(at[OG_MESSAGE_FAILED]),
                og_value_i64_or_null(at[OG_MESSAGE_CANCELLED]),
                og_value_i64_or_null(m->final_at), og_value_blob(og_buf_str(&recipients)),
                og_value_i64(erase_text), og_value_i64(if_never_handed),
                og_value_text(m->account_id)),
        &changed, err);
    og_buf_finish(&recipients);
    if (code == OG_OK && changed != 1) {
        return og_fail(err, OG_E_CONFLICT, "id", "the message has moved on");
    }
    return code == OG_OK ? count_in_batch(db, m, err) : code;
}

enum og_code
og_message_due(struct og_db *db, const struct og_key *seal, int64_t now_ms, int limit,
               struct og_arena *mem, struct og_message **items_out, int *count_out,
               struct og_err *err)
{
    struct og_err local;
    struct message_list list = {0};
    enum og_code code =
        read_many(db, SQL_DUE, OG_ARGS(og_value_i64(now_ms), og_value_i64(limit)), limit, seal,
                  false, mem, &list, err ? err : &local);
    *items_out = list.items;
    *count_out = list.count;
    return code;
}

enum og_code
og_message_ripe(struct og_db *db, const struct og_key *seal, int64_t now_ms, int limit,
                struct og_arena *mem, struct og_message **items_out, int *count_out,
                struct og_err *err)
{
    struct og_err local;
    struct message_list list = {0};
    enum og_code code =
        read_many(db, SQL_RIPE, OG_ARGS(og_value_i64(now_ms), og_value_i64(limit)), limit, seal,
                  false, mem, &list, err ? err : &local);
    *items_out = list.items;
    *count_out = list.count;
    return code;
}

enum og_code
og_message_release(struct og_db *db, const struct og_message *m, struct og_err *err)
{
    int64_t changed = 0;
    enum og_code code = og_db_run(db, &page, SQL_RELEASE,
                                  OG_ARGS(og_value_text(m->id), og_value_text(m->account_id),
                                          og_value_text(m->device_id)),
                                  &changed, err);
    if (code == OG_OK && changed != 1) {
        return og_fail(err, OG_E_CONFLICT, "id", "the message is not held");
    }
    return code;
}

static enum og_code
read_ids(struct og_db *db, int statement, const struct og_value *args, int arg_count,
         struct og_arena *mem, const struct og_message_id **out, struct og_err *err)
{
    struct og_rows rows;
    enum og_step step;
    *out = NULL;
    enum og_code code = og_db_open(db, &page, statement, args, arg_count, &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        struct og_message_id *one = OG_ARENA_NEW(mem, struct og_message_id);
        one->id = og_row_text(&rows, 0, mem);
        one->next = *out;
        *out = one;
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

enum og_code
og_message_hold_batch(struct og_db *db, struct og_str account_id, struct og_str batch_id,
                      struct og_arena *mem, const struct og_message_id **held_out,
                      struct og_err *err)
{
    const struct og_value args[] = {og_value_text(account_id), og_value_text(batch_id)};
    enum og_code code = read_ids(db, SQL_BATCH_WAITING, args, 2, mem, held_out, err);
    return code == OG_OK ? og_db_run(db, &page, SQL_BATCH_HOLD, args, 2, NULL, err) : code;
}

enum og_code
og_message_resume_batch(struct og_db *db, struct og_str account_id, struct og_str batch_id,
                        struct og_err *err)
{
    return og_db_run(db, &page, SQL_BATCH_RESUME,
                     OG_ARGS(og_value_text(account_id), og_value_text(batch_id)), NULL, err);
}

enum og_code
og_message_count_failed(struct og_db *db, struct og_str account_id, struct og_str device_id,
                        int64_t since_ms, struct og_str before_id, int newest,
                        struct og_arena *mem, int64_t *out, struct og_err *err)
{
    return og_db_first_i64(db, &page, SQL_COUNT_FAILED,
                           OG_ARGS(og_value_text(account_id), og_value_text(device_id),
                                   og_value_text(first_id_at(mem, since_ms, "")),
                                   og_value_text(before_id), og_value_i64(newest)),
                           out, err);
}

enum og_code
og_message_of_device(struct og_db *db, const struct og_key *seal, struct og_str device_id,
                     int limit, struct og_arena *mem, struct og_message **items_out,
                     int *count_out, struct og_err *err)
{
    struct og_err local;
    struct message_list list = {0};
    enum og_code code = read_many(db, SQL_OF_DEVICE,
                                  OG_ARGS(og_value_text(device_id), og_value_i64(limit)), limit,
                                  seal, false, mem, &list, err ? err : &local);
    *items_out = list.items;
    *count_out = list.count;
    return code;
}

enum og_code
og_message_each_open(struct og_db *db, void (*fn)(void *ctx, const struct og_message *m),
                     void *ctx, struct og_err *err)
{
    struct og_rows rows;
    enum og_code code = og_db_open(db, &page, SQL_EACH_OPEN, OG_NO_ARGS, &rows, err);
    if (code != OG_OK) {
        return code;
    }
    struct og_arena mem;
    og_arena_init(&mem, 0);
    enum og_step step;
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        struct og_message m;
        read_plain_columns(&rows, &mem, &m);
        fn(ctx, &m);
        og_arena_reset(&mem);
    }
    og_arena_finish(&mem);
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? OG_E_UNAVAILABLE : OG_OK;
}
