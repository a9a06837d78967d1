/*
 * Rows that tell of a phone number, as JSON: tables say which column becomes which member. Codes
 * are in no row but in the text of a message that carries one, and that is left out.
 */
#include "base/json.h"
#include "core/incoming.h"
#include "store/message_store.h"
#include "store/otp_store.h"
#include "store/recipient_box.h"
#include "store/route_store.h"
#include "store/subject_store.h"
#include "store/timeline_store.h"

#define PLAIN_BYTES_MAX (2 * 1024 * 1024)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PARTS_MAX 5

enum {
    SQL_VERIFICATION,
    SQL_SENDS,
    SQL_CHECKS,
    SQL_COUNTED,
    SQL_MESSAGE,
    SQL_ROUTES,
    SQL_STEPS,
    SQL_BATCH_ROW,
    SQL_SANDBOX,
    SQL_INBOX,
    SQL_WEBHOOK,
    SQL_FAILURES,
    SQL_SIMS,
    SQL_STATEMENTS
};

#define LISTED " ORDER BY 1 LIMIT 1000"

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_VERIFICATION] =
        "SELECT id, recipient, recipient_masked, purpose, state, mode, brand, locale, client_app, "
        "template, app_hash, context_digest, payment, send_count, check_count, created_at, "
        "expires_at, closed_at, redeemed_at FROM verifications WHERE account_id = $1 AND id = $2",
    [SQL_SENDS] = "SELECT n, message_id, at FROM otp_sends WHERE verification_id = $2 AND "
                  "$1 <> ''" LISTED,
    [SQL_CHECKS] = "SELECT at, verdict FROM otp_checks WHERE verification_id = $2 AND "
                   "account_id = $1" LISTED,
    [SQL_COUNTED] = "SELECT n, at, amount, region, prefix, verified FROM abuse_sends WHERE "
                    "send_id = $2 AND account_id = $1" LISTED,
    [SQL_MESSAGE] =
        "SELECT id, client_id, verification_id, recipients, CASE WHEN class = 1 THEN NULL ELSE "
        "content END, content_digest, encrypted, data_port, class, tag, state, reason, device_id, "
        "route_sim, parts, created_at, schedule_at, handed_at, processed_at, sent_at, "
        "delivered_at, failed_at, cancelled_at FROM messages WHERE account_id = $1 AND id = $2",
    [SQL_ROUTES] = "SELECT n, device_id, sim, handed_at, ended_at, outcome, reason FROM "
                   "message_routes WHERE account_id = $1 AND message_id = $2" LISTED,
    [SQL_STEPS] = "SELECT kind, at, until_at, device_id, other_id, event, tries, reason FROM "
                  "timeline_steps WHERE account_id = $1 AND subject_id = $2 ORDER BY id LIMIT 1000",
    [SQL_BATCH_ROW] = "SELECT id, line, content FROM batch_rows WHERE account_id = $1 AND id = $2",
    [SQL_SANDBOX] = "SELECT id, verification_id, recipient, CASE WHEN verification_id IS NULL THEN "
                    "content END, at FROM sandbox_messages WHERE account_id = $1 AND id = $2",
    [SQL_INBOX] = "SELECT id, device_id, type, content, received_at, created_at FROM inbox "
                  "WHERE account_id = $1 AND id = $2",
    [SQL_WEBHOOK] = "SELECT id, webhook_id, event, body, created_at, failed, reason, dead_at FROM "
                    "webhook_outbox WHERE account_id = $1 AND id = $2",
    [SQL_SIMS] = "SELECT device_id, sim, last_at FROM sim_recipients WHERE device_id IN "
                 "(SELECT id FROM devices) AND sim IN (0, 1, 2, 3) AND recipient = CAST($1 AS BIGINT) AND "
                 "$2 = ''" LISTED,
    [SQL_FAILURES] = "SELECT account_id, purpose, count, locked_at, updated_at FROM otp_failures "
                     "WHERE account_id IN (SELECT id FROM accounts) AND recipient_digest = $1 AND "
                     "$2 = ''" LISTED,
};

static const struct og_sql_page page = {OG_PAGE_SUBJECT_SHOW, sql, SQL_STATEMENTS};

/* ---- columns ---- */

