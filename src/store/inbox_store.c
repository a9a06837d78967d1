/*
 * The page of statements about received messages. What identifies people is in the sealed JSON; the
 * box is bound to the row's id.
 */
#include "store/inbox_store.h"

#include "base/json.h"
#include "store/sealed_box.h"

#define WHAT "received message" /* for who cannot open it */
#define BOX_MAX_BYTES (1 << 20) /* 65,535 characters, escaped */

enum { SQL_INSERT, SQL_FIND, SQL_LIST, SQL_COUNT, SQL_PURGE, SQL_STATEMENTS };

/* Columns in the order of read_row. */
#define COLUMNS "account_id, id, device_id, type, received_at, created_at, content"
#define FILTER                                                                                    \
    " FROM inbox WHERE account_id = $1 AND received_at >= $2 AND received_at < $3 AND "           \
    "($4 < 0 OR type = $4) AND ($5 = '' OR device_id = $5) AND ($6 = '' OR sender_digest = $6)"

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_INSERT] = "INSERT INTO inbox (account_id, id, device_id, type, sender_digest, digest, "
                   "content, received_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
                   "ON CONFLICT (account_id, digest) DO NOTHING",
    [SQL_FIND] = "SELECT " COLUMNS " FROM inbox WHERE account_id = $1 AND id = $2",
    [SQL_LIST] = "SELECT " COLUMNS FILTER " ORDER BY received_at DESC, id DESC LIMIT $7 OFFSET $8",
    [SQL_COUNT] = "SELECT count(*)" FILTER,
    [SQL_PURGE] = ("DELETE FROM inbox WHERE (account_id, id) IN (SELECT account_id, id FROM inbox "
                   "WHERE created_at < $1 ORDER BY created_at LIMIT $2)"),
};

static const struct og_sql_page page = {OG_PAGE_INBOX, sql, SQL_STATEMENTS};

/* ---- the box ---- */

#define TEXT(name, member) {name, OG_JSON_STRING, offsetof(struct og_incoming, member), false, 0, 0}
#define WHOLE(name, member) {name, OG_JSON_INT, offsetof(struct og_incoming, member), false, 0, 0}

static const struct og_json_member members[] = {
    TEXT("sender", sender),
    TEXT("recipient", recipient),
    TEXT("text", text),
    TEXT("subject", subject),
    TEXT("transaction", transaction_id),
    TEXT("class", content_class),
    WHOLE("size", size_bytes),
    WHOLE("sim", sim_number),
};

#define MEMBERS (sizeof members / sizeof members[0])

static void
write_content(const struct og_incoming *item, struct og_buf *out)
{
    struct og_json_writer w;
    og_json_begin(&w, out);
    og_json_object(&w, NULL);
    for (size_t i = 0; i < MEMBERS; i++) {
        const void *at = (const char *)item + members[i].offset;
        if (members[i].type == OG_JSON_INT) {
            og_json_add_i64(&w, members[i].name, *(const int64_t *)at);
        } else {
            og_json_add_str(&w, members[i].name, *(const struct og_str *)at);
        }
    }
    og_json_end(&w);
}

static enum og_code
read_content(struct og_str plain, struct og_arena *mem, struct og_incoming *out,
             struct og_err *err)
{
    struct og_json_doc doc = {0};
    enum og_code code = og_json_parse(plain, OG_JSON_DEPTH_DEFAULT, &doc, err);
    if (code == OG_OK) {
        code = og_json_decode(doc.root, members, MEMBERS, OG_JSON_UNKNOWN_IGNORED, "", mem, out,
                              err);
    }
    og_json_doc_finish(&doc);
    return code;
}

static enum og_code
open_box(struct og_str box, const struct og_key *seal, struct og_arena *mem,
         struct og_incoming *out, struct og_err *err)
{
    const struct og_box_ask ask = {seal, out->id, BOX_MAX_BYTES, WHAT};
    struct og_str plain;
    struct og_err unheard;
    const enum og_code code = og_box_open(&ask, box, mem, &plain, err);
    if (code == OG_OK && read_content(plain, mem, out, &unheard) != OG_OK) {
        return og_box_fail(WHAT, err);
    }
    return code;
}

/* ---- rows ---- */

