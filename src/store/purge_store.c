/*
 * The page of statements about what is too old. Old rows that must stay (open messages) are stepped
 * over once per round, because the caller's span moves on.
 */
#include "store/purge_store.h"

#include <stdio.h>

#include "base/id.h"

#define AT_ONCE 10 /* rows of one statement: between two of them the time is looked at */
#define CHECKS_AT_ONCE 100
#define TEXT_BYTES_MAX (512 * 1024)
#define TEXT_BYTES_PER_STEP (1024 * 1024) /* and the text with which they are over */
#define MARK "purged texts"

enum {
    SQL_AGED, /* and the others in the order of og_purge_aged */
    SQL_OLD_CHECKS = SQL_AGED + OG_PURGE_AGED_COUNT,
    SQL_OLD_SENDS,
    SQL_OLD_STEPS,
    SQL_OLD_VERIFICATIONS,
    SQL_SPAN, /* and the others in the order of og_purge_owned */
    SQL_CLEAR_TEXT = SQL_SPAN + OG_PURGE_OWNED_COUNT,
    SQL_REMOVE_MESSAGE,
    SQL_REMOVE_CLIENT_ID,
    SQL_REMOVE_ROUTES,
    SQL_REMOVE_STEPS,
    SQL_REMOVE_SANDBOX,
    SQL_NEXT_ACCOUNT,
    SQL_MARK_GET,
    SQL_MARK_SET,
    SQL_STATEMENTS
};

#define OLD_VERIFICATIONS                                                                         \
    "(SELECT id FROM verifications WHERE id < $1 AND state <> 0 ORDER BY id LIMIT $2)"
#define IN_SPAN " WHERE account_id = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $5"
/* Columns of each span: id, whether its turn has come, and what the deed needs. */
#define IS_OVER "id, final_at IS NOT NULL AND COALESCE(schedule_at, created_at) <= $4"
#define HAS_OLD_TEXT "id, final_at IS NOT NULL AND created_at <= $4 AND content IS NOT NULL"

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_AGED + OG_PURGE_CHECKS] =
        "DELETE FROM otp_checks WHERE (verification_id, id) IN (SELECT verification_id, id FROM "
        "otp_checks WHERE verdict = 0 AND at <= $1 ORDER BY at LIMIT $2)",
    [SQL_AGED + OG_PURGE_FAILURES] =
        "DELETE FROM otp_failures WHERE (account_id, recipient_digest, purpose) IN (SELECT "
        "account_id, recipient_digest, purpose FROM otp_failures WHERE updated_at <= $1 "
        "ORDER BY updated_at LIMIT $2)",
    [SQL_AGED + OG_PURGE_DEAD_LETTERS] =
        "DELETE FROM webhook_outbox WHERE id IN (SELECT id FROM webhook_outbox WHERE "
        "dead_at IS NOT NULL AND dead_at <= $1 ORDER BY dead_at LIMIT $2)",
    [SQL_AGED + OG_PURGE_TOKENS] = "DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE "
                                   "ends_at <= $1 ORDER BY ends_at LIMIT $2)",
    [SQL_AGED + OG_PURGE_LOGIN_CODES] =
        "DELETE FROM login_codes WHERE digest IN (SELECT digest FROM login_codes WHERE "
        "expires_at <= $1 ORDER BY expires_at LIMIT $2)",
    [SQL_OLD_CHECKS] =
        "DELETE FROM otp_checks WHERE (verification_id, id) IN (SELECT c.verification_id, c.id "
        "FROM otp_checks c WHERE c.verification_id IN " OLD_VERIFICATIONS " LIMIT $3)",
    [SQL_OLD_SENDS] = "DELETE FROM otp_sends WHERE verification_id IN " OLD_VERIFICATIONS,
    [SQL_OLD_STEPS] = "DELETE FROM timeline_steps WHERE (account_id, subject_id) IN (SELECT "
                      "account_id, id FROM verifications WHERE id IN " OLD_VERIFICATIONS ")",
    [SQL_OLD_VERIFICATIONS] = "DELETE FROM verifications WHERE id IN " OLD_VERIFICATIONS,
    [SQL_SPAN + OG_PURGE_TEXTS] =
        "SELECT " HAS_OLD_TEXT ", encrypted, content FROM messages" IN_SPAN,
    [SQL_SPAN + OG_PURGE_MESSAGES] = "SELECT " IS_OVER ", client_id FROM messages" IN_SPAN,
    [SQL_SPAN + OG_PURGE_SANDBOX] = "SELECT id, at <= $4 FROM sandbox_messages" IN_SPAN,
    [SQL_CLEAR_TEXT] = "UPDATE messages SET content = NULL, content_digest = $3 "
                       "WHERE account_id = $1 AND id = $2",
    [SQL_REMOVE_MESSAGE] = "DELETE FROM messages WHERE account_id = $1 AND id = $2",
    [SQL_REMOVE_CLIENT_ID] = "DELETE FROM client_ids WHERE account_id = $1 AND client_id = $2",
    [SQL_REMOVE_ROUTES] = "DELETE FROM message_routes WHERE account_id = $1 AND message_id = $2",
    [SQL_REMOVE_STEPS] = "DELETE FROM timeline_steps WHERE account_id = $1 AND subject_id = $2",
    [SQL_REMOVE_SANDBOX] = "DELETE FROM sandbox_messages WHERE account_id = $1 AND id = $2",
    [SQL_NEXT_ACCOUNT] = "SELECT id FROM accounts WHERE id > $1 ORDER BY id LIMIT 1",
    [SQL_MARK_GET] = "SELECT value FROM meta WHERE name = '" MARK "'",
    [SQL_MARK_SET] = "INSERT INTO meta (name, value) VALUES ('" MARK "', $1) "
                     "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
};

