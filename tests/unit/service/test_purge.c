/*
 * Retention: what is over goes within one round, whatever there is of it; what is young, open,
 * pending or locked stays.
 */
#include "tests/unit/service/message_fixture.h"

#include "base/id.h"
#include "service/privacy/privacy.h"
#include "service/privacy/purge.h"
#include "store/account_store.h"
#include "store/otp_store.h"
#include "store/sandbox_store.h"
#include "store/token_store.h"
#include "store/webhook_store.h"

#define DAY_MS INT64_C(86400000)
#define LOCK_MS (2 * DAY_MS)
#define STEPS_MAX 200

static const struct og_retention kept = {
    .text_ms = 7 * DAY_MS,
    .messages_ms = 30 * DAY_MS,
    .verifications_ms = 30 * DAY_MS,
    .failures_ms = DAY_MS,
    .dead_webhooks_ms = 10 * DAY_MS,
    .sandbox_ms = 7 * DAY_MS,
    .audit_ms = 400 * DAY_MS,
};

static void
add_account(struct world *w, struct og_str id)
{
    const struct og_account account = {.id = id, .name = id, .created_at = NOON};
    must(w, og_account_insert(w->db, &account, &w->err));
}

/* One round; steps are counted so that none can go on for ever. Returns the rows removed, by
 * class. */
static void
purge(struct world *w, int64_t counts[OG_PURGED_CLASSES])
{
    struct og_purge_op op = {.svc = &w->svc, .retention = &kept};
    memset(counts, 0, sizeof(int64_t) * OG_PURGED_CLASSES);
    for (int i = 0; !op.is_over; i++) {
        assert_true(i < STEPS_MAX);
        const struct og_purge_place next = op.next;
        op = (struct og_purge_op){.svc = &w->svc, .retention = &kept, .place = next};
        must(w, world_run_one(w, STEP(&op, og_purge_apply, og_purge_committed)));
        counts[op.place.cls] += op.count;
    }
}

static int64_t
count_of(struct world *w, enum og_purge_class cls)
{
    int64_t counts[OG_PURGED_CLASSES];
    purge(w, counts);
    return counts[cls];
}

static enum og_code
find(struct world *w, struct og_str account, struct og_str id, struct og_message *out)
{
    return og_message_find(w->db, &w->svc.keys.seal, account, id, &w->mem, out, &w->err);
}

/* A message of this account, made then. Gives its id. */
static struct og_str
put_message(struct world *w, struct og_str account, int64_t at_ms, bool is_final,
            const char *client_id)
{
    char id[OG_ID_BYTES];
    struct og_message_recipient recipient = {.number = NUMBER};
    og_id_make(at_ms, id);
    const struct og_message m = {
        .id = og_str_dup(&w->mem, og_str_from(id)),
        .client_id = og_str_from(client_id),
        .account_id = account,
        .device_id = OG_STR("phone"),
        .text = OG_STR("Your parcel is here"),
        .record = {.state = is_final ? OG_MESSAGE_SENT : OG_MESSAGE_PENDING,
                   .recipients = &recipient, .recipient_count = 1},
        .created_at = at_ms,
        .deadline_at = at_ms + DAY_MS,
        .final_at = is_final ? at_ms + 1000 : 0,
    };
    must(w, og_message_insert(w->db, &w->svc.keys.seal, &m, &w->err));
    return m.id;
}

static void
test_req_82_messages_go_when_they_are_old_and_final(void **state)
{
    struct world *w = *state;
    const int64_t old_ms = NOON - kept.messages_ms, young_ms = old_ms + 3600000;
    struct og_message m;
    add_account(w, ACCOUNT);
    add_account(w, OTHER_ACCOUNT);
    struct og_str old = put_message(w, ACCOUNT, old_ms - 1, true, "order-1");
    struct og_str open = put_message(w, ACCOUNT, old_ms - 1, false, NULL);
    struct og_str young = put_message(w, ACCOUNT, young_ms, true, NULL);
    struct og_str others = put_message(w, OTHER_ACCOUNT, old_ms - 1, true, NULL);
    assert_int_equal(count_of(w, OG_PURGED_MESSAGES), 2);
    assert_int_equal(find(w, ACCOUNT, old, &m), OG_E_NOT_FOUND);
    assert_int_equal(find(w, ACCOUNT, OG_STR("order-1"), &m), OG_E_NOT_FOUND);
    assert_int_equal(find(w, OTHER_ACCOUNT, others, &m), OG_E_NOT_FOUND);
    assert_int_equal(find(w, ACCOUNT, open, &m), OG_OK);
    assert_int_equal(find(w, ACCOUNT, young, &m), OG_OK);
    put_message(w, ACCOUNT, young_ms, true, "order-1"); /* the id may be used again */
    w->now_ms += 7200000;
    assert_int_equal(count_of(w, OG_PURGED_MESSAGES), 2);
}

