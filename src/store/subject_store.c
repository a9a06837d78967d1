/*
 * The page of statements about rows of a number. What is sealed is opened, looked at and wiped; a
 * row that does not open tells of nobody.
 */
#include "store/subject_store.h"

#include <stdio.h>

#define PLAIN_BYTES_MAX (2 * 1024 * 1024)
#define REMOVALS_MAX 6

enum {
    SQL_SCAN, /* and the others in the order of og_subject_class */
    SQL_SENDS = SQL_SCAN + OG_SUBJECT_CLASSES,
    SQL_CHECKS,
    SQL_ANSWERS,
    SQL_ABUSE,
    SQL_VERIFICATION,
    SQL_CLIENT_ID,
    SQL_ROUTES,
    SQL_STEPS,
    SQL_MESSAGE,
    SQL_BATCH_COUNT,
    SQL_BATCH_ROW,
    SQL_SANDBOX,
    SQL_INBOX,
    SQL_WEBHOOK,
    SQL_FAILURES,
    SQL_SIMS,
    SQL_STATEMENTS
};

/* Columns: the keys of the row, its account, and what may tell of the number. */
#define OF_ACCOUNTS(column, table)                                                                \
    "SELECT account_id, id, account_id, " column " FROM " table                                   \
    " WHERE (account_id, id) > ($1, $2) ORDER BY account_id, id LIMIT $3"
#define BY_ID(column, table)                                                                      \
    "SELECT '', id, account_id, " column " FROM " table                                           \
    " WHERE id > $2 AND $1 = '' ORDER BY id LIMIT $3"

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_SCAN + OG_SUBJECT_VERIFICATIONS] = BY_ID("recipient_digest", "verifications"),
    [SQL_SCAN + OG_SUBJECT_MESSAGES] = OF_ACCOUNTS("recipients", "messages"),
    [SQL_SCAN + OG_SUBJECT_BATCH_ROWS] = OF_ACCOUNTS("content", "batch_rows"),
    [SQL_SCAN + OG_SUBJECT_SANDBOX] = OF_ACCOUNTS("recipient", "sandbox_messages"),
    [SQL_SCAN + OG_SUBJECT_INBOX] = OF_ACCOUNTS("content", "inbox"),
    [SQL_SCAN + OG_SUBJECT_WEBHOOKS] = BY_ID("body", "webhook_outbox"),
    [SQL_SENDS] = "DELETE FROM otp_sends WHERE verification_id = $2 AND $1 <> ''",
    [SQL_CHECKS] = "DELETE FROM otp_checks WHERE verification_id = $2 AND $1 <> ''",
    /* an answer is kept in the moment in which its verification is made */
    [SQL_ANSWERS] = "DELETE FROM idempotency WHERE account_id = $1 AND created_at = (SELECT "
                    "created_at FROM verifications WHERE id = $2) AND body LIKE '%' || $2 || '%'",
    [SQL_ABUSE] = "DELETE FROM abuse_sends WHERE send_id = $2 AND account_id = $1",
    [SQL_VERIFICATION] = "DELETE FROM verifications WHERE id = $2 AND account_id = $1",
    [SQL_CLIENT_ID] = "DELETE FROM client_ids WHERE account_id = $1 AND client_id = (SELECT "
                      "client_id FROM messages WHERE account_id = $1 AND id = $2)",
    [SQL_ROUTES] = "DELETE FROM message_routes WHERE account_id = $1 AND message_id = $2",
    [SQL_MESSAGE] = "DELETE FROM messages WHERE account_id = $1 AND id = $2",
    [SQL_STEPS] = "DELETE FROM timeline_steps WHERE account_id = $1 AND subject_id = $2",
    /* it was queued (0) and counts as canceled (6); its id is its batch's, a dot and six digits */
    [SQL_BATCH_COUNT] = "UPDATE batch_counts SET count = count + CASE fate WHEN 0 THEN -1 ELSE 1 END "
                        "WHERE account_id = $1 AND batch_id = substr($2, 1, length($2) - 7) AND "
                        "fate IN (0, 6)",
    [SQL_BATCH_ROW] = "DELETE FROM batch_rows WHERE account_id = $1 AND id = $2",
    [SQL_SANDBOX] = "DELETE FROM sandbox_messages WHERE account_id = $1 AND id = $2",
    [SQL_INBOX] = "DELETE FROM inbox WHERE account_id = $1 AND id = $2",
    [SQL_WEBHOOK] = "DELETE FROM webhook_outbox WHERE id = $2 AND account_id = $1",
    [SQL_SIMS] = "DELETE FROM sim_recipients WHERE device_id IN (SELECT id FROM devices) AND "
                 "sim IN (0, 1, 2, 3) AND recipient = $1",
    [SQL_FAILURES] = "DELETE FROM otp_failures WHERE account_id IN (SELECT id FROM accounts) AND "
                     "recipient_digest = $1",
};