enum og_code
og_inbox_insert(struct og_db *db, const struct og_key *seal, const struct og_incoming *item,
                bool *is_new_out, struct og_err *err)
{
    struct og_buf plain, box;
    int64_t changed = 0;
    og_buf_init(&plain, BOX_MAX_BYTES);
    og_buf_init(&box, BOX_MAX_BYTES + OG_SEAL_OVERHEAD_BYTES);
    write_content(item, &plain);
    og_seal(seal, item->id, og_buf_str(&plain), &box);
    enum og_code code =
        plain.full ? og_fail(err, OG_E_TOO_LARGE, "message", "is too long")
                   : og_db_run(db, &page, SQL_INSERT,
                               OG_ARGS(og_value_text(item->account_id), og_value_text(item->id),
                                       og_value_text(item->device_id), og_value_i64(item->type),
                                       og_value_text(item->sender_digest),
                                       og_value_text(item->digest), og_value_blob(og_buf_str(&box)),
                                       og_value_i64(item->received_at),
                                       og_value_i64(item->created_at)),
                               &changed, err);
    *is_new_out = changed > 0;
    og_buf_finish(&plain);
    og_buf_finish(&box);
    return code;
}

static enum og_code
read_row(const struct og_rows *rows, const struct og_key *seal, struct og_arena *mem,
         struct og_incoming *out, struct og_err *err)
{
    *out = (struct og_incoming){
        .account_id = og_row_text(rows, 0, mem),
        .id = og_row_text(rows, 1, mem),
        .device_id = og_row_text(rows, 2, mem),
        .type = (enum og_incoming_type)og_row_i64(rows, 3),
        .received_at = og_row_i64(rows, 4),
        .created_at = og_row_i64(rows, 5),
    };
    if ((unsigned)out->type >= OG_INCOMING_TYPE_COUNT) {
        return og_box_fail(WHAT, err);
    }
    return open_box(og_row_borrow(rows, 6), seal, mem, out, err);
}

enum og_code
og_inbox_find(struct og_db *db, const struct og_key *seal, struct og_str account_id,
              struct og_str id, struct og_arena *mem, struct og_incoming *out, struct og_err *err)
{
    struct og_rows rows;
    enum og_code code =
        og_db_first(db, &page, SQL_FIND, OG_ARGS(og_value_text(account_id), og_value_text(id)),
                    &rows, err);
    if (code == OG_OK) {
        code = read_row(&rows, seal, mem, out, err);
        og_rows_close(&rows);
    }
    return code == OG_E_NOT_FOUND ? og_fail(err, code, "id", "no such received message") : code;
}

enum og_code
og_inbox_list(struct og_db *db, const struct og_key *seal, const struct og_inbox_filter *filter,
              struct og_arena *mem, struct og_incoming **items_out, int *count_out,
              int64_t *total_out, struct og_err *err)
{
    struct og_rows rows;
    enum og_step step = OG_STEP_DONE;
    const struct og_value args[] = {
        og_value_text(filter->account_id),
        og_value_i64(filter->from_ms),
        og_value_i64(filter->to_ms ? filter->to_ms : INT64_MAX),
        og_value_i64(filter->type),
        og_value_text(filter->device_id),
        og_value_text(filter->sender_digest),
        og_value_i64(filter->limit),
        og_value_i64(filter->offset),
    };
    struct og_incoming *items = OG_ARENA_ARRAY(mem, struct og_incoming, (size_t)filter->limit);
    *items_out = items;
    *count_out = 0;
    enum og_code code = og_db_open(db, &page, SQL_LIST, args, 8, &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while (code == OG_OK && (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        code = read_row(&rows, seal, mem, &items[*count_out], err);
        *count_out += code == OG_OK;
        code = code == OG_E_UNREADABLE ? OG_OK : code; /* the others are listed */
    }
    og_rows_close(&rows);
    if (step == OG_STEP_ERROR) {
        code = err->code;
    }
    return code == OG_OK ? og_db_first_i64(db, &page, SQL_COUNT, args, 6, total_out, err) : code;
}

enum og_code
og_inbox_purge(struct og_db *db, int64_t before_ms, int limit, int64_t *removed_out,
               struct og_err *err)
{
    return og_db_run(db, &page, SQL_PURGE, OG_ARGS(og_value_i64(before_ms), og_value_i64(limit)),
                     removed_out, err);
}
