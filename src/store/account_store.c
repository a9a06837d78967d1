/*
 * The page of statements about accounts, credentials and login codes, and rows to structs. What
 * may be taken is inserted with ON CONFLICT DO NOTHING, so that another try in the same
 * transaction works on every engine.
 */
#include "store/account_store.h"

enum {
    SQL_ACCOUNT_INSERT,
    SQL_ACCOUNT_FIND,
    SQL_ACCOUNT_LIST,
    SQL_ACCOUNT_UPDATE,
    SQL_INSERT,
    SQL_BY_LOGIN,
    SQL_BY_DIGEST,
    SQL_OF_KIND,
    SQL_LIST,
    SQL_NEW_HASH,
    SQL_REPLACE_HASH,
    SQL_DISABLE,
    SQL_DISABLE_KIND,
    SQL_CODE_PRUNE,
    SQL_CODE_COUNT,
    SQL_CODE_INSERT,
    SQL_CODE_SPEND,
    SQL_STATEMENTS
};

/* Columns in the order of read_account and read_credential. */
#define ACCOUNT_COLUMNS                                                                           \
    "a.id, a.name, a.brand, a.custom_code, a.created_at, a.disabled_at, a.sandbox"
#define ACCOUNT_LOGIN                                                                             \
    "(SELECT l.login FROM credentials l WHERE l.account_id = a.id AND l.kind = 'basic' "          \
    "AND l.disabled_at IS NULL ORDER BY l.id LIMIT 1)"
#define COLUMNS                                                                                   \
    "c.id, c.account_id, c.kind, c.login, c.secret, c.sealed, c.scopes, c.label, c.created_at, "  \
    "c.expires_at, c.disabled_at"
#define COLUMN_COUNT 11
#define WITH_ACCOUNT                                                                              \
    "SELECT " COLUMNS ", " ACCOUNT_COLUMNS ", " ACCOUNT_LOGIN                                     \
    " FROM credentials c LEFT JOIN accounts a ON a.id = c.account_id "

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_ACCOUNT_INSERT] = "INSERT INTO accounts (id, name, brand, custom_code, created_at, "
                           "sandbox) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING",
    [SQL_ACCOUNT_FIND] = "SELECT " ACCOUNT_COLUMNS ", " ACCOUNT_LOGIN " FROM accounts a "
                         "WHERE a.id = $1 OR a.name = $1 "
                         "ORDER BY CASE WHEN a.id = $1 THEN 0 ELSE 1 END LIMIT 1",
    [SQL_ACCOUNT_LIST] = "SELECT " ACCOUNT_COLUMNS ", " ACCOUNT_LOGIN " FROM accounts a "
                         "WHERE $1 = '' OR a.id = $1 ORDER BY a.id",
    [SQL_ACCOUNT_UPDATE] =
        "UPDATE accounts SET brand = CASE WHEN $2 = 1 THEN $3 ELSE brand END, "
        "custom_code = CASE WHEN $4 = 1 THEN $5 ELSE custom_code END, "
        "sandbox = CASE WHEN $9 = 1 THEN $10 ELSE sandbox END, "
        "disabled_at = CASE WHEN $6 = 0 THEN disabled_at WHEN $7 = 0 THEN NULL "
        "ELSE coalesce(disabled_at, $8) END WHERE id = $1",
    [SQL_INSERT] = "INSERT INTO credentials (id, account_id, kind, login, secret, sealed, scopes, "
                   "label, created_at, expires_at) "
                   "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
    [SQL_BY_LOGIN] = WITH_ACCOUNT "WHERE c.login = $1",
    [SQL_BY_DIGEST] = WITH_ACCOUNT "WHERE c.secret = $1 AND c.login IS NULL",
    [SQL_OF_KIND] = "SELECT " COLUMNS " FROM credentials c "
                    "WHERE (c.account_id = $1 OR $1 = '' AND c.account_id IS NULL) "
                    "AND c.kind = $2 AND c.disabled_at IS NULL ORDER BY c.id DESC LIMIT 1",
    [SQL_LIST] = "SELECT " COLUMNS " FROM credentials c WHERE c.account_id = $1 AND c.kind = $2 "
                 "ORDER BY c.id",
    [SQL_NEW_HASH] = "UPDATE credentials SET secret = $2 WHERE account_id = $1 "
                     "AND kind = 'basic' AND disabled_at IS NULL RETURNING login",
    [SQL_REPLACE_HASH] = "UPDATE credentials SET secret = $3 WHERE id = $1 AND secret = $2",
    [SQL_DISABLE] = "UPDATE credentials SET disabled_at = $4 WHERE id = $2 AND kind = $3 "
                    "AND ($1 = '' OR account_id = $1) AND disabled_at IS NULL",
    [SQL_DISABLE_KIND] = "UPDATE credentials SET disabled_at = $3 "
                         "WHERE (account_id = $1 OR $1 = '' AND account_id IS NULL) "
                         "AND kind = $2 AND disabled_at IS NULL",
    [SQL_CODE_PRUNE] = "DELETE FROM login_codes WHERE account_id = $1 AND expires_at <= $2",
    [SQL_CODE_COUNT] = "SELECT count(*) FROM login_codes WHERE account_id = $1",
    [SQL_CODE_INSERT] = "INSERT INTO login_codes (digest, account_id, expires_at) "
                        "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    [SQL_CODE_SPEND] = "DELETE FROM login_codes WHERE digest = $1 AND expires_at > $2 "
                       "RETURNING account_id",
};