static void
test_req_82_many_are_taken_in_steps(void **state)
{
    struct world *w = *state;
    add_account(w, ACCOUNT);
    must(w, og_db_begin(w->db, true, &w->err));
    for (int i = 0; i < 1050; i++) { /* an open one between a few old ones */
        put_message(w, ACCOUNT, NOON - 40 * DAY_MS + i, i % 7 != 0, NULL);
    }
    must(w, og_db_commit(w->db, &w->err));
    assert_int_equal(count_of(w, OG_PURGED_MESSAGES), 900);
    assert_int_equal(count_of(w, OG_PURGED_MESSAGES), 0);
}

/* A clock by which each look at it takes a millisecond: a machine that is very slow. */
static int64_t
tick(void *ctx)
{
    return ++*(int64_t *)ctx;
}

static void
test_req_82_a_slow_step_is_cut(void **state)
{
    struct world *w = *state;
    int64_t mono_ms = 0, most = 0, all = 0;
    const struct og_clock slow = {world_now, tick, &mono_ms};
    add_account(w, ACCOUNT);
    must(w, og_db_begin(w->db, true, &w->err));
    for (int i = 0; i < 1000; i++) {
        put_message(w, ACCOUNT, NOON - 40 * DAY_MS + i, true, NULL);
        must(w, og_login_code_insert(w->db, og_str_printf(&w->mem, "%d", i), ACCOUNT, NOON - 1,
                                     &w->err));
    }
    must(w, og_db_commit(w->db, &w->err));
    w->svc.clock = &slow;
    struct og_purge_op op = {.svc = &w->svc, .retention = &kept};
    for (int i = 0; !op.is_over; i++) {
        const struct og_purge_place next = op.next;
        assert_true(i < STEPS_MAX);
        op = (struct og_purge_op){.svc = &w->svc, .retention = &kept, .place = next};
        mono_ms = 0;
        must(w, world_run_one(w, STEP(&op, og_purge_apply, og_purge_committed)));
        most = mono_ms > most ? mono_ms : most;
        all += op.count;
    }
    w->svc.clock = &w->clock;
    assert_in_range(most, 2, 12); /* not 1000 */
    assert_int_equal(all, 3000); /* texts, messages, login codes */
}

static void
test_req_81_a_slow_step_of_erasing_is_cut(void **state)
{
    struct world *w = *state;
    int64_t mono_ms = 0, most = 0, all = 0;
    const struct og_clock slow = {world_now, tick, &mono_ms};
    struct og_erase_op op = {0};
    add_account(w, ACCOUNT);
    for (int i = 0; i < 60; i++) {
        put_message(w, ACCOUNT, NOON + i, true, NULL);
    }
    w->svc.clock = &slow;
    for (int i = 0; !op.is_over; i++) {
        const struct og_subject_place next = op.next;
        assert_true(i < STEPS_MAX);
        op = (struct og_erase_op){.svc = &w->svc, .mem = &w->mem, .number = NUMBER, .place = next};
        mono_ms = 0;
        must(w, world_run_one(w, STEP(&op, og_erase_apply, og_erase_committed)));
        most = mono_ms > most ? mono_ms : most;
        all += op.erased;
    }
    w->svc.clock = &w->clock;
    assert_in_range(most, 2, 12); /* not 60 */
    assert_int_equal(all, 60);
}