enum kind {
    TEXT,
    NUMBER,
    FLAG,
    TIME,
    WORD,        /* a number that stands for a word */
    SEALED,      /* a text */
    SEALED_JSON,
    RECIPIENTS,  /* sealed: only the one that is asked for is shown, and how many others there are */
};

struct column {
    const char *name;
    enum kind kind;
    const char *(*word)(int64_t value);
};

static const char *
verification_state(int64_t value)
{
    return og_verification_state_name((enum og_verification_state)value);
}

static const char *
message_state(int64_t value)
{
    return og_message_state_name((enum og_message_state)value);
}

static const char *
incoming_type(int64_t value)
{
    return og_incoming_type_name((enum og_incoming_type)value);
}

static const char *
mode(int64_t value)
{
    static const char *const words[OG_MODE_COUNT] = {"live", "sandbox", "test", "decoy"};
    return words[value];
}

static const char *
verdict(int64_t value)
{
    static const char *const words[OG_CHECK_VERDICTS] = {
        "unknown", "wrong", "approved", "late", "closed", "no_code", "context_mismatch"};
    return words[value];
}

static const char *
message_class(int64_t value)
{
    static const char *const words[] = {"transactional", "otp", "bulk"};
    return words[value];
}

static const char *
outcome(int64_t value)
{
    return value == OG_ROUTE_FAILED ? "failed" : "silent";
}

static const char *
step(int64_t value)
{
    static const char *const words[OG_NOTE_KINDS] = {
        [OG_NOTE_REPLANNED] = "replanned", [OG_NOTE_RELEASED] = "released",
        [OG_NOTE_WAITED] = "waited",       [OG_NOTE_CLAIMED] = "claimed",
        [OG_NOTE_WITHDRAWN] = "withdrawn", [OG_NOTE_HOOK] = "webhook",
        [OG_NOTE_LOCKED] = "locked",
    };
    return words[value];
}

static const struct column verification_columns[] = {
    {"id", TEXT},           {"number", SEALED},          {"masked", TEXT},
    {"purpose", TEXT},      {"state", WORD, verification_state}, {"mode", WORD, mode},
    {"brand", TEXT},        {"locale", TEXT},            {"client_app", TEXT},
    {"template", TEXT},     {"app_hash", TEXT},          {"context_digest", TEXT},
    {"payment", SEALED},    {"sends", NUMBER},           {"wrong_checks", NUMBER},
    {"created_at", TIME},   {"expires_at", TIME},        {"closed_at", TIME},
    {"redeemed_at", TIME},
};
static const struct column send_columns[] = {{"n", NUMBER}, {"message_id", TEXT}, {"at", TIME}};
static const struct column check_columns[] = {{"at", TIME}, {"verdict", WORD, verdict}};
static const struct column counted_columns[] = {{"n", NUMBER},    {"at", TIME},
                                                {"amount", NUMBER}, {"region", TEXT},
                                                {"prefix", TEXT}, {"verified", FLAG}};
static const struct column message_columns[] = {
    {"id", TEXT},
    {"client_id", TEXT},
    {"verification_id", TEXT},
    {"recipient", RECIPIENTS},
    {"text", SEALED},
    {"text_digest", TEXT},
    {"encrypted", FLAG},
    {"data_port", NUMBER},
    {"message_class", WORD, message_class},
    {"tag", TEXT},
    {"state", WORD, message_state},
    {"reason", TEXT},
    {"device_id", TEXT},
    {"sim", NUMBER},
    {"parts", NUMBER},
    {"created_at", TIME},
    {"schedule_at", TIME},
    {"handed_at", TIME},
    {"processed_at", TIME},
    {"sent_at", TIME},
    {"delivered_at", TIME},
    {"failed_at", TIME},
    {"cancelled_at", TIME},
};
static const struct column route_columns[] = {
    {"n", NUMBER},      {"device_id", TEXT},        {"sim", NUMBER},  {"handed_at", TIME},
    {"ended_at", TIME}, {"outcome", WORD, outcome}, {"reason", TEXT},
};
static const struct column step_columns[] = {
    {"step", WORD, step},  {"at", TIME},    {"until", TIME},   {"device_id", TEXT},
    {"other_id", TEXT},    {"event", TEXT}, {"tries", NUMBER}, {"reason", TEXT},
};
static const struct column batch_row_columns[] = {
    {"id", TEXT}, {"line", NUMBER}, {"number_and_text", SEALED}};
