/*
 * Resending, cancelling, reading and expiring. The numbers are those of the OTP requirements.
 */
#include "tests/unit/service/otp_fixture.h"

#define RIGHT "482913"

/* ---- resend ---- */

static void
test_req_47_waits_are_exact_and_grow(void **state)
{
    struct world *w = *state;
    struct og_otp_resend_op op;
    const struct og_str id = world_start(w);
    world_pass(w, 1500);
    assert_int_equal(world_resend(w, id, &op), OG_E_LIMITED);
    assert_int_equal(w->err.retry_after_s, 29); /* 28.5 */
    world_pass(w, 28499);
    assert_int_equal(world_resend(w, id, &op), OG_E_LIMITED);
    assert_int_equal(w->err.retry_after_s, 1);
    world_pass(w, 1);
    assert_int_equal(world_resend(w, id, &op), OG_OK);
    assert_int_equal(op.out.send_count, 2);
    assert_int_equal(op.out.resend_at, w->now_ms + 60000);

    assert_int_equal(world_resend(w, id, &op), OG_E_LIMITED);
    assert_int_equal(w->err.retry_after_s, 60);
    world_pass(w, 60000);
    assert_int_equal(world_resend(w, id, &op), OG_OK);
    assert_int_equal(op.out.send_count, 3);
}

static void
test_req_47_the_fourth_send_is_refused_until_the_end(void **state)
{
    struct world *w = *state;
    struct og_otp_resend_op op;
    const struct og_str id = world_start(w);
    world_pass(w, 30000);
    assert_int_equal(world_resend(w, id, &op), OG_OK);
    world_pass(w, 60000);
    assert_int_equal(world_resend(w, id, &op), OG_OK);
    world_pass(w, 120000);
    assert_int_equal(world_resend(w, id, &op), OG_E_LIMITED);
    assert_int_equal(w->err.retry_after_s, 90); /* then it has expired and a new one may start */
    assert_int_equal(world_row(w, id).send_count, 3);
}

static void
test_req_48_a_rotated_code_ends_the_one_before(void **state)
{
    struct world *w = *state;
    struct og_otp_resend_op op;
    w->svc.otp.rotates = true;
    const struct og_str id = world_start(w);
    world_assert_check(w, id, "111111", OG_OTP_NOT_APPROVED, OG_VERIFICATION_PENDING, 4);
    w->next_word = 777777;
    /* refused: the first code is good still */
    assert_int_equal(world_resend(w, id, &op), OG_E_LIMITED);
    const int puts = w->spy.puts;
    world_pass(w, 30000);
    world_must(world_resend(w, id, &op), &w->err);
    assert_int_equal(w->spy.puts, puts + 1);
    assert_int_equal(w->spy.record.attempts, 4);
    assert_int_equal(w->spy.record.ttl_ms, 270000);
    const struct og_message m = world_message(w, world_row(w, id).message_id);
    assert_true(og_str_starts(m.text, OG_STR("777777 ")));
    world_assert_check(w, id, "482913", OG_OTP_NOT_APPROVED, OG_VERIFICATION_PENDING, 3);
    world_assert_check(w, id, "777777", OG_OTP_APPROVED, OG_VERIFICATION_APPROVED, -1);
}

static void
test_req_48_the_same_code_with_the_same_end(void **state)
{
    struct world *w = *state;
    struct og_otp_resend_op op;
    const struct og_str id = world_start(w);
    w->next_word = 111111;
    world_pass(w, 31000);
    assert_int_equal(world_resend(w, id, &op), OG_OK);
    assert_int_equal(op.out.expires_at, NOON + 300000);
    const struct og_message m = world_message(w, op.out.message_id);
    assert_true(og_str_starts(m.text, OG_STR(RIGHT " ")));
    assert_int_equal(m.valid_until, NOON + 300000);
    world_pass(w, 268000);
    world_assert_check(w, id, RIGHT, OG_OTP_APPROVED, OG_VERIFICATION_APPROVED, -1);
}

