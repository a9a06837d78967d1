/*
 * Starting verifications. The numbers in the names are those of the OTP requirements.
 */
#include "tests/unit/service/otp_fixture.h"

static void
test_start_writes_one_of_each(void **state)
{
    struct world *w = *state;
    struct og_otp_start_op op = world_start_op(w);
    assert_int_equal(world_run_start(w, &op), OG_OK);
    assert_true(op.is_new);
    assert_int_equal(world_codes(w), 1);
    assert_int_equal(world_waiting(w), 1);

    const struct og_verification v = world_row(w, op.out.id);
    assert_int_equal(v.state, OG_VERIFICATION_PENDING);
    assert_true(og_str_eq(v.recipient, OG_STR(NUMBER)));
    assert_true(og_str_eq(v.purpose, OG_STR("login")));
    assert_true(og_str_eq(v.credential_id, OG_STR("key-1")));
    assert_int_equal(v.code_length, 6);
    assert_int_equal(v.attempts, 5);
    assert_int_equal(v.send_count, 1);
    assert_int_equal(v.created_at, NOON);
    assert_int_equal(v.resend_at, NOON + 30000);
    assert_null(memmem(v.masked.ptr, v.masked.len, "1234", 4));
}

static void
test_req_1_no_randomness_sends_nothing(void **state)
{
    struct world *w = *state;
    struct og_otp_start_op op = world_start_op(w);
    w->rng_fails = true;
    assert_int_equal(world_run_start(w, &op), OG_E_UNAVAILABLE);
    assert_int_equal(w->spy.puts, 0);
    assert_int_equal(world_waiting(w), 0);
    assert_int_equal(world_codes(w), 0);
}

static void
test_req_4_leading_zeros_are_kept(void **state)
{
    struct world *w = *state;
    w->next_word = 42;
    const struct og_str id = world_start(w);
    const struct og_message m = world_message(w, world_row(w, id).message_id);
    assert_true(og_str_starts(m.text, OG_STR("000042 ")));
    world_assert_check(w, id, "000042", OG_OTP_APPROVED, OG_VERIFICATION_APPROVED, -1);
}

static void
test_req_7_a_code_of_the_callers_own(void **state)
{
    struct world *w = *state;
    struct og_otp_start_op op = world_start_op(w);
    assert_true(og_secret_set(&op.code, OG_STR("aB3dE")));
    assert_int_equal(world_run_start(w, &op), OG_OK);
    assert_int_equal(op.out.code_length, 5);
    const struct og_message m = world_message(w, world_row(w, op.out.id).message_id);
    assert_true(og_str_starts(m.text, OG_STR("aB3dE ")));
    world_assert_check(w, op.out.id, "aB3de", OG_OTP_NOT_APPROVED, OG_VERIFICATION_PENDING, 4);
    world_assert_check(w, op.out.id, "aB3dE", OG_OTP_APPROVED, OG_VERIFICATION_APPROVED, -1);
}

static void
test_req_9_life_as_asked(void **state)
{
    struct world *w = *state;
    struct og_otp_start_op op = world_start_op(w);
    assert_int_equal(world_run_start(w, &op), OG_OK);
    assert_int_equal(op.out.expires_at, NOON + 300000);
    assert_int_equal(w->spy.record.ttl_ms, 300000);
    op = world_start_op(w);
    op.purpose = OG_STR("other");
    op.ttl_ms = 60000;
    assert_int_equal(world_run_start(w, &op), OG_OK);
    assert_int_equal(op.out.expires_at, NOON + 60000);
    assert_int_equal(w->spy.record.ttl_ms, 60000);
}

static void
test_req_21_equal_codes_have_different_digests(void **state)
{
    struct world *w = *state;
    world_start(w);
    const struct og_code_mac first = w->spy.record.mac;
    assert_int_equal(first.key_id, w->svc.keys.otp.id);
    struct og_otp_start_op op = world_start_op(w);
    op.to = OG_STR("+4915187654321");
    assert_int_equal(world_run_start(w, &op), OG_OK);
    assert_memory_not_equal(first.bytes, w->spy.record.mac.bytes, sizeof(first.bytes));
}

