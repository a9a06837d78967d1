/*
 * The page of statements about verifications, and rows to structs. A change of state names the old
 * state, and the rows touched are the verdict. Sends, checks and failures are in otp_log_store.c.
 */
#include "store/otp_store.h"

#include "store/otp_store_priv.h"
#include "store/sealed_box.h"

#define SEALED_MAX_BYTES 256

/* Columns in the order of read_row. */
#define COLUMNS                                                                                   \
    "id, account_id, credential_id, recipient_digest, recipient_masked, purpose, app_hash, "      \
    "locale, brand, message_id, state, code_length, attempts, send_count, check_count, "          \
    "created_at, expires_at, resend_at, closed_at, client_app, template, "          \
    "context_digest, mode, recipient, payment"

enum { COLUMN_RECIPIENT = 23, COLUMN_PAYMENT };

/* state 0 is pending, 1 approved, 3 expired */
static const char *const sql[OG_OTP_STATEMENTS] = {
    [OG_OTP_SQL_INSERT] =
        "INSERT INTO verifications (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
        "$10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)",
    [OG_OTP_SQL_FIND] =
        "SELECT " COLUMNS " FROM verifications WHERE id = $1 AND account_id = $2",
    [OG_OTP_SQL_FIND_ACTIVE] =
        "SELECT " COLUMNS " FROM verifications WHERE account_id = $1 AND recipient_digest = $2 "
        "AND purpose = $3 AND state = 0",
    [OG_OTP_SQL_CLOSE] =
        "UPDATE verifications SET state = $2, closed_at = $3 WHERE id = $1 AND state = 0",
    [OG_OTP_SQL_REDEEM] = "UPDATE verifications SET redeemed_at = $3 WHERE id = $1 AND "
                          "account_id = $2 AND state = 1 AND redeemed_at IS NULL",
    [OG_OTP_SQL_COUNT_CHECK] = "UPDATE verifications SET check_count = check_count + 1 "
                               "WHERE id = $1 AND check_count < attempts",
    [OG_OTP_SQL_RESENT] =
        "UPDATE verifications SET send_count = send_count + 1, message_id = $3, resend_at = $4 "
        "WHERE id = $1 AND send_count = $2 AND state = 0",
    [OG_OTP_SQL_EXPIRE_DUE] =
        "UPDATE verifications SET state = 3, closed_at = expires_at WHERE state = 0 AND id IN "
        "(SELECT id FROM verifications WHERE state = 0 AND expires_at <= $1 "
        "ORDER BY expires_at LIMIT $2)",
    [OG_OTP_SQL_EXPIRE_ALL] =
        "UPDATE verifications SET state = 3, closed_at = $1 WHERE state = 0",
    [OG_OTP_SQL_END_MESSAGES] =
        "UPDATE messages SET deadline_at = $1 WHERE final_at IS NULL AND handed_at IS NULL AND "
        "verification_id IS NOT NULL AND deadline_at > $1",
    [OG_OTP_SQL_SEND_INSERT] =
        "INSERT INTO otp_sends (verification_id, n, message_id, at) VALUES ($1, $2, $3, $4)",
    [OG_OTP_SQL_SENDS] =
        "SELECT s.n, s.at, m.handed_at, m.sent_at, m.delivered_at, m.failed_at, m.reason, "
        "s.message_id "
        "FROM otp_sends s LEFT JOIN messages m ON m.account_id = $2 AND m.id = s.message_id "
        "WHERE s.verification_id = $1 ORDER BY s.n",
    [OG_OTP_SQL_CHECK_INSERT] = "INSERT INTO otp_checks (verification_id, id, account_id, "
                                "verdict, at) VALUES ($1, $2, $3, $4, $5)",
    [OG_OTP_SQL_CHECKS] = "SELECT verdict, at FROM otp_checks WHERE verification_id = $1 AND "
                          "account_id = $2 ORDER BY id LIMIT $3",
    [OG_OTP_SQL_FAILURE_ADD] =
        "INSERT INTO otp_failures (account_id, recipient_digest, purpose, count, updated_at) "
        "VALUES ($1, $2, $3, 1, $4) ON CONFLICT (account_id, recipient_digest, purpose) "
        "DO UPDATE SET count = otp_failures.count + 1, updated_at = excluded.updated_at "
        "RETURNING count",
    [OG_OTP_SQL_FAILURE_LOCK] = "UPDATE otp_failures SET locked_at = $4 WHERE account_id = $1 "
                                "AND recipient_digest = $2 AND purpose = $3",
    [OG_OTP_SQL_FAILURE_GET] = "SELECT locked_at FROM otp_failures WHERE account_id = $1 "
                               "AND recipient_digest = $2 AND purpose = $3",
    [OG_OTP_SQL_FAILURE_CLEAR] = "DELETE FROM otp_failures WHERE account_id = $1 "
                                 "AND recipient_digest = $2 AND purpose = $3",
};