static void
test_req_17_a_resend_gives_no_attempts(void **state)
{
    struct world *w = *state;
    struct og_otp_resend_op op;
    const struct og_str id = world_start(w);
    for (int i = 0; i < 4; i++) {
        world_check(w, id, "000000");
    }
    world_pass(w, 30000);
    assert_int_equal(world_resend(w, id, &op), OG_OK);
    world_assert_check(w, id, "000000", OG_OTP_NOT_APPROVED, OG_VERIFICATION_FAILED, 0);
}

static void
test_a_resend_takes_the_place_of_what_no_phone_has(void **state)
{
    struct world *w = *state;
    struct og_otp_resend_op op;
    const struct og_str id = world_start(w);
    const struct og_str first = world_row(w, id).message_id;
    world_pass(w, 30000);
    assert_int_equal(world_resend(w, id, &op), OG_OK);
    assert_int_equal(world_message(w, first).record.state, OG_MESSAGE_CANCELLED);
    assert_int_equal(world_waiting(w), 1);
    world_hand(w, op.out.message_id);
    world_pass(w, 60000);
    assert_int_equal(world_resend(w, id, &op), OG_OK);
    assert_int_equal(world_waiting(w), 2);
}

static void
test_only_what_is_pending_is_resent(void **state)
{
    struct world *w = *state;
    struct og_otp_resend_op op;
    char unknown[OG_LONG_ID_BYTES];
    og_long_id_make(w->now_ms, unknown);
    assert_int_equal(world_resend(w, og_str_from(unknown), &op), OG_E_NOT_FOUND);

    struct og_str id = world_start(w);
    world_check(w, id, RIGHT);
    world_pass(w, 30000);
    assert_int_equal(world_resend(w, id, &op), OG_E_CONFLICT);
    assert_non_null(strstr(w->err.text, "approved"));
    id = world_start(w);
    world_pass(w, 300000);
    assert_int_equal(world_resend(w, id, &op), OG_E_CONFLICT);
    assert_non_null(strstr(w->err.text, "expired"));
}

/* ---- cancel ---- */

static void
test_req_20_cancel_ends_code_and_message_at_once(void **state)
{
    struct world *w = *state;
    struct og_otp_cancel_op op;
    const struct og_str id = world_start(w);
    assert_int_equal(world_cancel(w, ACCOUNT, id, &op), OG_OK);
    assert_int_equal(op.out.state, OG_VERIFICATION_CANCELED);
    assert_int_equal(world_codes(w), 0);
    assert_int_equal(world_waiting(w), 0);
    assert_int_equal(world_message(w, op.out.message_id).record.state, OG_MESSAGE_CANCELLED);
    world_assert_check(w, id, RIGHT, OG_OTP_NOT_APPROVED, OG_VERIFICATION_CANCELED, 0);
    world_start(w); /* the place is free */
}

static void
test_req_20_a_phone_that_has_it_is_told(void **state)
{
    struct world *w = *state;
    struct og_otp_cancel_op op;
    const struct og_str id = world_start(w);
    world_hand(w, world_row(w, id).message_id);
    assert_int_equal(world_cancel(w, ACCOUNT, id, &op), OG_OK);
    assert_int_equal(world_message(w, op.out.message_id).record.state, OG_MESSAGE_CANCELLING);
}

static void
test_req_20_the_code_is_gone_even_if_the_row_cannot_be_written(void **state)
{
    struct world *w = *state;
    struct og_otp_cancel_op op;
    const struct og_str id = world_start(w);
    og_db_inject(w->db, OG_FAULT_FULL, 1);
    assert_int_equal(world_cancel(w, ACCOUNT, id, &op), OG_E_UNAVAILABLE);
    assert_int_equal(world_codes(w), 0);
    assert_int_equal(world_cancel(w, ACCOUNT, id, &op), OG_OK);
}

static void
test_cancel_twice_is_fine_and_after_the_end_is_not(void **state)
{
    struct world *w = *state;
    struct og_otp_cancel_op op;
    struct og_str id = world_start(w);
    assert_int_equal(world_cancel(w, ACCOUNT, id, &op), OG_OK);
    assert_int_equal(world_cancel(w, ACCOUNT, id, &op), OG_OK);
    assert_int_equal(op.out.state, OG_VERIFICATION_CANCELED);
    id = world_start(w);
    world_check(w, id, RIGHT);
    assert_int_equal(world_cancel(w, ACCOUNT, id, &op), OG_E_CONFLICT);
}

