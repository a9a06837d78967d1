/*
 * Accepting a message: which phone is planned, until when it may go out, and that memory changes
 * after the rows only.
 */
#include "message_fixture.h"

/* ---- the phone ---- */

static void
test_without_a_phone_nothing_is_accepted(void **state)
{
    struct world *w = *state;
    struct og_message_ask ask = new_ask();
    add_phone_of(w, OTHER_ACCOUNT);
    struct og_send_op *op = new_send(w, &ask);
    assert_int_equal(world_run_one(w, SEND(op)), OG_E_INVALID);
    assert_string_equal(w->err.field, "deviceId");
    struct og_message m;
    assert_int_equal(og_message_find(w->db, &w->svc.keys.seal, ACCOUNT, op->out.id, &w->mem, &m,
                                     &w->err),
                     OG_E_NOT_FOUND);
    assert_agreement(w);
}

/* Accepted, woken and fetched within one millisecond: nothing on the way waits for a timer. (What
 * that takes on a wall clock is measured: tests/bench, push_p99_ms.) */
static void
test_req_52_a_code_is_with_its_phone_while_the_clock_stands_still(void **state)
{
    struct world *w = *state;
    const struct og_str phone = add_phone(w);
    struct og_message_ask ask = new_ask();
    ask.is_otp = true;
    set_present(w, phone, true);
    struct ear *ear = listen_as(w, phone);
    for (int i = 0; i < 3; i++) { /* each finds the queue empty: its forerunner was sent */
        const int64_t then = w->now_ms;
        const struct og_message m = send_ask(w, &ask);
        assert_heard(w, ear, "M");
        struct og_pull_op *op = pull(w, phone);
        assert_int_equal(op->count, 1);
        assert_text(op->items[0].id, m.id);
        assert_int_equal(row_of(w, m.id).created_at, then);
        assert_int_equal(row_of(w, m.id).handed_at, then);
        assert_int_equal(w->now_ms, then);
        report(w, phone, m.id, OG_MESSAGE_SENT);
    }
}

static void
test_a_connected_phone_is_preferred_and_woken(void **state)
{
    struct world *w = *state;
    struct og_str idle = add_phone(w), busy = add_phone(w), away = add_phone(w);
    set_present(w, idle, true);
    set_present(w, busy, true);
    struct ear *ears[] = {listen_as(w, idle), listen_as(w, busy), listen_as(w, away)};
    struct og_message_ask ask = new_ask();
    ask.device_id = busy;
    send_ask(w, &ask);
    assert_heard(w, ears[1], "M");
    struct og_message m = send_one(w);
    assert_text(m.device_id, idle);
    assert_false(m.bound);
    assert_text(queued_for(w, m.id), idle);
    assert_heard(w, ears[0], "M");
    assert_heard(w, ears[1], "");
    assert_heard(w, ears[2], "");
    assert_agreement(w);
}

static void
test_a_named_phone_is_binding(void **state)
{
    struct world *w = *state;
    struct og_str away = add_phone(w), here = add_phone(w);
    struct og_str foreign = add_phone_of(w, OTHER_ACCOUNT);
    set_present(w, here, true);
    const struct {
        struct og_str device;
        enum og_code code;
    } cases[] = {
        {away, OG_OK},
        {foreign, OG_E_INVALID},
        {OG_STR("nobody"), OG_E_INVALID},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_message_ask ask = new_ask();
        ask.device_id = cases[i].device;
        struct og_send_op *op = new_send(w, &ask);
        assert_int_equal(world_run_one(w, SEND(op)), cases[i].code);
        if (cases[i].code == OG_OK) {
            struct og_message row = row_of(w, op->out.id);
            assert_true(row.bound);
            assert_text(row.device_id, away);
            assert_text(queued_for(w, row.id), away);
        } else {
            assert_string_equal(w->err.field, "deviceId");
        }
    }
    assert_agreement(w);
}