const struct og_sql_page og_otp_page = {OG_PAGE_OTP, sql, OG_OTP_STATEMENTS};

const char *
og_verification_state_name(enum og_verification_state state)
{
    static const char *const names[OG_VERIFICATION_STATE_COUNT] = {
        [OG_VERIFICATION_PENDING] = "pending",   [OG_VERIFICATION_APPROVED] = "approved",
        [OG_VERIFICATION_FAILED] = "failed",     [OG_VERIFICATION_EXPIRED] = "expired",
        [OG_VERIFICATION_CANCELED] = "canceled",
    };
    return names[state];
}

enum og_verification_state
og_verification_state_at(const struct og_verification *v, int64_t now_ms)
{
    if (v->state == OG_VERIFICATION_PENDING && v->expires_at <= now_ms) {
        return OG_VERIFICATION_EXPIRED;
    }
    return v->state;
}

static void
read_plain_columns(const struct og_rows *rows, struct og_arena *mem, struct og_verification *v)
{
    *v = (struct og_verification){
        .id = og_row_text(rows, 0, mem),
        .account_id = og_row_text(rows, 1, mem),
        .credential_id = og_row_text(rows, 2, mem),
        .recipient_digest = og_row_text(rows, 3, mem),
        .masked = og_row_text(rows, 4, mem),
        .purpose = og_row_text(rows, 5, mem),
        .app_hash = og_row_text(rows, 6, mem),
        .locale = og_row_text(rows, 7, mem),
        .brand = og_row_text(rows, 8, mem),
        .message_id = og_row_text(rows, 9, mem),
        .state = (enum og_verification_state)og_row_i64(rows, 10),
        .code_length = (int)og_row_i64(rows, 11),
        .attempts = (int)og_row_i64(rows, 12),
        .send_count = (int)og_row_i64(rows, 13),
        .check_count = (int)og_row_i64(rows, 14),
        .created_at = og_row_i64(rows, 15),
        .expires_at = og_row_i64(rows, 16),
        .resend_at = og_row_i64(rows, 17),
        .closed_at = og_row_i64(rows, 18),
        .client_app = og_row_text(rows, 19, mem),
        .template = og_row_text(rows, 20, mem),
        .context_digest = og_row_text(rows, 21, mem),
        .mode = (enum og_verification_mode)og_row_i64(rows, 22),
    };
}

static enum og_code
read_row(const struct og_rows *rows, const struct og_key *seal, struct og_arena *mem,
         struct og_verification *v, struct og_err *err)
{
    struct og_str payment = {NULL, 0};
    read_plain_columns(rows, mem, v);
    if (!seal) {
        return OG_OK;
    }
    const struct og_box_ask ask = {seal, v->id, SEALED_MAX_BYTES, "verification"};
    enum og_code code =
        og_box_open(&ask, og_row_borrow(rows, COLUMN_RECIPIENT), mem, &v->recipient, err);
    if (code == OG_OK) {
        code = og_box_open(&ask, og_row_borrow(rows, COLUMN_PAYMENT), mem, &payment, err);
    }
    const size_t end = og_str_find(payment, '\n');
    v->amount = og_str_slice(payment, 0, end);
    v->payee = og_str_slice(payment, end + 1, payment.len);
    return code;
}

static enum og_code
find_one(struct og_db *db, int statement, const struct og_value *args, int arg_count,
         const struct og_key *seal, struct og_arena *mem, struct og_verification *out,
         struct og_err *err)
{
    struct og_rows rows;
    enum og_code code = og_db_first(db, &og_otp_page, statement, args, arg_count, &rows, err);
    if (code == OG_OK) {
        code = read_row(&rows, seal, mem, out, err);
        og_rows_close(&rows);
    }
    return code == OG_E_NOT_FOUND ? og_fail(err, code, NULL, "no such verification") : code;
}

/* Amount and payee in one box, with a line feed between; nothing without them. */
static void
seal_payment(const struct og_key *seal, const struct og_verification *v, struct og_buf *box)
{
    struct og_buf plain;
    if (v->payee.len == 0) {
        return;
    }
    og_buf_init(&plain, SEALED_MAX_BYTES);
    og_buf_printf(&plain, "%" OG_STR_FMT "\n%" OG_STR_FMT, OG_STR_ARG(v->amount),
                  OG_STR_ARG(v->payee));
    og_seal(seal, v->id, og_buf_str(&plain), box);
    og_buf_finish(&plain);
}