static const struct og_sql_page page = {OG_PAGE_PURGE, sql, SQL_STATEMENTS};

enum og_code
og_purge_aged(struct og_db *db, enum og_purge_aged which, int64_t until_ms, int limit,
              const struct og_stint *stint, int64_t *count_out, bool *has_more_out,
              struct og_err *err)
{
    const struct og_value args[] = {og_value_i64(until_ms), og_value_i64(AT_ONCE)};
    enum og_code code = OG_OK;
    int64_t count = AT_ONCE;
    *count_out = 0;
    do {
        code = og_db_run(db, &page, SQL_AGED + (int)which, args, 2, &count, err);
        *count_out += count;
    } while (code == OG_OK && count == AT_ONCE && *count_out < limit && !og_stint_is_over(stint));
    *has_more_out = count == AT_ONCE;
    return code;
}

/* A few of them, or some checks of one that has very many. */
static enum og_code
purge_some_verifications(struct og_db *db, const char *floor, int64_t *count_out,
                         bool *has_more_out, struct og_err *err)
{
    const struct og_value args[] = {og_value_cstr(floor), og_value_i64(AT_ONCE),
                                    og_value_i64(CHECKS_AT_ONCE)};
    int64_t checks = 0;
    *count_out = 0;
    *has_more_out = true;
    enum og_code code = og_db_run(db, &page, SQL_OLD_CHECKS, args, 3, &checks, err);
    if (code != OG_OK || checks == CHECKS_AT_ONCE) {
        return code;
    }
    code = og_db_run(db, &page, SQL_OLD_SENDS, args, 2, NULL, err);
    if (code == OG_OK) {
        code = og_db_run(db, &page, SQL_OLD_STEPS, args, 2, NULL, err);
    }
    if (code == OG_OK) {
        code = og_db_run(db, &page, SQL_OLD_VERIFICATIONS, args, 2, count_out, err);
    }
    *has_more_out = *count_out == AT_ONCE;
    return code;
}