static void
test_only_active_phones_if_asked(void **state)
{
    struct world *w = *state;
    struct og_str here = add_phone(w), away = add_phone(w);
    set_present(w, here, true);
    w->now_ms += 10000; /* the connected one is active however long it has been silent */
    const struct {
        struct og_str device;
        bool is_connected;
        int64_t active_within_ms;
        enum og_code code;
    } cases[] = {
        {away, true, 10000, OG_OK},  {away, true, 9999, OG_E_INVALID}, {away, true, 0, OG_OK},
        {here, true, 1, OG_OK},      {OG_STR(""), true, 1, OG_OK},
        {OG_STR(""), false, 20000, OG_OK}, {OG_STR(""), false, 9999, OG_E_INVALID},
        {OG_STR(""), false, 0, OG_OK},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (!cases[i].is_connected) {
            set_present(w, here, false);
            w->now_ms += 10000;
        }
        struct og_message_ask ask = new_ask();
        ask.device_id = cases[i].device;
        ask.active_within_ms = cases[i].active_within_ms;
        if (world_run_one(w, SEND(new_send(w, &ask))) != cases[i].code) {
            fail_msg("case %zu: %s", i, og_code_wire(w->err.code));
        }
    }
}

/* ---- the row ---- */

static void
test_the_row_says_what_was_asked(void **state)
{
    struct world *w = *state;
    struct og_str numbers[] = {NUMBER, OG_STR("+4915112345679")};
    struct og_message_ask ask = {
        .account_id = ACCOUNT,
        .client_id = OG_STR("order-1"),
        .text = TEXT,
        .numbers = {numbers, 2},
        .sim_number = 2,
        .priority = 127,
        .valid_until_ms = NOON + 60000,
        .verification_id = OG_STR("ver-1"),
        .is_otp = true,
        .want_report = true,
        .is_encrypted = true,
    };
    add_phone(w);
    struct og_message sent = send_ask(w, &ask), row = row_of(w, OG_STR("order-1"));
    assert_text(row.id, sent.id);
    assert_text(row.text, TEXT);
    assert_text(row.verification_id, OG_STR("ver-1"));
    assert_int_equal(row.record.recipient_count, 2);
    for (int i = 0; i < 2; i++) {
        assert_text(row.record.recipients[i].number, numbers[i]);
        assert_int_equal(row.record.recipients[i].state, OG_MESSAGE_PENDING);
    }
    assert_int_equal(row.record.state, OG_MESSAGE_PENDING);
    assert_int_equal(row.record.times.at_ms[OG_MESSAGE_PENDING], NOON);
    assert_int_equal(row.cls, OG_CLASS_OTP);
    assert_int_equal(row.priority, 127);
    assert_int_equal(row.sim_number, 2);
    assert_true(row.want_report && row.encrypted && !row.bound);
    assert_int_equal(row.created_at, NOON);
    assert_int_equal(row.valid_until, NOON + 60000);
    assert_int_equal(row.deadline_at, NOON + 60000);
    assert_agreement(w);
}

static void
test_the_deadline_is_the_earlier_of_two(void **state)
{
    struct world *w = *state;
    static const int64_t cases[][2] = {
        {0, MAX_AGE_MS}, {1, 1}, {MAX_AGE_MS - 1, MAX_AGE_MS - 1}, {MAX_AGE_MS, MAX_AGE_MS},
        {MAX_AGE_MS + 1, MAX_AGE_MS},
    };
    add_phone(w);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_message_ask ask = new_ask();
        ask.valid_until_ms = cases[i][0] ? NOON + cases[i][0] : 0;
        assert_int_equal(send_ask(w, &ask).deadline_at, NOON + cases[i][1]);
    }
    assert_agreement(w);
}

/* The client gets its id and an honest state, and no phone the text. */
static void
test_what_is_too_late_fails_at_once(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct ear *ear = listen_as(w, phone);
    static const int64_t before[] = {0, 1, NOON - 1};
    for (size_t i = 0; i < COUNT(before); i++) {
        struct og_message_ask ask = new_ask();
        ask.valid_until_ms = NOON - before[i];
        ask.want_report = true;
        struct og_message m = send_ask(w, &ask);
        assert_state(w, m.id, OG_MESSAGE_FAILED, true, "TTL expired");
        struct og_message row = row_of(w, m.id);
        assert_text(row.text, OG_STR(""));
        assert_text(row.record.recipients[0].error, OG_STR("TTL expired"));
        assert_false(row.record.is_assumed);
        assert_int_equal(row.record.times.at_ms[OG_MESSAGE_FAILED], NOON);
        assert_false(is_queued(w, m.id));
    }
    assert_heard(w, ear, "");
    assert_int_equal(pull(w, phone)->count, 0);
    assert_agreement(w);
}