static const struct column sandbox_columns[] = {
    {"id", TEXT}, {"verification_id", TEXT}, {"number", SEALED}, {"text", SEALED}, {"at", TIME}};
static const struct column inbox_columns[] = {
    {"id", TEXT},           {"device_id", TEXT},   {"type", WORD, incoming_type},
    {"content", SEALED_JSON}, {"received_at", TIME}, {"created_at", TIME},
};
static const struct column webhook_columns[] = {
    {"id", TEXT},         {"webhook_id", TEXT}, {"event", TEXT},  {"body", SEALED_JSON},
    {"created_at", TIME}, {"failed", NUMBER},   {"reason", TEXT}, {"dead_at", TIME},
};
static const struct column failure_columns[] = {{"account", TEXT},
                                                {"purpose", TEXT},
                                                {"count", NUMBER},
                                                {"locked_at", TIME},
                                                {"updated_at", TIME}};

/* Rows of one statement. */
struct part {
    const char *list; /* a member that lists them; NULL: the only row's columns are members */
    int statement;
    const struct column *columns;
    size_t column_count;
};

#define PART(list_, statement_, columns_) {list_, statement_, columns_, COUNT(columns_)}

static const struct part class_parts[OG_SUBJECT_CLASSES][PARTS_MAX] = {
    [OG_SUBJECT_VERIFICATIONS] = {PART(NULL, SQL_VERIFICATION, verification_columns),
                                  PART("sent", SQL_SENDS, send_columns),
                                  PART("checks", SQL_CHECKS, check_columns),
                                  PART("steps", SQL_STEPS, step_columns),
                                  PART("counted", SQL_COUNTED, counted_columns)},
    [OG_SUBJECT_MESSAGES] = {PART(NULL, SQL_MESSAGE, message_columns),
                             PART("former_routes", SQL_ROUTES, route_columns),
                             PART("steps", SQL_STEPS, step_columns),
                             PART("counted", SQL_COUNTED, counted_columns)},
    [OG_SUBJECT_BATCH_ROWS] = {PART(NULL, SQL_BATCH_ROW, batch_row_columns)},
    [OG_SUBJECT_SANDBOX] = {PART(NULL, SQL_SANDBOX, sandbox_columns)},
    [OG_SUBJECT_INBOX] = {PART(NULL, SQL_INBOX, inbox_columns)},
    [OG_SUBJECT_WEBHOOKS] = {PART(NULL, SQL_WEBHOOK, webhook_columns)},
};
static const struct column sim_columns[] = {
    {"device_id", TEXT}, {"sim", NUMBER}, {"last_at", TIME}};
static const struct part sim_part = PART("sims", SQL_SIMS, sim_columns);
static const struct part failure_part = PART("failures", SQL_FAILURES, failure_columns);

/* ---- writing ---- */

struct showing {
    struct og_db *db;
    const struct og_subject_ask *ask;
    struct og_str id; /* what boxes are bound to */
    struct og_json_writer w;
    struct og_arena mem;
    struct og_buf plain;
};

static void
write_recipient(struct showing *self, const char *name)
{
    struct og_message_recipient *items = NULL;
    struct og_err unheard;
    size_t count = 0;
    if (og_recipients_unpack(og_buf_str(&self->plain), &self->mem, &items, &count, &unheard) !=
        OG_OK) {
        return;
    }
    og_json_object(&self->w, name);
    for (size_t i = 0; i < count; i++) {
        if (og_subject_is_number(items[i].number, self->ask->number)) {
            og_json_add_str(&self->w, "number", items[i].number);
            og_json_add_cstr(&self->w, "state", og_message_state_name(items[i].state));
            og_json_add_str(&self->w, "error", items[i].error);
            break;
        }
    }
    og_json_add_i64(&self->w, "others", (int64_t)count - 1);
    og_json_end(&self->w);
}