enum og_code
og_purge_verifications(struct og_db *db, int64_t until_ms, int limit,
                       const struct og_stint *stint, int64_t *count_out, bool *has_more_out,
                       struct og_err *err)
{
    char floor[OG_ID_TIME_CHARS + 1];
    enum og_code code;
    int64_t count;
    og_id_floor(until_ms, floor);
    *count_out = 0;
    do {
        code = purge_some_verifications(db, floor, &count, has_more_out, err);
        *count_out += count;
    } while (code == OG_OK && *has_more_out && *count_out < limit && !og_stint_is_over(stint));
    return code;
}

/* ---- rows of an account ---- */

struct old_row {
    struct og_str id;
    struct og_str client_id;
    struct og_str digest; /* of its text, "" : none */
};

/* Words can be guessed, so the digest is keyed. What is encrypted, or cannot be read, has none. */
static void
digest_text(const struct og_rows *rows, const struct og_purge_span *span,
            const struct og_key *seal, const struct og_key *key, struct og_arena *mem,
            struct old_row *row)
{
    uint8_t digest[OG_DIGEST_BYTES];
    struct og_err unheard;
    struct og_buf plain;
    og_buf_init(&plain, TEXT_BYTES_MAX);
    const bool is_plain = og_row_i64(rows, 2) == 0;
    if (is_plain && og_unseal(seal, row->id, og_row_borrow(rows, 3), &plain, &unheard) == OG_OK) {
        const struct og_str parts[] = {OG_STR("text"), span->account_id, og_buf_str(&plain)};
        char *hex = og_arena_alloc(mem, OG_DIGEST_HEX_CHARS + 1);
        og_mac_parts(key, parts, 3, digest);
        og_hex(digest, sizeof digest, hex);
        row->digest = og_str_from(hex);
    }
    og_buf_finish(&plain);
}

struct old_rows {
    struct old_row *items;
    int count;
    int looked;
    bool has_more;
    size_t text_bytes;
};

static void
read_old(const struct og_rows *rows, struct og_purge_span *span, const struct og_key *seal,
         const struct og_key *key, struct og_arena *mem, struct old_rows *out)
{
    struct old_row *row = &out->items[out->count];
    *row = (struct old_row){.id = og_row_text(rows, 0, mem)};
    snprintf(span->after, sizeof span->after, "%" OG_STR_FMT, OG_STR_ARG(row->id));
    out->looked++;
    if (og_row_i64(rows, 1) == 0) {
        return;
    }
    out->count++;
    if (span->which == OG_PURGE_MESSAGES) {
        row->client_id = og_row_text(rows, 2, mem);
    } else if (span->which == OG_PURGE_TEXTS) {
        out->text_bytes += og_row_borrow(rows, 3).len;
        digest_text(rows, span, seal, key, mem, row);
    }
}