static bool
file_has(const char *path, const char *needle)
{
    bool found = false;
    char *bytes = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    FILE *copy = open_memstream(&bytes, &size);
    for (int c = fgetc(file); c != EOF; c = fgetc(file)) {
        fputc(c, copy);
    }
    fclose(copy);
    fclose(file);
    assert_true(size > 1000);
    found = memmem(bytes, size, needle, strlen(needle)) != NULL;
    free(bytes);
    return found;
}

static void
test_req_24_neither_store_nor_database_shows_the_code(void **state)
{
    struct world *w = *state;
    world_start(w);
    const struct spy *spy = &w->spy;
    assert_true(spy->record.sealed.len >= 6 + OG_SEAL_OVERHEAD_BYTES);
    assert_null(memmem(spy->sealed, spy->record.sealed.len, "482913", 6));
    assert_null(memmem(spy->record.mac.bytes, sizeof(spy->record.mac.bytes), "482913", 6));
    og_db_close(w->db); /* writes the log back */
    assert_true(file_has(w->path, "login"));
    assert_false(file_has(w->path, "482913"));
    assert_false(file_has(w->path, "15112345678"));
    world_open_db(w);
}

static void
test_req_25_what_held_the_code_is_wiped(void **state)
{
    static const char nothing[OG_SECRET_MAX_BYTES];
    struct world *w = *state;
    struct og_otp_start_op op = world_start_op(w);
    assert_int_equal(world_run_start(w, &op), OG_OK);
    assert_memory_equal(op.code.bytes, nothing, sizeof(nothing));
    assert_memory_equal(op.text.bytes, nothing, sizeof(nothing));
    struct og_otp_check_op check = world_check(w, op.out.id, "482913");
    assert_memory_equal(check.code.bytes, nothing, sizeof(nothing));
}

static void
test_req_32_a_full_store_starts_nothing_and_forgets_nothing(void **state)
{
    struct world *w = *state;
    w->spy.inner->destroy(w->spy.inner);
    world_open_codes(w, 1);
    const struct og_str id = world_start(w);
    struct og_otp_start_op op = world_start_op(w);
    op.purpose = OG_STR("other");
    assert_int_equal(world_run_start(w, &op), OG_E_BUSY);
    assert_int_equal(world_waiting(w), 1);
    world_assert_check(w, id, "482913", OG_OTP_APPROVED, OG_VERIFICATION_APPROVED, -1);
    op = world_start_op(w);
    op.purpose = OG_STR("other");
    assert_int_equal(world_run_start(w, &op), OG_OK);
}

static void
test_req_37_ids_are_long_and_safe_in_urls(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    assert_int_equal(id.len, OG_LONG_ID_CHARS);
    assert_true(og_id_is_plain(id));
}

static void
test_req_41_one_active_per_recipient_and_purpose(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    world_pass(w, 10000);
    w->next_word = 111111;
    struct og_otp_start_op again = world_start_op(w);
    assert_int_equal(world_run_start(w, &again), OG_OK);
    assert_false(again.is_new);
    assert_true(og_str_eq(again.out.id, id));
    assert_int_equal(again.out.resend_at, NOON + 30000);
    assert_int_equal(world_waiting(w), 1);
    assert_int_equal(world_codes(w), 1); /* the code that was drawn in vain is gone */
    world_assert_check(w, id, "482913", OG_OTP_APPROVED, OG_VERIFICATION_APPROVED, -1);
}

static void
test_req_41_other_recipient_purpose_or_account_is_another(void **state)
{
    struct world *w = *state;
    world_start(w);
    struct og_otp_start_op op = world_start_op(w);
    op.purpose = OG_STR("payment");
    assert_int_equal(world_run_start(w, &op), OG_OK);
    assert_true(op.is_new);
    op = world_start_op(w);
    op.to = OG_STR("+4915187654321");
    assert_int_equal(world_run_start(w, &op), OG_OK);
    assert_true(op.is_new);
    op = world_start_op(w);
    assert_int_equal(world_run_start_in(w, OTHER_ACCOUNT, &op), OG_OK);
    assert_true(op.is_new);
}