static void
test_req_82_scheduled_messages_count_from_their_time(void **state)
{
    struct world *w = *state;
    char id[OG_ID_BYTES];
    struct og_message_recipient recipient = {.number = NUMBER};
    add_account(w, ACCOUNT);
    og_id_make(NOON - 40 * DAY_MS, id);
    const struct og_message m = {
        .id = og_str_from(id), .account_id = ACCOUNT, .device_id = OG_STR("phone"),
        .text = TEXT, .record = {.state = OG_MESSAGE_SENT, .recipients = &recipient,
                                 .recipient_count = 1},
        .created_at = NOON - 40 * DAY_MS, .schedule_at = NOON - DAY_MS, .final_at = NOON - DAY_MS,
        .deadline_at = NOON,
    };
    must(w, og_message_insert(w->db, &w->svc.keys.seal, &m, &w->err));
    assert_int_equal(count_of(w, OG_PURGED_MESSAGES), 0);
    w->now_ms += 29 * DAY_MS;
    assert_int_equal(count_of(w, OG_PURGED_MESSAGES), 1);
}

static void
test_req_82_texts_leave_a_keyed_digest(void **state)
{
    struct world *w = *state;
    const int64_t old_ms = NOON - kept.text_ms - 1000;
    int64_t counts[OG_PURGED_CLASSES];
    struct og_message m, same, other;
    add_account(w, ACCOUNT);
    add_account(w, OTHER_ACCOUNT);
    struct og_str a = put_message(w, ACCOUNT, old_ms, true, NULL);
    struct og_str b = put_message(w, ACCOUNT, old_ms, true, NULL);
    struct og_str c = put_message(w, OTHER_ACCOUNT, old_ms, true, NULL);
    struct og_str open = put_message(w, ACCOUNT, old_ms, false, NULL);
    struct og_str young = put_message(w, ACCOUNT, NOON - DAY_MS, true, NULL);
    purge(w, counts);
    assert_int_equal(counts[OG_PURGED_TEXTS], 3);
    assert_int_equal(counts[OG_PURGED_MESSAGES], 0);
    must(w, find(w, ACCOUNT, a, &m));
    must(w, find(w, ACCOUNT, b, &same));
    must(w, find(w, OTHER_ACCOUNT, c, &other));
    assert_text(m.text, OG_STR(""));
    assert_int_equal(m.text_digest.len, OG_DIGEST_HEX_CHARS);
    assert_text(same.text_digest, m.text_digest);
    assert_false(og_str_eq(other.text_digest, m.text_digest)); /* accounts cannot compare theirs */
    must(w, find(w, ACCOUNT, open, &m));
    assert_text(m.text, OG_STR("Your parcel is here"));
    must(w, find(w, ACCOUNT, young, &m));
    assert_text(m.text, OG_STR("Your parcel is here"));
    w->now_ms += 7 * DAY_MS; /* the next round goes on behind the last */
    assert_int_equal(count_of(w, OG_PURGED_TEXTS), 1);
}

/* It was open when its text was due, so no round comes back to it. */
static void
test_req_82_a_text_that_is_over_goes_when_its_message_ends(void **state)
{
    struct world *w = *state;
    struct og_message m;
    add_account(w, ACCOUNT);
    w->svc.message.text_kept_ms = kept.text_ms;
    struct og_str late = put_message(w, ACCOUNT, NOON - kept.text_ms - 1, false, NULL);
    struct og_str young = put_message(w, ACCOUNT, NOON - 2 * DAY_MS, false, NULL);
    assert_int_equal(expire(w), 2);
    must(w, find(w, ACCOUNT, late, &m));
    assert_true(m.final_at != 0);
    assert_text(m.text, OG_STR(""));
    must(w, find(w, ACCOUNT, young, &m));
    assert_text(m.text, OG_STR("Your parcel is here"));
}

static struct og_verification
put_verification(struct world *w, int64_t at_ms, enum og_verification_state is, const char *purpose)
{
    char id[OG_LONG_ID_BYTES];
    og_long_id_make(at_ms, id);
    const struct og_verification v = {
        .id = og_str_dup(&w->mem, og_str_from(id)), .account_id = ACCOUNT,
        .credential_id = OG_STR("key"), .recipient_digest = OG_STR("digest"), .recipient = NUMBER,
        .masked = OG_STR("+49 ***"), .purpose = og_str_from(purpose), .message_id = OG_STR("m"),
        .state = is, .code_length = 6, .attempts = 5, .send_count = 1, .created_at = at_ms,
        .expires_at = at_ms + 1000, .resend_at = at_ms, .closed_at = at_ms,
    };
    must(w, og_verification_insert(w->db, &w->svc.keys.seal, &v, &w->err));
    return v;
}