static void
test_req_37_foreign_ids_are_unknown_to_all(void **state)
{
    struct world *w = *state;
    struct og_otp_cancel_op cancel;
    struct og_otp_get_op get;
    const struct og_str id = world_start(w);
    assert_int_equal(world_cancel(w, OTHER_ACCOUNT, id, &cancel), OG_E_NOT_FOUND);
    assert_int_equal(world_get(w, OTHER_ACCOUNT, id, &get), OG_E_NOT_FOUND);
    world_assert_check(w, id, RIGHT, OG_OTP_APPROVED, OG_VERIFICATION_APPROVED, -1);
}

/* ---- read ---- */

static void
assert_events(const struct og_otp_get_op *op, const char *expected)
{
    char told[256] = "";
    for (int i = 0; i < op->event_count; i++) {
        strcat(told, i ? " " : "");
        strcat(told, og_otp_event_name(op->events[i].kind));
    }
    assert_string_equal(told, expected);
}

static void
test_the_time_line_is_told_in_order(void **state)
{
    struct world *w = *state;
    struct og_otp_get_op get;
    struct og_otp_resend_op resend;
    const struct og_str id = world_start(w);
    assert_int_equal(world_get(w, ACCOUNT, id, &get), OG_OK);
    assert_events(&get, "accepted");
    world_pass(w, 1000);
    world_hand(w, world_row(w, id).message_id);
    world_pass(w, 1000);
    world_check(w, id, "000000");
    world_pass(w, 30000);
    assert_int_equal(world_resend(w, id, &resend), OG_OK);
    world_pass(w, 1000);
    world_check(w, id, RIGHT);
    assert_int_equal(world_get(w, ACCOUNT, id, &get), OG_OK);
    assert_events(&get, "accepted handed checked resent approved");
    assert_int_equal(get.events[0].at, NOON);
    assert_int_equal(get.events[1].send, 1);
    assert_int_equal(get.events[3].send, 2);
    assert_int_equal(get.events[4].at, NOON + 33000);
}

static void
test_an_end_in_time_is_told_before_the_sweep(void **state)
{
    struct world *w = *state;
    struct og_otp_get_op get;
    const struct og_str id = world_start(w);
    world_pass(w, 300000);
    assert_int_equal(world_get(w, ACCOUNT, id, &get), OG_OK);
    assert_int_equal(get.out.state, OG_VERIFICATION_EXPIRED);
    assert_events(&get, "accepted expired");
    assert_int_equal(get.events[1].at, NOON + 300000);
}

/* ---- expire ---- */

static void
test_the_sweep_expires_what_is_over_and_no_more(void **state)
{
    struct world *w = *state;
    struct og_otp_expire_op op = {.svc = &w->svc};
    const struct og_str old = world_start(w);
    world_pass(w, 200000);
    struct og_otp_start_op young = world_start_op(w);
    young.purpose = OG_STR("payment");
    assert_int_equal(world_run_start(w, &young), OG_OK);
    world_pass(w, 105000);
    assert_int_equal(world_apply(w, &op.op, og_otp_expire_apply, og_otp_expire_committed), OG_OK);
    assert_int_equal(op.expired_count, 1);
    assert_false(op.has_more);
    assert_int_equal(world_row(w, old).state, OG_VERIFICATION_EXPIRED);
    assert_int_equal(world_row(w, old).closed_at, NOON + 300000);
    assert_int_equal(world_row(w, young.out.id).state, OG_VERIFICATION_PENDING);
    assert_int_equal(world_codes(w), 1);
}