static enum og_code
list_old(struct og_db *db, struct og_purge_span *span, const struct og_key *seal,
         const struct og_key *key, struct og_arena *mem, struct old_rows *out, struct og_err *err)
{
    char floor[OG_ID_TIME_CHARS + 1];
    struct og_rows rows;
    enum og_step step = OG_STEP_ROW;
    og_id_floor(span->until_ms, floor);
    out->items = OG_ARENA_ARRAY(mem, struct old_row, AT_ONCE);
    const struct og_str after = og_str_dup(mem, og_str_from(span->after));
    enum og_code code =
        og_db_open(db, &page, SQL_SPAN + (int)span->which,
                   OG_ARGS(og_value_text(span->account_id), og_value_text(after),
                           og_value_cstr(floor), og_value_i64(span->until_ms),
                           og_value_i64(AT_ONCE)),
                   &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while (out->looked < AT_ONCE && out->text_bytes < TEXT_BYTES_PER_STEP &&
           (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        read_old(&rows, span, seal, key, mem, out);
    }
    out->has_more = step == OG_STEP_ROW;
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

static enum og_code
remove_old(struct og_db *db, const struct og_purge_span *span, const struct old_row *row,
           struct og_err *err)
{
    static const int deeds[OG_PURGE_OWNED_COUNT] = {
        [OG_PURGE_TEXTS] = SQL_CLEAR_TEXT,
        [OG_PURGE_MESSAGES] = SQL_REMOVE_MESSAGE,
        [OG_PURGE_SANDBOX] = SQL_REMOVE_SANDBOX,
    };
    const struct og_value args[] = {og_value_text(span->account_id), og_value_text(row->id),
                                    og_value_text_or_null(row->digest)};
    enum og_code code = og_db_run(db, &page, deeds[span->which], args,
                                  span->which == OG_PURGE_TEXTS ? 3 : 2, NULL, err);
    if (code == OG_OK && row->client_id.len) {
        code = og_db_run(db, &page, SQL_REMOVE_CLIENT_ID,
                         OG_ARGS(og_value_text(span->account_id), og_value_text(row->client_id)),
                         NULL, err);
    }
    if (code == OG_OK && span->which == OG_PURGE_MESSAGES) {
        code = og_db_run(db, &page, SQL_REMOVE_ROUTES, args, 2, NULL, err);
        if (code == OG_OK) {
            code = og_db_run(db, &page, SQL_REMOVE_STEPS, args, 2, NULL, err);
        }
    }
    return code;
}

static enum og_code
purge_some_owned(struct og_db *db, struct og_purge_span *span, const struct og_key *seal,
                 const struct og_key *text, struct old_rows *old, struct og_err *err)
{
    struct og_arena mem;
    og_arena_init(&mem, 0);
    enum og_code code = list_old(db, span, seal, text, &mem, old, err);
    for (int i = 0; code == OG_OK && i < old->count; i++) {
        code = remove_old(db, span, &old->items[i], err);
    }
    og_arena_finish(&mem);
    return code;
}

enum og_code
og_purge_owned(struct og_db *db, struct og_purge_span *span, const struct og_key *seal,
               const struct og_key *text, int64_t *count_out, bool *has_more_out,
               struct og_err *err)
{
    struct og_err local;
    enum og_code code;
    int looked = 0;
    *count_out = 0;
    do {
        struct old_rows old = {0};
        code = purge_some_owned(db, span, seal, text, &old, err ? err : &local);
        looked += old.looked;
        *count_out += old.count;
        *has_more_out = old.has_more;
    } while (code == OG_OK && *has_more_out && looked < span->limit &&
             !og_stint_is_over(span->stint));
    return code;
}

/* ---- where it stands ---- */

/* The first column of the only row as text; *found_out false when there is none. */
static enum og_code
read_text(struct og_db *db, int statement, const struct og_value *args, int arg_count,
          char out[OG_PURGE_ID_BYTES], bool *found_out, struct og_err *err)
{
    struct og_rows rows;
    const enum og_code code = og_db_first(db, &page, statement, args, arg_count, &rows, err);
    *found_out = code == OG_OK;
    if (*found_out) {
        snprintf(out, OG_PURGE_ID_BYTES, "%" OG_STR_FMT, OG_STR_ARG(og_row_borrow(&rows, 0)));
        og_rows_close(&rows);
    }
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}

enum og_code
og_purge_next_account(struct og_db *db, const char *after, char out[OG_PURGE_ID_BYTES],
                      bool *found_out, struct og_err *err)
{
    char next[OG_PURGE_ID_BYTES] = "";
    enum og_code code =
        read_text(db, SQL_NEXT_ACCOUNT, OG_ARGS(og_value_cstr(after)), next, found_out, err);
    memcpy(out, next, sizeof next);
    return code;
}

enum og_code
og_purge_mark_get(struct og_db *db, int64_t *out, struct og_err *err)
{
    char value[OG_PURGE_ID_BYTES] = "";
    bool found;
    enum og_code code = read_text(db, SQL_MARK_GET, OG_NO_ARGS, value, &found, err);
    *out = 0;
    (void)!og_str_to_i64(og_str_from(value), out);
    return code;
}

enum og_code
og_purge_mark_set(struct og_db *db, int64_t at_ms, struct og_err *err)
{
    char value[OG_PURGE_ID_BYTES];
    snprintf(value, sizeof value, "%lld", (long long)at_ms);
    return og_db_run(db, &page, SQL_MARK_SET, OG_ARGS(og_value_cstr(value)), NULL, err);
}