static void
test_a_taken_id_is_a_conflict(void **state)
{
    struct world *w = *state;
    add_phone(w);
    struct og_message_ask ask = new_ask();
    ask.client_id = OG_STR("order-1");
    struct og_send_op *twins[] = {new_send(w, &ask), new_send(w, &ask)};
    struct step batch[] = {SEND(twins[0]), SEND(twins[1])};
    assert_true(world_run(w, batch, 2));
    assert_int_equal(twins[0]->op.code, OG_OK);
    assert_int_equal(twins[1]->op.code, OG_E_CONFLICT);
    assert_string_equal(twins[1]->op.err.field, "id");
    assert_int_equal(world_run_one(w, SEND(new_send(w, &ask))), OG_E_CONFLICT);
    assert_int_equal(og_dispatch_totals(w->svc.lane.dispatch).waiting, 1);
    assert_agreement(w);
}

/* ---- when it goes wrong ---- */

static void
test_what_is_not_stored_is_not_queued(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct ear *ear = listen_as(w, phone);
    static const enum og_db_fault faults[] = {OG_FAULT_FULL, OG_FAULT_IO, OG_FAULT_BUSY};
    struct og_message_ask ask = new_ask();
    ask.client_id = OG_STR("order-1");
    for (size_t i = 0; i < COUNT(faults); i++) {
        w->next_commit = faults[i];
        assert_int_equal(world_run_one(w, SEND(new_send(w, &ask))), OG_E_UNAVAILABLE);
        assert_int_equal(og_dispatch_totals(w->svc.lane.dispatch).waiting, 0);
    }
    assert_heard(w, ear, "");
    assert_agreement(w);
    send_ask(w, &ask); /* the id is still free */
    assert_heard(w, ear, "M");
    assert_agreement(w);
}

static void
test_the_phone_may_vanish_in_the_same_batch(void **state)
{
    struct world *w = *state;
    for (int remove_first = 0; remove_first < 2; remove_first++) {
        struct og_str phone = add_phone(w);
        struct og_message_ask ask = new_ask();
        struct og_send_op *op = new_send(w, &ask);
        struct step steps[] = {SEND(op), REMOVE(new_remove(w, ACCOUNT, phone))};
        struct step batch[] = {steps[remove_first], steps[!remove_first]};
        assert_true(world_run(w, batch, 2));
        assert_int_equal(op->op.code, OG_OK);
        assert_text(queued_for(w, op->out.id), OG_STR("")); /* any other may have it */
        assert_agreement(w);
        struct og_str next = add_phone(w);
        set_present(w, next, true);
        assert_text(queued_for(w, op->out.id), next);
        assert_int_equal(pull(w, next)->count, 1);
        report(w, next, op->out.id, OG_MESSAGE_SENT);
        remove_phone(w, next);
    }
}

/* Nobody else may send it, so it ends with the phone, in whichever order they came. */
static void
test_a_bound_message_ends_with_its_phone(void **state)
{
    struct world *w = *state;
    for (int remove_first = 0; remove_first < 2; remove_first++) {
        struct og_str phone = add_phone(w), other = add_phone(w);
        set_present(w, other, true);
        struct og_message_ask ask = new_ask();
        ask.device_id = phone;
        struct og_send_op *op = new_send(w, &ask);
        struct step steps[] = {SEND(op), REMOVE(new_remove(w, ACCOUNT, phone))};
        struct step batch[] = {steps[remove_first], steps[!remove_first]};
        assert_true(world_run(w, batch, 2));
        if (remove_first) {
            assert_int_equal(op->op.code, OG_E_INVALID);
            assert_string_equal(op->op.err.field, "deviceId");
        } else {
            assert_state(w, op->out.id, OG_MESSAGE_FAILED, true, "the phone was removed");
        }
        assert_int_equal(pull(w, other)->count, 0);
        assert_agreement(w);
        remove_phone(w, other);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_without_a_phone_nothing_is_accepted),
        WITH_WORLD(test_req_52_a_code_is_with_its_phone_while_the_clock_stands_still),
        WITH_WORLD(test_a_connected_phone_is_preferred_and_woken),
        WITH_WORLD(test_a_named_phone_is_binding),
        WITH_WORLD(test_only_active_phones_if_asked),
        WITH_WORLD(test_the_row_says_what_was_asked),
        WITH_WORLD(test_the_deadline_is_the_earlier_of_two),
        WITH_WORLD(test_what_is_too_late_fails_at_once),
        WITH_WORLD(test_a_taken_id_is_a_conflict),
        WITH_WORLD(test_what_is_not_stored_is_not_queued),
        WITH_WORLD(test_the_phone_may_vanish_in_the_same_batch),
        WITH_WORLD(test_a_bound_message_ends_with_its_phone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