static void
write_sealed(struct showing *self, const struct og_rows *rows, int i, const struct column *column)
{
    struct og_err unheard;
    if (og_unseal(self->ask->seal, self->id, og_row_borrow(rows, i), &self->plain, &unheard) !=
        OG_OK) {
        og_json_add_null(&self->w, column->name); /* of another key: nobody can read it */
    } else if (column->kind == SEALED) {
        og_json_add_str(&self->w, column->name, og_buf_str(&self->plain));
    } else if (column->kind == SEALED_JSON) {
        og_json_add_raw(&self->w, column->name, og_buf_str(&self->plain));
    } else {
        write_recipient(self, column->name);
    }
    og_buf_wipe(&self->plain);
}

static void
write_column(struct showing *self, const struct og_rows *rows, int i, const struct column *column)
{
    if (og_row_is_null(rows, i)) {
        return;
    }
    switch (column->kind) {
    case TEXT:
        og_json_add_str(&self->w, column->name, og_row_borrow(rows, i));
        break;
    case NUMBER:
        og_json_add_i64(&self->w, column->name, og_row_i64(rows, i));
        break;
    case FLAG:
        og_json_add_bool(&self->w, column->name, og_row_i64(rows, i) != 0);
        break;
    case TIME:
        og_json_add_time(&self->w, column->name, og_row_i64(rows, i));
        break;
    case WORD:
        og_json_add_cstr(&self->w, column->name, column->word(og_row_i64(rows, i)));
        break;
    case SEALED:
    case SEALED_JSON:
    case RECIPIENTS:
        write_sealed(self, rows, i, column);
        break;
    }
}

static void
write_columns(struct showing *self, const struct og_rows *rows, const struct part *part)
{
    for (size_t i = 0; i < part->column_count; i++) {
        write_column(self, rows, (int)i, &part->columns[i]);
    }
}

static enum og_code
write_part(struct showing *self, const struct part *part, const struct og_subject_row *row,
           struct og_err *err)
{
    struct og_rows rows;
    enum og_step step;
    enum og_code code =
        og_db_open(self->db, &page, part->statement,
                   OG_ARGS(og_value_text(row->account_id), og_value_text(row->id)), &rows, err);
    if (code != OG_OK) {
        return code;
    }
    if (part->list) {
        og_json_array(&self->w, part->list);
    }
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        if (part->list) {
            og_json_object(&self->w, NULL);
        }
        write_columns(self, &rows, part);
        if (part->list) {
            og_json_end(&self->w);
        }
    }
    if (part->list) {
        og_json_end(&self->w);
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

static void
begin(struct showing *self, struct og_db *db, const struct og_subject_ask *ask, struct og_buf *out)
{
    *self = (struct showing){.db = db, .ask = ask};
    og_arena_init(&self->mem, 0);
    og_buf_init(&self->plain, PLAIN_BYTES_MAX);
    og_json_begin(&self->w, out);
}

static void
finish(struct showing *self)
{
    og_buf_finish(&self->plain);
    og_arena_finish(&self->mem);
}

enum og_code
og_subject_show(struct og_db *db, const struct og_subject_ask *ask, enum og_subject_class cls,
                const struct og_subject_row *row, struct og_buf *out, struct og_err *err)
{
    struct showing self;
    enum og_code code = OG_OK;
    begin(&self, db, ask, out);
    self.id = row->id;
    og_json_object(&self.w, NULL);
    og_json_add_cstr(&self.w, "class", og_subject_class_name(cls));
    og_json_add_str(&self.w, "account", row->account_id);
    for (int i = 0; code == OG_OK && i < PARTS_MAX && class_parts[cls][i].columns; i++) {
        code = write_part(&self, &class_parts[cls][i], row, err);
    }
    og_json_end(&self.w);
    finish(&self);
    return code;
}

enum og_code
og_subject_show_counts(struct og_db *db, const struct og_subject_ask *ask, uint64_t sim_digest,
                       struct og_buf *out, struct og_err *err)
{
    struct showing self;
    const struct og_str none = OG_STR("");
    begin(&self, db, ask, out);
    og_json_object(&self.w, NULL);
    og_json_add_cstr(&self.w, "class", "counts");
    enum og_code code =
        write_part(&self, &failure_part, &(struct og_subject_row){ask->digest, none}, err);
    if (code == OG_OK) {
        const struct og_str digest =
            og_str_printf(&self.mem, "%lld", (long long)(int64_t)sim_digest);
        code = write_part(&self, &sim_part, &(struct og_subject_row){digest, none}, err);
    }
    og_json_end(&self.w);
    finish(&self);
    return code;
}
