/*
 * Checking codes. The numbers in the names are those of the OTP requirements.
 */
#include "tests/unit/service/otp_fixture.h"

#define WRONG "000000"
#define RIGHT "482913"

static void
assert_wrong(struct world *w, struct og_str id, int attempts_left)
{
    world_assert_check(w, id, WRONG, OG_OTP_NOT_APPROVED, OG_VERIFICATION_PENDING, attempts_left);
}

static void
assert_approved(struct world *w, struct og_str id, const char *code)
{
    world_assert_check(w, id, code, OG_OTP_APPROVED, OG_VERIFICATION_APPROVED, -1);
}

static void
test_right_code_is_approved(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    world_pass(w, 20000);
    assert_approved(w, id, RIGHT);
    const struct og_verification v = world_row(w, id);
    assert_int_equal(v.state, OG_VERIFICATION_APPROVED);
    assert_int_equal(v.closed_at, NOON + 20000);
    assert_int_equal(world_codes(w), 0);
}

static void
test_approval_takes_back_what_no_phone_has(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    assert_approved(w, id, RIGHT);
    const struct og_message m = world_message(w, world_row(w, id).message_id);
    assert_int_equal(m.record.state, OG_MESSAGE_CANCELLED);
    assert_int_equal(m.text.len, 0);
    assert_int_equal(world_waiting(w), 0);
}

static void
test_approval_leaves_alone_what_a_phone_has(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    world_hand(w, world_row(w, id).message_id);
    assert_approved(w, id, RIGHT);
    const struct og_message m = world_message(w, world_row(w, id).message_id);
    assert_int_equal(m.record.state, OG_MESSAGE_PENDING);
}

static void
test_req_10_right_until_the_end_and_wrong_after_it(void **state)
{
    struct world *w = *state;
    const struct og_str early = world_start(w);
    world_pass(w, 299000);
    assert_approved(w, early, RIGHT);

    const struct og_str late = world_start(w);
    world_pass(w, 301000);
    /* as a wrong code of a living one is answered, down to the last attempt */
    for (int left = 4; left > 0; left--) {
        world_assert_check(w, late, RIGHT, OG_OTP_NOT_APPROVED, OG_VERIFICATION_PENDING, left);
    }
    world_assert_check(w, late, RIGHT, OG_OTP_NOT_APPROVED, OG_VERIFICATION_FAILED, 0);
    world_assert_check(w, late, RIGHT, OG_OTP_NOT_APPROVED, OG_VERIFICATION_FAILED, 0);
    assert_int_equal(world_row(w, late).state, OG_VERIFICATION_EXPIRED);
}

static void
test_req_10_verbose_errors_say_expired(void **state)
{
    struct world *w = *state;
    w->svc.otp.verbose_errors = true;
    const struct og_str id = world_start(w);
    world_pass(w, 301000);
    world_assert_check(w, id, RIGHT, OG_OTP_NOT_APPROVED, OG_VERIFICATION_EXPIRED, 4);
}

static void
test_req_10_the_same_after_the_sweep(void **state)
{
    struct world *w = *state;
    struct og_otp_expire_op sweep = {.svc = &w->svc};
    const struct og_str id = world_start(w);
    assert_wrong(w, id, 4);
    world_pass(w, 306000);
    assert_int_equal(
        world_apply(w, &sweep.op, og_otp_expire_apply, og_otp_expire_committed), OG_OK);
    assert_int_equal(sweep.expired_count, 1);
    assert_wrong(w, id, 3);
}

static void
test_req_12_a_second_check_is_told_for_ten_minutes(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    assert_approved(w, id, RIGHT);
    world_pass(w, 599000);
    world_assert_check(w, id, RIGHT, OG_OTP_ALREADY, OG_VERIFICATION_APPROVED, -1);
    world_assert_check(w, id, WRONG, OG_OTP_ALREADY, OG_VERIFICATION_APPROVED, -1);
    world_pass(w, 1000);
    assert_int_equal(world_check(w, id, RIGHT).outcome, OG_OTP_UNKNOWN);
}