static const struct og_sql_page page = {OG_PAGE_ACCOUNT, sql, SQL_STATEMENTS};

static const char *const kinds[] = {
    [OG_CREDENTIAL_BASIC] = "basic",
    [OG_CREDENTIAL_API_KEY] = "api_key",
    [OG_CREDENTIAL_JOIN] = "join",
    [OG_CREDENTIAL_OPERATOR] = "operator",
};
#define KIND_COUNT (int)(sizeof kinds / sizeof kinds[0])

static struct og_value
kind_value(enum og_credential_kind kind)
{
    return og_value_cstr(kinds[kind]);
}

/* ---- rows ---- */

static void
read_account(const struct og_rows *rows, int column, struct og_arena *mem, struct og_account *out)
{
    *out = (struct og_account){
        .id = og_row_text(rows, column, mem),
        .name = og_row_text(rows, column + 1, mem),
        .brand = og_row_text(rows, column + 2, mem),
        .custom_code = og_row_i64(rows, column + 3) != 0,
        .created_at = og_row_i64(rows, column + 4),
        .disabled_at = og_row_i64(rows, column + 5),
        .sandbox = og_row_i64(rows, column + 6) != 0,
        .login = og_row_text(rows, column + 7, mem),
    };
}

static enum og_code
read_credential(const struct og_rows *rows, struct og_arena *mem, struct og_credential *out,
                struct og_err *err)
{
    struct og_str kind = og_row_borrow(rows, 2);
    int n = 0;
    while (n < KIND_COUNT && !og_str_eq(kind, og_str_from(kinds[n]))) {
        n++;
    }
    if (n == KIND_COUNT) {
        return og_fail(err, OG_E_INTERNAL, "", "a credential of an unknown kind is stored");
    }
    *out = (struct og_credential){
        .id = og_row_text(rows, 0, mem),
        .account_id = og_row_text(rows, 1, mem),
        .kind = (enum og_credential_kind)n,
        .login = og_row_text(rows, 3, mem),
        .secret = og_row_text(rows, 4, mem),
        .sealed = og_row_text(rows, 5, mem),
        .scopes = og_row_text(rows, 6, mem),
        .label = og_row_text(rows, 7, mem),
        .created_at = og_row_i64(rows, 8),
        .expires_at = og_row_i64(rows, 9),
        .disabled_at = og_row_i64(rows, 10),
    };
    return OG_OK;
}

/* og_db_first whose OG_E_NOT_FOUND names `what`. The rows are to be closed either way. */
static enum og_code
open_one(struct og_db *db, int statement, const struct og_value *args, int arg_count,
         const char *field, const char *what, struct og_rows *rows, struct og_err *err)
{
    const enum og_code code = og_db_first(db, &page, statement, args, arg_count, rows, err);
    return code == OG_E_NOT_FOUND ? og_fail(err, code, field, "no such %s", what) : code;
}

/* ---- accounts ---- */

enum og_code
og_account_insert(struct og_db *db, const struct og_account *account, struct og_err *err)
{
    int64_t changed;
    enum og_code code = og_db_run(
        db, &page, SQL_ACCOUNT_INSERT,
        OG_ARGS(og_value_text(account->id), og_value_text(account->name),
                og_value_text_or_null(account->brand), og_value_i64(account->custom_code),
                og_value_i64(account->created_at), og_value_i64(account->sandbox)),
        &changed, err);
    if (code == OG_OK && changed == 0) {
        return og_fail(err, OG_E_CONFLICT, "name", "an account of this name exists");
    }
    return code;
}

enum og_code
og_account_find(struct og_db *db, struct og_str id_or_name, struct og_arena *mem,
                struct og_account *out, struct og_err *err)
{
    struct og_err local;
    OG_SCOPED(og_rows_close) struct og_rows rows;
    enum og_code code =
        open_one(db, SQL_ACCOUNT_FIND, OG_ARGS(og_value_text(id_or_name)), "account", "account",
                 &rows, err ? err : &local);
    if (code == OG_OK) {
        read_account(&rows, 0, mem, out);
    }
    return code;
}