static void
test_a_right_code_of_the_last_moment_beats_the_sweep(void **state)
{
    struct world *w = *state;
    struct og_otp_expire_op sweep = {.svc = &w->svc};
    const struct og_str id = world_start(w);
    world_pass(w, 299999);
    struct og_otp_check_op check = {.id = id, .purpose = OG_STR("login")};
    assert_true(og_secret_set(&check.code, OG_STR(RIGHT)));
    world_base(w, &check.base, ACCOUNT);
    og_otp_check_prepare(&check);
    world_pass(w, 2000);
    assert_int_equal(world_apply(w, &sweep.op, og_otp_expire_apply, og_otp_expire_committed),
                     OG_OK);
    assert_int_equal(world_apply(w, &check.base.op, og_otp_check_apply, og_otp_check_committed),
                     OG_OK);
    assert_int_equal(check.outcome, OG_OTP_APPROVED);
    og_otp_check_release(&check, true);
}

static void
test_the_sweep_forgets_old_answers(void **state)
{
    struct world *w = *state;
    struct og_otp_expire_op sweep = {.svc = &w->svc};
    struct og_otp_start_op op = world_start_op(w);
    op.idempotency_key = OG_STR("k1");
    op.request = OG_STR("{1}");
    assert_int_equal(world_run_start(w, &op), OG_OK);
    world_pass(w, 24 * 3600 * 1000);
    assert_int_equal(world_apply(w, &sweep.op, og_otp_expire_apply, og_otp_expire_committed),
                     OG_OK);
    w->now_ms -= 1000; /* it would still count, if it were there */
    op = world_start_op(w);
    op.idempotency_key = OG_STR("k1");
    op.request = OG_STR("{2}");
    assert_int_equal(world_run_start(w, &op), OG_OK);
}

static void
test_req_91_a_restart_expires_what_was_pending(void **state)
{
    struct world *w = *state;
    const struct og_str approved = world_start(w);
    world_check(w, approved, RIGHT);
    const struct og_str id = world_start(w);
    world_pass(w, 1000);
    world_restart(w);
    const struct og_verification v = world_row(w, id);
    assert_int_equal(v.state, OG_VERIFICATION_EXPIRED);
    assert_int_equal(v.closed_at, NOON + 1000);
    /* an SMS with a dead code must not go out */
    assert_int_equal(world_message(w, v.message_id).deadline_at, NOON + 1000);
    assert_int_equal(world_row(w, approved).state, OG_VERIFICATION_APPROVED);
    world_start(w);
}

static void
test_a_store_that_survives_keeps_what_was_pending(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    w->spy.face.is_volatile = false;
    assert_int_equal(og_otp_load(&w->svc, w->db, w->now_ms, &w->err), OG_OK);
    world_assert_check(w, id, RIGHT, OG_OTP_APPROVED, OG_VERIFICATION_APPROVED, -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_req_47_waits_are_exact_and_grow),
        WITH_WORLD(test_req_47_the_fourth_send_is_refused_until_the_end),
        WITH_WORLD(test_req_48_the_same_code_with_the_same_end),
        WITH_WORLD(test_req_48_a_rotated_code_ends_the_one_before),
        WITH_WORLD(test_req_17_a_resend_gives_no_attempts),
        WITH_WORLD(test_a_resend_takes_the_place_of_what_no_phone_has),
        WITH_WORLD(test_only_what_is_pending_is_resent),
        WITH_WORLD(test_req_20_cancel_ends_code_and_message_at_once),
        WITH_WORLD(test_req_20_a_phone_that_has_it_is_told),
        WITH_WORLD(test_req_20_the_code_is_gone_even_if_the_row_cannot_be_written),
        WITH_WORLD(test_cancel_twice_is_fine_and_after_the_end_is_not),
        WITH_WORLD(test_req_37_foreign_ids_are_unknown_to_all),
        WITH_WORLD(test_the_time_line_is_told_in_order),
        WITH_WORLD(test_an_end_in_time_is_told_before_the_sweep),
        WITH_WORLD(test_the_sweep_expires_what_is_over_and_no_more),
        WITH_WORLD(test_a_right_code_of_the_last_moment_beats_the_sweep),
        WITH_WORLD(test_the_sweep_forgets_old_answers),
        WITH_WORLD(test_req_91_a_restart_expires_what_was_pending),
        WITH_WORLD(test_a_store_that_survives_keeps_what_was_pending),
    };
    return cmocka_run_group_tests_name("otp life", tests, NULL, NULL);
}