static void
test_req_13_the_fifth_wrong_one_kills(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    for (int left = 4; left > 0; left--) {
        assert_wrong(w, id, left);
    }
    world_assert_check(w, id, WRONG, OG_OTP_NOT_APPROVED, OG_VERIFICATION_FAILED, 0);
    world_assert_check(w, id, RIGHT, OG_OTP_NOT_APPROVED, OG_VERIFICATION_FAILED, 0);
    assert_int_equal(world_row(w, id).state, OG_VERIFICATION_FAILED);
    assert_int_equal(world_row(w, id).check_count, 5);
}

static void
test_req_15_malformed_takes_no_attempt_and_no_row(void **state)
{
    static const char *const malformed[] = {"48291", "4829131", "48291a", "1234567890", "abcd"};
    struct world *w = *state;
    const struct og_str id = world_start(w);
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        struct og_otp_check_op op = world_check_op(w, id, malformed[i]);
        assert_int_equal(world_run_check(w, &op), OG_E_UNPROCESSABLE);
        assert_string_equal(w->err.field, "code");
    }
    assert_wrong(w, id, 4);
    assert_int_equal(world_row(w, id).check_count, 1);
}

static void
test_req_15_malformed_after_the_end_too(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    world_pass(w, 301000);
    struct og_otp_check_op op = world_check_op(w, id, "48291");
    assert_int_equal(world_run_check(w, &op), OG_E_UNPROCESSABLE);
    assert_int_equal(world_row(w, id).check_count, 0);
}

/* ---- failures over several codes ---- */

/* Start and fail until the verification is dead. */
static void
burn_one(struct world *w)
{
    const struct og_str id = world_start(w);
    enum og_verification_state end = OG_VERIFICATION_PENDING;
    for (int i = 0; i < 5 && end == OG_VERIFICATION_PENDING; i++) {
        end = world_check(w, id, WRONG).state;
    }
    assert_int_equal(end, OG_VERIFICATION_FAILED);
}

static enum og_code
try_start(struct world *w)
{
    struct og_otp_start_op op = world_start_op(w);
    return world_run_start(w, &op);
}

static void
test_req_17_new_codes_do_not_reset_the_failures(void **state)
{
    struct world *w = *state;
    w->svc.otp.lock_after = 12;
    burn_one(w);
    burn_one(w);
    const struct og_str id = world_start(w);
    assert_wrong(w, id, 4);
    /* the twelfth in a row locks, although this code had attempts left */
    world_assert_check(w, id, WRONG, OG_OTP_NOT_APPROVED, OG_VERIFICATION_FAILED, 0);
    assert_int_equal(world_codes(w), 0);
    world_assert_check(w, id, RIGHT, OG_OTP_NOT_APPROVED, OG_VERIFICATION_FAILED, 0);
    assert_int_equal(try_start(w), OG_E_LIMITED);
}

static void
test_req_18_fifty_failures_lock(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 10; i++) {
        burn_one(w);
    }
    assert_int_equal(try_start(w), OG_E_LIMITED);
}

static void
test_req_18_a_hundred_lock_whatever_is_configured(void **state)
{
    struct world *w = *state;
    w->svc.otp.lock_after = 1000000;
    for (int i = 0; i < 20; i++) {
        burn_one(w);
    }
    assert_int_equal(try_start(w), OG_E_LIMITED);
}

static void
test_req_18_success_clears_the_failures(void **state)
{
    struct world *w = *state;
    w->svc.otp.lock_after = 7;
    burn_one(w);
    struct og_str id = world_start(w);
    assert_wrong(w, id, 4);
    assert_approved(w, id, RIGHT);
    burn_one(w);
    id = world_start(w);
    assert_wrong(w, id, 4);
}