static void
test_req_41_one_past_its_time_makes_way(void **state)
{
    struct world *w = *state;
    const struct og_str old = world_start(w);
    world_pass(w, 300000);
    const struct og_str id = world_start(w);
    assert_false(og_str_eq(old, id));
    assert_int_equal(world_row(w, old).state, OG_VERIFICATION_EXPIRED);
    assert_int_equal(world_row(w, old).closed_at, NOON + 300000);
}

static void
test_req_46_the_message_ends_with_the_code(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    const struct og_verification v = world_row(w, id);
    const struct og_message m = world_message(w, v.message_id);
    assert_int_equal(m.valid_until, v.expires_at);
    assert_int_equal(m.deadline_at, v.expires_at);
    world_pass(w, 299999);
    assert_int_equal(world_waiting(w), 1);
    world_pass(w, 1);
    assert_int_equal(world_waiting(w), 0);
}

static void
test_req_51_before_all_other_traffic(void **state)
{
    struct world *w = *state;
    const struct og_message m = world_message(w, world_row(w, world_start(w)).message_id);
    assert_int_equal(m.cls, OG_CLASS_OTP);
    assert_true(m.priority >= 100);
    assert_true(og_str_eq(m.verification_id, world_row(w, m.verification_id).id));
}

static void
test_req_64_text_with_brand_minutes_and_hash(void **state)
{
    struct world *w = *state;
    struct og_otp_start_op op = world_start_op(w);
    op.brand = OG_STR("Acme");
    op.app_hash = OG_STR("FA+9qCX9VSu");
    assert_int_equal(world_run_start(w, &op), OG_OK);
    const struct og_message m = world_message(w, world_row(w, op.out.id).message_id);
    assert_true(og_str_starts(m.text, OG_STR("482913 ")));
    assert_true(og_str_ends(m.text, OG_STR("\nFA+9qCX9VSu")));
    assert_non_null(memmem(m.text.ptr, m.text.len, "Acme", 4));
    assert_non_null(memmem(m.text.ptr, m.text.len, " 5 min", 6));
    assert_true(m.text.len <= 140);
}

static void
test_a_text_that_cannot_be_made_starts_nothing(void **state)
{
    struct world *w = *state;
    struct og_otp_start_op op = world_start_op(w);
    strcpy(w->svc.otp.text, "{code} for {brand}");
    assert_int_equal(world_run_start(w, &op), OG_E_UNPROCESSABLE);
    assert_string_equal(w->err.field, "brand");
    assert_int_equal(world_codes(w), 0);
    assert_int_equal(world_waiting(w), 0);
}

static void
test_without_a_phone_nothing_is_left(void **state)
{
    struct world *w = *state;
    struct og_otp_start_op op = world_start_op(w);
    assert_int_equal(world_run_start_in(w, OG_STR("acc-without-phones"), &op), OG_E_CONFLICT);
    assert_int_equal(world_codes(w), 0);
    assert_true(strstr(w->err.text, "no phone") != NULL);
}

static void
test_a_failed_commit_leaves_no_code(void **state)
{
    struct world *w = *state;
    struct og_otp_start_op op = world_start_op(w);
    og_db_inject(w->db, OG_FAULT_FULL, 1);
    assert_int_equal(world_run_start(w, &op), OG_E_UNAVAILABLE);
    assert_int_equal(world_codes(w), 0);
    assert_int_equal(world_waiting(w), 0);
    world_start(w);
}

/* ---- idempotency ---- */

static struct og_otp_start_op
keyed(struct world *w, const char *key, const char *body)
{
    struct og_otp_start_op op = world_start_op(w);
    op.idempotency_key = og_str_from(key);
    op.request = og_str_from(body);
    return op;
}

static void
test_req_39_same_key_and_body_give_the_same_answer_and_one_sms(void **state)
{
    struct world *w = *state;
    struct og_otp_start_op first = keyed(w, "k1", "{1}");
    assert_int_equal(world_run_start(w, &first), OG_OK);
    assert_int_equal(first.replay.len, 0);
    /* also when the verification has long been approved */
    world_assert_check(w, first.out.id, "482913", OG_OTP_APPROVED, OG_VERIFICATION_APPROVED, -1);
    world_pass(w, 23 * 3600 * 1000);
    struct og_otp_start_op retry = keyed(w, "k1", "{1}");
    assert_int_equal(world_run_start(w, &retry), OG_OK);
    assert_int_equal(retry.replay_status, 201);
    struct og_str expected = og_str_printf(&w->mem, "{\"id\":\"%" OG_STR_FMT "\"}",
                                           OG_STR_ARG(first.out.id));
    assert_true(og_str_eq(retry.replay, expected));
    assert_int_equal(world_codes(w), 0);
    assert_int_equal(world_waiting(w), 0);
}