static void
put_check(struct world *w, struct og_str verification_id, enum og_check_verdict verdict, int64_t at)
{
    const struct og_otp_check check = {verification_id, ACCOUNT, verdict, at};
    must(w, og_otp_check_insert(w->db, &check, &w->err));
}

static int
checks_of(struct world *w, struct og_str verification_id)
{
    struct og_otp_check *items;
    int count;
    must(w, og_otp_checks(w->db, ACCOUNT, verification_id, 9, &w->mem, &items, &count, &w->err));
    return count;
}

static void
test_req_82_verifications_go_with_sends_and_checks(void **state)
{
    struct world *w = *state;
    const int64_t old_ms = NOON - kept.verifications_ms - 1;
    struct og_verification out;
    struct og_otp_send *sends;
    int send_count;
    struct og_verification old = put_verification(w, old_ms, OG_VERIFICATION_APPROVED, "a");
    struct og_verification pending = put_verification(w, old_ms, OG_VERIFICATION_PENDING, "b");
    struct og_verification young = put_verification(w, NOON - DAY_MS, OG_VERIFICATION_FAILED, "c");
    must(w, og_otp_send_insert(w->db, old.id, 1, OG_STR("m"), old_ms, &w->err));
    must(w, og_db_begin(w->db, true, &w->err));
    for (int i = 0; i < 1003; i++) { /* more than one step takes */
        put_check(w, old.id, OG_CHECK_CLOSED, NOON);
    }
    must(w, og_db_commit(w->db, &w->err));
    put_check(w, young.id, OG_CHECK_WRONG, NOON);
    put_check(w, OG_STR("never-heard-of"), OG_CHECK_UNKNOWN, old_ms);
    put_check(w, OG_STR("nor-of-this"), OG_CHECK_UNKNOWN, NOON);
    int64_t counts[OG_PURGED_CLASSES];
    purge(w, counts);
    assert_int_equal(counts[OG_PURGED_VERIFICATIONS], 1);
    assert_int_equal(counts[OG_PURGED_CHECKS], 1);
    const struct og_str gone[] = {old.id}, stay[] = {pending.id, young.id};
    for (size_t i = 0; i < COUNT(gone); i++) {
        assert_int_equal(og_verification_find(w->db, NULL, ACCOUNT, gone[i], &w->mem, &out, &w->err),
                         OG_E_NOT_FOUND);
    }
    for (size_t i = 0; i < COUNT(stay); i++) {
        must(w, og_verification_find(w->db, NULL, ACCOUNT, stay[i], &w->mem, &out, &w->err));
    }
    must(w, og_otp_sends(w->db, ACCOUNT, old.id, &w->mem, &sends, &send_count, &w->err));
    assert_int_equal(send_count, 0);
    assert_int_equal(checks_of(w, old.id), 0);
    assert_int_equal(checks_of(w, young.id), 1);
    assert_int_equal(checks_of(w, OG_STR("never-heard-of")), 0);
    assert_int_equal(checks_of(w, OG_STR("nor-of-this")), 1);
}

static void
test_req_82_failures_stay_while_locked(void **state)
{
    struct world *w = *state;
    const struct og_otp_target target = {ACCOUNT, OG_STR("digest"), OG_STR("login")};
    int64_t count = 0, locked_at = 0;
    w->svc.otp.lock_ms = LOCK_MS; /* longer than failures are kept */
    must(w, og_otp_failure_add(w->db, &target, NOON, &count, &w->err));
    must(w, og_otp_failure_lock(w->db, &target, NOON, &w->err));
    w->now_ms = NOON + LOCK_MS - 1;
    assert_int_equal(count_of(w, OG_PURGED_FAILURES), 0);
    must(w, og_otp_failure_locked_at(w->db, &target, &locked_at, &w->err));
    assert_int_equal(locked_at, NOON);
    w->now_ms = NOON + LOCK_MS;
    assert_int_equal(count_of(w, OG_PURGED_FAILURES), 1);
}