static void
test_req_18_checks_after_the_end_count_no_more_than_the_attempts(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    world_pass(w, 301000);
    for (int i = 0; i < 200; i++) {
        world_check(w, id, WRONG);
    }
    assert_int_equal(try_start(w), OG_OK);
}

static void
test_req_19_a_lock_says_how_long_and_survives_a_restart(void **state)
{
    struct world *w = *state;
    w->svc.otp.lock_after = 5;
    burn_one(w);
    world_pass(w, 500);
    assert_int_equal(try_start(w), OG_E_LIMITED);
    assert_int_equal(w->err.retry_after_s, 1800);
    assert_string_equal(w->err.field, "to");
    world_restart(w);
    world_pass(w, 600000);
    assert_int_equal(try_start(w), OG_E_LIMITED);
    assert_int_equal(w->err.retry_after_s, 1200);
    /* others are not concerned */
    struct og_otp_start_op op = world_start_op(w);
    op.purpose = OG_STR("payment");
    assert_int_equal(world_run_start(w, &op), OG_OK);
    world_pass(w, 1200000);
    assert_int_equal(try_start(w), OG_OK);
}

static void
test_after_a_lock_one_failure_locks_again(void **state)
{
    struct world *w = *state;
    w->svc.otp.lock_after = 5;
    burn_one(w);
    world_pass(w, w->svc.otp.lock_ms);
    const struct og_str id = world_start(w);
    world_assert_check(w, id, WRONG, OG_OTP_NOT_APPROVED, OG_VERIFICATION_FAILED, 0);
    assert_int_equal(try_start(w), OG_E_LIMITED);
}

/* ---- keys, ids, purposes ---- */

static void
test_req_22_after_rotation_old_codes_live_on(void **state)
{
    struct world *w = *state;
    const struct og_key old = w->svc.keys.otp, old_seal = w->svc.keys.otp_seal;
    const struct og_str id = world_start(w);
    w->svc.keys.otp_before = old;
    w->svc.keys.otp_seal_before = old_seal;
    w->svc.keys.has_otp_before = true;
    struct og_keys fresh;
    world_keys(&fresh, 2);
    w->svc.keys.otp = fresh.otp;
    w->svc.keys.otp_seal = fresh.otp_seal;

    struct og_otp_start_op op = world_start_op(w);
    op.purpose = OG_STR("payment");
    assert_int_equal(world_run_start(w, &op), OG_OK);
    assert_int_equal(w->spy.record.mac.key_id, fresh.otp.id);
    struct og_otp_resend_op resend;
    world_pass(w, 30000);
    assert_int_equal(world_resend(w, id, &resend), OG_OK);
    assert_wrong(w, id, 4);
    assert_approved(w, id, RIGHT);
}

static void
test_req_22_without_its_key_a_code_is_dead(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    struct og_keys fresh;
    world_keys(&fresh, 2);
    w->svc.keys.otp = fresh.otp;
    assert_int_equal(world_check(w, id, RIGHT).outcome, OG_OTP_NOT_APPROVED);
    assert_int_equal(world_codes(w), 0);
}

static int64_t
row_count(struct world *w, struct og_str id)
{
    struct og_otp_check *items;
    int count;
    world_must(og_otp_checks(w->db, ACCOUNT, id, 100, &w->mem, &items, &count, &w->err), &w->err);
    return count;
}

static void
test_req_23_an_unknown_id_costs_the_same_work(void **state)
{
    struct world *w = *state;
    char unknown[OG_LONG_ID_BYTES];
    const struct og_str id = world_start(w);
    og_long_id_make(w->now_ms, unknown);
    assert_int_equal(world_check(w, og_str_from(unknown), RIGHT).outcome, OG_OTP_UNKNOWN);
    assert_int_equal(w->spy.checks, 1);
    assert_int_equal(w->spy.guess.mac_count, 1);
    assert_int_equal(row_count(w, og_str_from(unknown)), 1);
    assert_wrong(w, id, 4);
    assert_int_equal(w->spy.guess.mac_count, 1);
    assert_int_equal(row_count(w, id), 1);
    const struct og_otp_target nobody = {ACCOUNT, OG_STR("unknown"), OG_STR("")};
    int64_t failures = 0; /* the failure that a wrong code writes is written, too */
    world_must(og_otp_failure_add(w->db, &nobody, w->now_ms, &failures, &w->err), &w->err);
    assert_int_equal(failures, 2);
}