static void
test_req_39_same_key_other_body_is_refused(void **state)
{
    struct world *w = *state;
    struct og_otp_start_op first = keyed(w, "k1", "{1}");
    assert_int_equal(world_run_start(w, &first), OG_OK);
    struct og_otp_start_op other = keyed(w, "k1", "{2}");
    assert_int_equal(world_run_start(w, &other), OG_E_UNPROCESSABLE);
    assert_string_equal(w->err.field, "Idempotency-Key");
    assert_int_equal(world_codes(w), 1);
    assert_int_equal(world_waiting(w), 1);
}

static void
test_req_39_remembered_for_a_day_and_per_account(void **state)
{
    struct world *w = *state;
    struct og_otp_start_op op = keyed(w, "k1", "{1}");
    assert_int_equal(world_run_start(w, &op), OG_OK);
    op = keyed(w, "k1", "{2}");
    assert_int_equal(world_run_start_in(w, OTHER_ACCOUNT, &op), OG_OK);
    assert_int_equal(op.replay.len, 0);
    world_pass(w, 24 * 3600 * 1000);
    op = keyed(w, "k1", "{3}");
    assert_int_equal(world_run_start(w, &op), OG_OK);
    assert_int_equal(op.replay.len, 0);
    op = keyed(w, "k1", "{3}");
    assert_int_equal(world_run_start(w, &op), OG_OK);
    assert_true(op.replay.len > 0);
}

static void
test_req_39_refusals_are_not_remembered(void **state)
{
    struct world *w = *state;
    struct og_otp_start_op op = keyed(w, "k1", "{1}");
    og_db_inject(w->db, OG_FAULT_IO, 1);
    assert_int_equal(world_run_start(w, &op), OG_E_UNAVAILABLE);
    op = keyed(w, "k1", "{1}");
    assert_int_equal(world_run_start(w, &op), OG_OK);
    assert_true(op.is_new);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_start_writes_one_of_each),
        WITH_WORLD(test_req_1_no_randomness_sends_nothing),
        WITH_WORLD(test_req_4_leading_zeros_are_kept),
        WITH_WORLD(test_req_7_a_code_of_the_callers_own),
        WITH_WORLD(test_req_9_life_as_asked),
        WITH_WORLD(test_req_21_equal_codes_have_different_digests),
        WITH_WORLD(test_req_24_neither_store_nor_database_shows_the_code),
        WITH_WORLD(test_req_25_what_held_the_code_is_wiped),
        WITH_WORLD(test_req_32_a_full_store_starts_nothing_and_forgets_nothing),
        WITH_WORLD(test_req_37_ids_are_long_and_safe_in_urls),
        WITH_WORLD(test_req_41_one_active_per_recipient_and_purpose),
        WITH_WORLD(test_req_41_other_recipient_purpose_or_account_is_another),
        WITH_WORLD(test_req_41_one_past_its_time_makes_way),
        WITH_WORLD(test_req_46_the_message_ends_with_the_code),
        WITH_WORLD(test_req_51_before_all_other_traffic),
        WITH_WORLD(test_req_64_text_with_brand_minutes_and_hash),
        WITH_WORLD(test_a_text_that_cannot_be_made_starts_nothing),
        WITH_WORLD(test_without_a_phone_nothing_is_left),
        WITH_WORLD(test_a_failed_commit_leaves_no_code),
        WITH_WORLD(test_req_39_same_key_and_body_give_the_same_answer_and_one_sms),
        WITH_WORLD(test_req_39_same_key_other_body_is_refused),
        WITH_WORLD(test_req_39_remembered_for_a_day_and_per_account),
        WITH_WORLD(test_req_39_refusals_are_not_remembered),
    };
    return cmocka_run_group_tests_name("otp start", tests, NULL, NULL);
}
