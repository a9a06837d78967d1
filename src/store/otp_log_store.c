/*
 * What happened to a verification: its sends, its checks, and the failures of its recipient. The
 * statements are with those of otp_store.c.
 */
#include "base/id.h"
#include "store/otp_store.h"
#include "store/otp_store_priv.h"

#define SENDS_MAX 16

enum og_code
og_otp_send_insert(struct og_db *db, struct og_str verification_id, int n,
                   struct og_str message_id, int64_t at_ms, struct og_err *err)
{
    return og_db_run(db, &og_otp_page, OG_OTP_SQL_SEND_INSERT,
                     OG_ARGS(og_value_text(verification_id), og_value_i64(n),
                             og_value_text(message_id), og_value_i64(at_ms)),
                     NULL, err);
}

enum og_code
og_otp_sends(struct og_db *db, struct og_str account_id, struct og_str verification_id,
             struct og_arena *mem, struct og_otp_send **items_out, int *count_out,
             struct og_err *err)
{
    struct og_rows rows;
    struct og_err own;
    err = err ? err : &own;
    enum og_step step = OG_STEP_DONE;
    *items_out = OG_ARENA_ARRAY(mem, struct og_otp_send, SENDS_MAX);
    *count_out = 0;
    enum og_code code = og_db_open(db, &og_otp_page, OG_OTP_SQL_SENDS,
                                   OG_ARGS(og_value_text(verification_id),
                                           og_value_text(account_id)),
                                   &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while (*count_out < SENDS_MAX && (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        (*items_out)[(*count_out)++] = (struct og_otp_send){
            .n = (int)og_row_i64(&rows, 0),
            .at = og_row_i64(&rows, 1),
            .handed_at = og_row_i64(&rows, 2),
            .sent_at = og_row_i64(&rows, 3),
            .delivered_at = og_row_i64(&rows, 4),
            .failed_at = og_row_i64(&rows, 5),
            .reason = og_row_text(&rows, 6, mem),
            .message_id = og_row_text(&rows, 7, mem),
        };
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

enum og_code
og_otp_check_insert(struct og_db *db, const struct og_otp_check *check, struct og_err *err)
{
    char id[OG_ID_BYTES];
    og_id_make(check->at, id);
    return og_db_run(db, &og_otp_page, OG_OTP_SQL_CHECK_INSERT,
                     OG_ARGS(og_value_text(check->verification_id), og_value_cstr(id),
                             og_value_text(check->account_id), og_value_i64(check->verdict),
                             og_value_i64(check->at)),
                     NULL, err);
}

enum og_code
og_otp_checks(struct og_db *db, struct og_str account_id, struct og_str verification_id, int limit,
              struct og_arena *mem, struct og_otp_check **items_out, int *count_out,
              struct og_err *err)
{
    struct og_rows rows;
    struct og_err own;
    err = err ? err : &own;
    enum og_step step = OG_STEP_DONE;
    *items_out = OG_ARENA_ARRAY(mem, struct og_otp_check, (size_t)limit);
    *count_out = 0;
    enum og_code code = og_db_open(db, &og_otp_page, OG_OTP_SQL_CHECKS,
                                   OG_ARGS(og_value_text(verification_id),
                                           og_value_text(account_id), og_value_i64(limit)),
                                   &rows, err);
    if (code != OG_OK) {
        return code;
    }
    while (*count_out < limit && (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        (*items_out)[(*count_out)++] = (struct og_otp_check){
            .verification_id = verification_id,
            .account_id = account_id,
            .verdict = (enum og_check_verdict)og_row_i64(&rows, 0),
            .at = og_row_i64(&rows, 1),
        };
    }
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

enum og_code
og_otp_failure_add(struct og_db *db, const struct og_otp_target *target, int64_t now_ms,
                   int64_t *count_out, struct og_err *err)
{
    return og_db_first_i64(db, &og_otp_page, OG_OTP_SQL_FAILURE_ADD,
                           OG_ARGS(og_value_text(target->account_id),
                                   og_value_text(target->recipient_digest),
                                   og_value_text(target->purpose), og_value_i64(now_ms)),
                           count_out, err);
}

enum og_code
og_otp_failure_lock(struct og_db *db, const struct og_otp_target *target, int64_t now_ms,
                    struct og_err *err)
{
    return og_db_run(db, &og_otp_page, OG_OTP_SQL_FAILURE_LOCK,
                     OG_ARGS(og_value_text(target->account_id),
                             og_value_text(target->recipient_digest),
                             og_value_text(target->purpose), og_value_i64(now_ms)),
                     NULL, err);
}

enum og_code
og_otp_failure_locked_at(struct og_db *db, const struct og_otp_target *target, int64_t *out,
                         struct og_err *err)
{
    const enum og_code code =
        og_db_first_i64(db, &og_otp_page, OG_OTP_SQL_FAILURE_GET,
                        OG_ARGS(og_value_text(target->account_id),
                                og_value_text(target->recipient_digest),
                                og_value_text(target->purpose)),
                        out, err);
    return code == OG_E_NOT_FOUND ? OG_OK : code;
}

enum og_code
og_otp_failure_clear(struct og_db *db, const struct og_otp_target *target, struct og_err *err)
{
    return og_db_run(db, &og_otp_page, OG_OTP_SQL_FAILURE_CLEAR,
                     OG_ARGS(og_value_text(target->account_id),
                             og_value_text(target->recipient_digest),
                             og_value_text(target->purpose)),
                     NULL, err);
}