static void
test_req_34_another_purpose_fails_and_costs_an_attempt(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    struct og_otp_check_op op = world_check_op(w, id, RIGHT);
    op.purpose = OG_STR("payment");
    assert_int_equal(world_run_check(w, &op), OG_OK);
    assert_int_equal(op.outcome, OG_OTP_NOT_APPROVED);
    assert_int_equal(op.attempts_left, 4);
    assert_approved(w, id, RIGHT);
}

static void
test_req_37_a_foreign_id_is_as_unknown(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    struct og_otp_check_op op = world_check_op(w, id, RIGHT);
    op.base.account_id = OTHER_ACCOUNT;
    assert_int_equal(world_run_check(w, &op), OG_OK);
    assert_int_equal(op.outcome, OG_OTP_UNKNOWN);
    assert_int_equal(world_row(w, id).check_count, 0);
    assert_approved(w, id, RIGHT);
}

/* ---- what can go wrong between store and rows ---- */

static void
test_a_failed_commit_gives_the_code_back(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    assert_wrong(w, id, 4);
    og_db_inject(w->db, OG_FAULT_IO, 1);
    struct og_otp_check_op op = world_check_op(w, id, RIGHT);
    assert_int_equal(world_run_check(w, &op), OG_E_UNAVAILABLE);
    assert_int_equal(world_codes(w), 1);
    assert_int_equal(world_row(w, id).state, OG_VERIFICATION_PENDING);
    assert_wrong(w, id, 3);
    assert_approved(w, id, RIGHT);
    assert_int_equal(world_codes(w), 0);
}

static void
test_a_code_given_back_ends_when_it_would_have(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    world_pass(w, 200000);
    struct og_otp_check_op op = world_check_op(w, id, RIGHT);
    world_base(w, &op.base, ACCOUNT);
    og_otp_check_prepare(&op);
    world_pass(w, 40000); /* a disk that hangs */
    og_otp_check_release(&op, false);
    assert_int_equal(w->spy.record.ttl_ms, 60000);
    assert_int_equal(w->spy.record.attempts, 5);
    world_pass(w, 60000);
    assert_int_equal(world_check(w, id, RIGHT).outcome, OG_OTP_NOT_APPROVED);
}

static void
test_a_wrong_code_is_not_given_back(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    for (int i = 0; i < 5; i++) {
        og_db_inject(w->db, OG_FAULT_IO, 1);
        struct og_otp_check_op op = world_check_op(w, id, WRONG);
        assert_int_equal(world_run_check(w, &op), OG_E_UNAVAILABLE);
    }
    assert_int_equal(world_codes(w), 0);
    assert_int_equal(world_check(w, id, RIGHT).outcome, OG_OTP_NOT_APPROVED);
}

/* Two loops: one has the match, and the other's row comes first. */
static void
test_req_11_a_match_after_a_cancel_is_not_approved(void **state)
{
    struct world *w = *state;
    struct og_otp_cancel_op cancel;
    const struct og_str id = world_start(w);
    struct og_otp_check_op op = world_check_op(w, id, RIGHT);
    og_otp_check_prepare(&op);
    assert_int_equal(op.verdict, OG_VERDICT_MATCH);
    assert_int_equal(world_cancel(w, ACCOUNT, id, &cancel), OG_OK);
    assert_int_equal(world_apply(w, &op.base.op, og_otp_check_apply, og_otp_check_committed),
                     OG_OK);
    og_otp_check_release(&op, true);
    assert_int_equal(op.outcome, OG_OTP_NOT_APPROVED);
    assert_int_equal(op.state, OG_VERIFICATION_CANCELED);
    assert_int_equal(world_row(w, id).state, OG_VERIFICATION_CANCELED);
}