#define FIRST_ROOM 16

/* Room for one more in an array that grows in the arena. */
static void *
grow(struct og_arena *mem, void *items, int count, int *room, size_t item_bytes)
{
    if (count < *room) {
        return items;
    }
    *room = *room ? *room * 2 : FIRST_ROOM;
    void *larger = og_arena_alloc_array(mem, (size_t)*room, item_bytes);
    if (count > 0) {
        memcpy(larger, items, (size_t)count * item_bytes);
    }
    return larger;
}

enum og_code
og_account_list(struct og_db *db, struct og_str account_id, struct og_arena *mem,
                struct og_account **items_out, int *count_out, struct og_err *err)
{
    struct og_err local;
    err = err ? err : &local;
    OG_SCOPED(og_rows_close) struct og_rows rows = {0};
    *items_out = NULL;
    *count_out = 0;
    enum og_code code = og_db_open(db, &page, SQL_ACCOUNT_LIST, OG_ARGS(og_value_text(account_id)),
                                   &rows, err);
    if (code != OG_OK) {
        return code;
    }
    int room = 0;
    enum og_step step;
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        *items_out = grow(mem, *items_out, *count_out, &room, sizeof **items_out);
        read_account(&rows, 0, mem, &(*items_out)[(*count_out)++]);
    }
    return step == OG_STEP_DONE ? OG_OK : err->code;
}

enum og_code
og_account_update(struct og_db *db, struct og_str id, const struct og_account_change *change,
                  int64_t now_ms, struct og_err *err)
{
    int64_t changed;
    enum og_code code = og_db_run(
        db, &page, SQL_ACCOUNT_UPDATE,
        OG_ARGS(og_value_text(id), og_value_i64(change->has_brand),
                og_value_text_or_null(change->brand), og_value_i64(change->has_custom_code),
                og_value_i64(change->custom_code), og_value_i64(change->has_disabled),
                og_value_i64(change->disabled), og_value_i64(now_ms),
                og_value_i64(change->has_sandbox), og_value_i64(change->sandbox)),
        &changed, err);
    if (code == OG_OK && changed == 0) {
        return og_fail(err, OG_E_NOT_FOUND, "account", "no such account");
    }
    return code;
}

/* ---- credentials ---- */

enum og_code
og_credential_insert(struct og_db *db, const struct og_credential *c, struct og_err *err)
{
    int64_t changed;
    enum og_code code = og_db_run(
        db, &page, SQL_INSERT,
        OG_ARGS(og_value_text(c->id), og_value_text_or_null(c->account_id), kind_value(c->kind),
                og_value_text_or_null(c->login), og_value_text(c->secret),
                c->sealed.len ? og_value_blob(c->sealed) : og_value_null(),
                og_value_text(c->scopes), og_value_text_or_null(c->label),
                og_value_i64(c->created_at), og_value_i64_or_null(c->expires_at)),
        &changed, err);
    if (code == OG_OK && changed == 0) {
        return og_fail(err, OG_E_CONFLICT, "login", "this login is taken");
    }
    return code;
}

static enum og_code
find_with_account(struct og_db *db, int statement, struct og_str key, struct og_arena *mem,
                  struct og_credential *out, struct og_account *account_out, struct og_err *err)
{
    struct og_err local;
    err = err ? err : &local;
    OG_SCOPED(og_rows_close) struct og_rows rows;
    enum og_code code = open_one(db, statement, OG_ARGS(og_value_text(key)), "", "credential",
                                 &rows, err);
    if (code == OG_OK) {
        code = read_credential(&rows, mem, out, err);
        read_account(&rows, COLUMN_COUNT, mem, account_out);
    }
    return code;
}

enum og_code
og_credential_by_login(struct og_db *db, struct og_str login, struct og_arena *mem,
                       struct og_credential *out, struct og_account *account_out,
                       struct og_err *err)
{
    return find_with_account(db, SQL_BY_LOGIN, login, mem, out, account_out, err);
}

enum og_code
og_credential_by_digest(struct og_db *db, struct og_str digest, struct og_arena *mem,
                        struct og_credential *out, struct og_account *account_out,
                        struct og_err *err)
{
    return find_with_account(db, SQL_BY_DIGEST, digest, mem, out, account_out, err);
}

enum og_code
og_credential_of_kind(struct og_db *db, struct og_str account_id, enum og_credential_kind kind,
                      struct og_arena *mem, struct og_credential *out, struct og_err *err)
{
    struct og_err local;
    err = err ? err : &local;
    OG_SCOPED(og_rows_close) struct og_rows rows;
    enum og_code code =
        open_one(db, SQL_OF_KIND, OG_ARGS(og_value_text(account_id), kind_value(kind)), "",
                 "credential", &rows, err);
    return code == OG_OK ? read_credential(&rows, mem, out, err) : code;
}