static void
put_dead(struct world *w, const char *id, int64_t dead_at)
{
    const struct og_webhook_event_row row = {
        .id = og_str_from(id), .account_id = ACCOUNT, .webhook_id = OG_STR("hook"),
        .line = OG_STR("l"), .event = OG_STR("sms:sent"), .body = OG_STR("box"),
        .created_at = NOON - 20 * DAY_MS,
    };
    must(w, og_hook_queue_add(w->db, &row, &w->err));
    must(w, og_hook_queue_failed(w->db, row.id, dead_at, OG_STR("500"), dead_at, &w->err));
}

static void
test_req_82_dead_webhooks_sandbox_tokens_and_login_codes(void **state)
{
    struct world *w = *state;
    int64_t counts[OG_PURGED_CLASSES];
    add_account(w, ACCOUNT);
    put_dead(w, "a", NOON - 10 * DAY_MS);
    put_dead(w, "b", NOON - 9 * DAY_MS);
    put_dead(w, "c", 0); /* still tried */
    for (int days = 6; days <= 8; days++) {
        char id[OG_ID_BYTES];
        og_id_make(NOON - days * DAY_MS - 1, id);
        const struct og_sandbox_message message = {
            .id = og_str_from(id), .recipient = NUMBER, .text = TEXT,
            .at = NOON - days * DAY_MS - 1};
        must(w, og_sandbox_insert(w->db, &w->svc.keys.seal, ACCOUNT, &message, &w->err));
    }
    for (int i = 0; i < 3; i++) {
        const char *ids[] = {"x", "y", "z"};
        const struct og_token_pair pair = {
            .id = og_str_from(ids[i]), .account_id = ACCOUNT, .credential_id = OG_STR("key"),
            .scopes = OG_STR(""), .created_at = NOON - DAY_MS, .access_ends_at = NOON - 1000 + i * 1000,
            .ends_at = NOON - 1000 + i * 1000};
        must(w, og_token_insert(w->db, &pair, &w->err));
    }
    must(w, og_login_code_insert(w->db, OG_STR("spent"), ACCOUNT, NOON, &w->err));
    must(w, og_login_code_insert(w->db, OG_STR("good"), ACCOUNT, NOON + 1, &w->err));
    purge(w, counts);
    assert_int_equal(counts[OG_PURGED_DEAD_LETTERS], 1);
    assert_int_equal(counts[OG_PURGED_SANDBOX], 2);
    assert_int_equal(counts[OG_PURGED_TOKENS], 2);
    assert_int_equal(counts[OG_PURGED_LOGIN_CODES], 1);
}

static void
test_req_82_a_lost_step_is_taken_again(void **state)
{
    struct world *w = *state;
    struct og_purge_op op = {.svc = &w->svc, .retention = &kept,
                             .place = {.cls = OG_PURGED_MESSAGES}};
    struct og_message m;
    add_account(w, ACCOUNT);
    struct og_str old = put_message(w, ACCOUNT, NOON - 31 * DAY_MS, true, NULL);
    w->next_commit = OG_FAULT_IO;
    assert_int_equal(world_run_one(w, STEP(&op, og_purge_apply, og_purge_committed)),
                     OG_E_UNAVAILABLE);
    must(w, find(w, ACCOUNT, old, &m));
    assert_int_equal(count_of(w, OG_PURGED_MESSAGES), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_req_82_messages_go_when_they_are_old_and_final),
        WITH_WORLD(test_req_82_many_are_taken_in_steps),
        WITH_WORLD(test_req_82_a_slow_step_is_cut),
        WITH_WORLD(test_req_81_a_slow_step_of_erasing_is_cut),
        WITH_WORLD(test_req_82_scheduled_messages_count_from_their_time),
        WITH_WORLD(test_req_82_texts_leave_a_keyed_digest),
        WITH_WORLD(test_req_82_a_text_that_is_over_goes_when_its_message_ends),
        WITH_WORLD(test_req_82_verifications_go_with_sends_and_checks),
        WITH_WORLD(test_req_82_failures_stay_while_locked),
        WITH_WORLD(test_req_82_dead_webhooks_sandbox_tokens_and_login_codes),
        WITH_WORLD(test_req_82_a_lost_step_is_taken_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