static void
test_req_11_two_matches_approve_once(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    struct og_otp_check_op first = world_check_op(w, id, RIGHT);
    og_otp_check_prepare(&first);
    struct og_otp_check_op second = first; /* as if the store had said yes twice */
    assert_int_equal(world_apply(w, &first.base.op, og_otp_check_apply, og_otp_check_committed),
                     OG_OK);
    assert_int_equal(world_apply(w, &second.base.op, og_otp_check_apply, og_otp_check_committed),
                     OG_OK);
    assert_int_equal(first.outcome, OG_OTP_APPROVED);
    assert_int_equal(second.outcome, OG_OTP_ALREADY);
    og_otp_check_release(&first, true);
    og_otp_check_release(&second, true);
}

/* The row of the match is still to come when others find the code gone. */
static void
test_checks_that_find_the_code_gone_do_not_harm_the_match(void **state)
{
    struct world *w = *state;
    const struct og_str id = world_start(w);
    struct og_otp_check_op match = world_check_op(w, id, RIGHT);
    og_otp_check_prepare(&match);
    for (int i = 0; i < 20; i++) {
        world_assert_check(w, id, RIGHT, OG_OTP_NOT_APPROVED, OG_VERIFICATION_PENDING, 5);
    }
    assert_int_equal(world_apply(w, &match.base.op, og_otp_check_apply, og_otp_check_committed),
                     OG_OK);
    assert_int_equal(match.outcome, OG_OTP_APPROVED);
    og_otp_check_release(&match, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_right_code_is_approved),
        WITH_WORLD(test_approval_takes_back_what_no_phone_has),
        WITH_WORLD(test_approval_leaves_alone_what_a_phone_has),
        WITH_WORLD(test_req_10_right_until_the_end_and_wrong_after_it),
        WITH_WORLD(test_req_10_verbose_errors_say_expired),
        WITH_WORLD(test_req_10_the_same_after_the_sweep),
        WITH_WORLD(test_req_12_a_second_check_is_told_for_ten_minutes),
        WITH_WORLD(test_req_13_the_fifth_wrong_one_kills),
        WITH_WORLD(test_req_15_malformed_takes_no_attempt_and_no_row),
        WITH_WORLD(test_req_15_malformed_after_the_end_too),
        WITH_WORLD(test_req_17_new_codes_do_not_reset_the_failures),
        WITH_WORLD(test_req_18_fifty_failures_lock),
        WITH_WORLD(test_req_18_a_hundred_lock_whatever_is_configured),
        WITH_WORLD(test_req_18_success_clears_the_failures),
        WITH_WORLD(test_req_18_checks_after_the_end_count_no_more_than_the_attempts),
        WITH_WORLD(test_req_19_a_lock_says_how_long_and_survives_a_restart),
        WITH_WORLD(test_after_a_lock_one_failure_locks_again),
        WITH_WORLD(test_req_22_after_rotation_old_codes_live_on),
        WITH_WORLD(test_req_22_without_its_key_a_code_is_dead),
        WITH_WORLD(test_req_23_an_unknown_id_costs_the_same_work),
        WITH_WORLD(test_req_34_another_purpose_fails_and_costs_an_attempt),
        WITH_WORLD(test_req_37_a_foreign_id_is_as_unknown),
        WITH_WORLD(test_a_failed_commit_gives_the_code_back),
        WITH_WORLD(test_a_code_given_back_ends_when_it_would_have),
        WITH_WORLD(test_a_wrong_code_is_not_given_back),
        WITH_WORLD(test_req_11_a_match_after_a_cancel_is_not_approved),
        WITH_WORLD(test_req_11_two_matches_approve_once),
        WITH_WORLD(test_checks_that_find_the_code_gone_do_not_harm_the_match),
    };
    return cmocka_run_group_tests_name("otp check", tests, NULL, NULL);
}