enum og_code
og_credential_list(struct og_db *db, struct og_str account_id, enum og_credential_kind kind,
                   struct og_arena *mem, struct og_credential **items_out, int *count_out,
                   struct og_err *err)
{
    struct og_err local;
    err = err ? err : &local;
    OG_SCOPED(og_rows_close) struct og_rows rows = {0};
    *items_out = NULL;
    *count_out = 0;
    enum og_code code = og_db_open(
        db, &page, SQL_LIST, OG_ARGS(og_value_text(account_id), kind_value(kind)), &rows, err);
    if (code != OG_OK) {
        return code;
    }
    int room = 0;
    enum og_step step;
    while ((step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        *items_out = grow(mem, *items_out, *count_out, &room, sizeof **items_out);
        code = read_credential(&rows, mem, &(*items_out)[(*count_out)++], err);
        if (code != OG_OK) {
            return code;
        }
    }
    return step == OG_STEP_DONE ? OG_OK : err->code;
}

enum og_code
og_credential_new_hash(struct og_db *db, struct og_str account_id, struct og_str hash,
                       struct og_arena *mem, struct og_str *login_out, struct og_err *err)
{
    struct og_err local;
    OG_SCOPED(og_rows_close) struct og_rows rows;
    enum og_code code =
        open_one(db, SQL_NEW_HASH, OG_ARGS(og_value_text(account_id), og_value_text(hash)),
                 "account", "account", &rows, err ? err : &local);
    if (code == OG_OK) {
        *login_out = og_row_text(&rows, 0, mem);
    }
    return code;
}

enum og_code
og_credential_replace_hash(struct og_db *db, struct og_str id, struct og_str old_hash,
                           struct og_str hash, struct og_err *err)
{
    return og_db_run(db, &page, SQL_REPLACE_HASH,
                     OG_ARGS(og_value_text(id), og_value_text(old_hash), og_value_text(hash)),
                     NULL, err);
}

enum og_code
og_credential_disable(struct og_db *db, struct og_str account_id, struct og_str id,
                      enum og_credential_kind kind, int64_t now_ms, bool *done_out,
                      struct og_err *err)
{
    int64_t changed = 0;
    enum og_code code = og_db_run(db, &page, SQL_DISABLE,
                                  OG_ARGS(og_value_text(account_id), og_value_text(id),
                                          kind_value(kind), og_value_i64(now_ms)),
                                  &changed, err);
    *done_out = changed > 0;
    return code;
}

enum og_code
og_credential_disable_kind(struct og_db *db, struct og_str account_id,
                           enum og_credential_kind kind, int64_t now_ms, struct og_err *err)
{
    return og_db_run(
        db, &page, SQL_DISABLE_KIND,
        OG_ARGS(og_value_text(account_id), kind_value(kind), og_value_i64(now_ms)), NULL, err);
}

/* ---- login codes ---- */

enum og_code
og_login_code_count(struct og_db *db, struct og_str account_id, int64_t now_ms, int *out,
                    struct og_err *err)
{
    struct og_err local;
    err = err ? err : &local;
    enum og_code code =
        og_db_run(db, &page, SQL_CODE_PRUNE,
                  OG_ARGS(og_value_text(account_id), og_value_i64(now_ms)), NULL, err);
    if (code != OG_OK) {
        return code;
    }
    OG_SCOPED(og_rows_close) struct og_rows rows;
    code = open_one(db, SQL_CODE_COUNT, OG_ARGS(og_value_text(account_id)), "", "count", &rows,
                    err);
    if (code == OG_OK) {
        *out = (int)og_row_i64(&rows, 0);
    }
    return code;
}

enum og_code
og_login_code_insert(struct og_db *db, struct og_str digest, struct og_str account_id,
                     int64_t expires_at, struct og_err *err)
{
    int64_t changed;
    enum og_code code = og_db_run(
        db, &page, SQL_CODE_INSERT,
        OG_ARGS(og_value_text(digest), og_value_text(account_id), og_value_i64(expires_at)),
        &changed, err);
    if (code == OG_OK && changed == 0) {
        return og_fail(err, OG_E_CONFLICT, "", "this code is out already");
    }
    return code;
}

enum og_code
og_login_code_spend(struct og_db *db, struct og_str digest, int64_t now_ms, struct og_arena *mem,
                    struct og_str *account_id_out, struct og_err *err)
{
    struct og_err local;
    OG_SCOPED(og_rows_close) struct og_rows rows;
    enum og_code code =
        open_one(db, SQL_CODE_SPEND, OG_ARGS(og_value_text(digest), og_value_i64(now_ms)), "",
                 "code", &rows, err ? err : &local);
    if (code == OG_OK) {
        *account_id_out = og_row_text(&rows, 0, mem);
    }
    return code;
}