enum og_code
og_verification_insert(struct og_db *db, const struct og_key *seal,
                       const struct og_verification *v, struct og_err *err)
{
    struct og_buf box, payment;
    og_buf_init(&box, SEALED_MAX_BYTES + OG_SEAL_OVERHEAD_BYTES);
    og_buf_init(&payment, SEALED_MAX_BYTES + OG_SEAL_OVERHEAD_BYTES);
    og_seal(seal, v->id, v->recipient, &box);
    seal_payment(seal, v, &payment);
    enum og_code code = og_db_run(
        db, &og_otp_page, OG_OTP_SQL_INSERT,
        OG_ARGS(og_value_text(v->id), og_value_text(v->account_id),
                og_value_text(v->credential_id), og_value_text(v->recipient_digest),
                og_value_text(v->masked), og_value_text(v->purpose),
                og_value_text_or_null(v->app_hash), og_value_text_or_null(v->locale),
                og_value_text_or_null(v->brand), og_value_text(v->message_id),
                og_value_i64(v->state), og_value_i64(v->code_length), og_value_i64(v->attempts),
                og_value_i64(v->send_count), og_value_i64(v->check_count),
                og_value_i64(v->created_at), og_value_i64(v->expires_at),
                og_value_i64(v->resend_at), og_value_i64_or_null(v->closed_at),
                og_value_text_or_null(v->client_app), og_value_text_or_null(v->template),
                og_value_text_or_null(v->context_digest), og_value_i64(v->mode),
                og_value_blob(og_buf_str(&box)),
                payment.len ? og_value_blob(og_buf_str(&payment)) : og_value_null()),
        NULL, err);
    og_buf_finish(&box);
    og_buf_finish(&payment);
    return code;
}

enum og_code
og_verification_find(struct og_db *db, const struct og_key *seal, struct og_str account_id,
                     struct og_str id, struct og_arena *mem, struct og_verification *out,
                     struct og_err *err)
{
    return find_one(db, OG_OTP_SQL_FIND, OG_ARGS(og_value_text(id), og_value_text(account_id)),
                    seal, mem, out, err);
}

enum og_code
og_verification_find_active(struct og_db *db, struct og_str account_id,
                            struct og_str recipient_digest, struct og_str purpose,
                            struct og_arena *mem, struct og_verification *out, struct og_err *err)
{
    return find_one(db, OG_OTP_SQL_FIND_ACTIVE,
                    OG_ARGS(og_value_text(account_id), og_value_text(recipient_digest),
                            og_value_text(purpose)),
                    NULL, mem, out, err);
}

/* Run a guarded change of one row; *won_out says whether it applied. */
static enum og_code
change_one(struct og_db *db, int statement, const struct og_value *args, int arg_count,
           bool *won_out, struct og_err *err)
{
    int64_t changed = 0;
    enum og_code code =
        og_db_run(db, &og_otp_page, statement, args, arg_count, &changed, err);
    *won_out = code == OG_OK && changed == 1;
    return code;
}

enum og_code
og_verification_close(struct og_db *db, struct og_str id, enum og_verification_state state,
                      int64_t now_ms, bool *won_out, struct og_err *err)
{
    return change_one(db, OG_OTP_SQL_CLOSE,
                      OG_ARGS(og_value_text(id), og_value_i64(state), og_value_i64(now_ms)),
                      won_out, err);
}

enum og_code
og_verification_redeem(struct og_db *db, struct og_str account_id, struct og_str id,
                       int64_t now_ms, bool *won_out, struct og_err *err)
{
    return change_one(db, OG_OTP_SQL_REDEEM,
                      OG_ARGS(og_value_text(id), og_value_text(account_id), og_value_i64(now_ms)),
                      won_out, err);
}

enum og_code
og_verification_count_check(struct og_db *db, struct og_str id, bool *counted_out,
                            struct og_err *err)
{
    return change_one(db, OG_OTP_SQL_COUNT_CHECK, OG_ARGS(og_value_text(id)), counted_out, err);
}

enum og_code
og_verification_resent(struct og_db *db, struct og_str id, int sends, struct og_str message_id,
                       int64_t resend_at, bool *won_out, struct og_err *err)
{
    return change_one(db, OG_OTP_SQL_RESENT,
                      OG_ARGS(og_value_text(id), og_value_i64(sends), og_value_text(message_id),
                              og_value_i64(resend_at)),
                      won_out, err);
}

enum og_code
og_verification_expire_due(struct og_db *db, int64_t before_ms, int limit, int64_t *count_out,
                           struct og_err *err)
{
    return og_db_run(db, &og_otp_page, OG_OTP_SQL_EXPIRE_DUE,
                     OG_ARGS(og_value_i64(before_ms), og_value_i64(limit)), count_out, err);
}

enum og_code
og_verification_expire_all(struct og_db *db, int64_t now_ms, int64_t *count_out,
                           struct og_err *err)
{
    enum og_code code = og_db_run(db, &og_otp_page, OG_OTP_SQL_EXPIRE_ALL,
                                  OG_ARGS(og_value_i64(now_ms)), count_out, err);
    if (code == OG_OK) {
        code = og_db_run(db, &og_otp_page, OG_OTP_SQL_END_MESSAGES, OG_ARGS(og_value_i64(now_ms)),
                         NULL, err);
    }
    return code;
}