static const struct og_sql_page page = {OG_PAGE_SUBJECT, sql, SQL_STATEMENTS};

const char *
og_subject_class_name(enum og_subject_class cls)
{
    static const char *const names[OG_SUBJECT_CLASSES] = {
        [OG_SUBJECT_VERIFICATIONS] = "verifications", [OG_SUBJECT_MESSAGES] = "messages",
        [OG_SUBJECT_BATCH_ROWS] = "batch_rows",       [OG_SUBJECT_SANDBOX] = "sandbox",
        [OG_SUBJECT_INBOX] = "inbox",                 [OG_SUBJECT_WEBHOOKS] = "webhooks",
    };
    return names[cls];
}

bool
og_subject_is_number(struct og_str stored, struct og_str number)
{
    return og_str_eq(stored, number) || og_str_eq(stored, og_str_slice(number, 1, number.len));
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The number's digits, and no longer number around them; phones may tell it without the plus. */
static bool
tells_of(struct og_str plain, struct og_str number)
{
    const struct og_str digits = og_str_slice(number, 1, number.len);
    const char *at = plain.ptr, *end = plain.ptr + plain.len;
    while (plain.len && (at = memmem(at, (size_t)(end - at), digits.ptr, digits.len))) {
        const char *behind = at + digits.len;
        if ((at == plain.ptr || !is_digit(at[-1])) && (behind == end || !is_digit(*behind))) {
            return true;
        }
        at++;
    }
    return false;
}

static bool
is_about(const struct og_rows *rows, const struct og_subject_ask *ask, int cls,
         struct og_buf *plain)
{
    struct og_err unheard;
    if (cls == OG_SUBJECT_VERIFICATIONS) {
        return og_str_eq(og_row_borrow(rows, 3), ask->digest);
    }
    char id[OG_SUBJECT_KEY_BYTES];
    snprintf(id, sizeof id, "%" OG_STR_FMT, OG_STR_ARG(og_row_borrow(rows, 1)));
    const bool is_open = og_unseal(ask->seal, og_str_from(id), og_row_borrow(rows, 3), plain,
                                   &unheard) == OG_OK;
    const bool found = is_open && tells_of(og_buf_str(plain), ask->number);
    og_buf_wipe(plain);
    return found;
}

static void
move_to(const struct og_rows *rows, struct og_subject_place *place)
{
    snprintf(place->account, sizeof place->account, "%" OG_STR_FMT,
             OG_STR_ARG(og_row_borrow(rows, 0)));
    snprintf(place->id, sizeof place->id, "%" OG_STR_FMT, OG_STR_ARG(og_row_borrow(rows, 1)));
}

/* Classes whose key is the id alone have no account in their place. */
void
og_subject_go_behind(const struct og_subject_row *row, struct og_subject_place *place)
{
    const bool is_by_id =
        place->cls == OG_SUBJECT_VERIFICATIONS || place->cls == OG_SUBJECT_WEBHOOKS;
    snprintf(place->account, sizeof place->account, "%" OG_STR_FMT,
             OG_STR_ARG(is_by_id ? OG_STR("") : row->account_id));
    snprintf(place->id, sizeof place->id, "%" OG_STR_FMT, OG_STR_ARG(row->id));
}

enum og_code
og_subject_scan(struct og_db *db, const struct og_subject_ask *ask, struct og_subject_place *place,
                struct og_arena *mem, struct og_subject_row **rows_out, int *count_out,
                int *looked_out, bool *has_more_out, struct og_err *err)
{
    struct og_rows rows;
    struct og_buf plain;
    enum og_step step = OG_STEP_ROW;
    const struct og_str account = og_str_dup(mem, og_str_from(place->account));
    const struct og_str id = og_str_dup(mem, og_str_from(place->id));
    *rows_out = OG_ARENA_ARRAY(mem, struct og_subject_row, (size_t)ask->found_max);
    *count_out = 0;
    *looked_out = 0;
    enum og_code code =
        og_db_open(db, &page, SQL_SCAN + place->cls,
                   OG_ARGS(og_value_text(account), og_value_text(id), og_value_i64(ask->look_max)),
                   &rows, err);
    if (code != OG_OK) {
        return code;
    }
    og_buf_init(&plain, PLAIN_BYTES_MAX);
    while (*count_out < ask->found_max && !(*looked_out && og_stint_is_over(ask->stint)) &&
           (step = og_rows_next(&rows, err)) == OG_STEP_ROW) {
        (*looked_out)++;
        move_to(&rows, place);
        if (is_about(&rows, ask, place->cls, &plain)) {
            (*rows_out)[(*count_out)++] = (struct og_subject_row){og_row_text(&rows, 2, mem),
                                                                  og_row_text(&rows, 1, mem)};
        }
    }
    *has_more_out = step == OG_STEP_ROW || *looked_out == ask->look_max;
    og_buf_finish(&plain);
    og_rows_close(&rows);
    return step == OG_STEP_ERROR ? err->code : OG_OK;
}

enum og_code
og_subject_remove(struct og_db *db, enum og_subject_class cls, const struct og_subject_row *row,
                  struct og_err *err)
{
    static const int removals[OG_SUBJECT_CLASSES][REMOVALS_MAX] = {
        [OG_SUBJECT_VERIFICATIONS] = {SQL_SENDS, SQL_CHECKS, SQL_ANSWERS, SQL_ABUSE,
                                      SQL_STEPS, SQL_VERIFICATION},
        [OG_SUBJECT_MESSAGES] = {SQL_ABUSE, SQL_CLIENT_ID, SQL_ROUTES, SQL_STEPS, SQL_MESSAGE},
        [OG_SUBJECT_BATCH_ROWS] = {SQL_BATCH_COUNT, SQL_BATCH_ROW},
        [OG_SUBJECT_SANDBOX] = {SQL_SANDBOX},
        [OG_SUBJECT_INBOX] = {SQL_INBOX},
        [OG_SUBJECT_WEBHOOKS] = {SQL_WEBHOOK},
    };
    enum og_code code = OG_OK;
    for (int i = 0; code == OG_OK && i < REMOVALS_MAX && removals[cls][i]; i++) {
        code = og_db_run(db, &page, removals[cls][i],
                         OG_ARGS(og_value_text(row->account_id), og_value_text(row->id)), NULL,
                         err);
    }
    return code;
}

enum og_code
og_subject_remove_failures(struct og_db *db, struct og_str digest, int64_t *count_out,
                           struct og_err *err)
{
    return og_db_run(db, &page, SQL_FAILURES, OG_ARGS(og_value_text(digest)), count_out, err);
}

enum og_code
og_subject_remove_sims(struct og_db *db, uint64_t digest, int64_t *count_out, struct og_err *err)
{
    return og_db_run(db, &page, SQL_SIMS, OG_ARGS(og_value_i64((int64_t)digest)), count_out, err);
}
