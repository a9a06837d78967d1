/*
 * How messages end without a phone's word: cancelled, run out of time, or left behind by a phone.
 */
#include "message_fixture.h"

/* ---- cancel ---- */

static void
test_cancel(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct ear *ear = listen_as(w, phone);
    for (int is_handed = 0; is_handed < 2; is_handed++) {
        struct og_message_ask ask = new_ask();
        ask.is_otp = true;
        struct og_message m = send_ask(w, &ask);
        if (is_handed) {
            pull(w, phone);
        }
        assert_heard(w, ear, "M");
        w->now_ms += 10;
        struct og_message_one_op *op = new_cancel(w, m.id);
        must(w, world_run_one(w, CANCEL(op)));
        enum og_message_state expected =
            is_handed ? OG_MESSAGE_CANCELLING : OG_MESSAGE_CANCELLED;
        assert_int_equal(op->out.record.state, expected);
        assert_state(w, m.id, expected, !is_handed, "");
        struct og_message row = row_of(w, m.id);
        assert_int_equal(row.record.times.at_ms[expected], w->now_ms);
        assert_int_equal(row.record.recipients[0].state,
                         is_handed ? OG_MESSAGE_PENDING : OG_MESSAGE_CANCELLED);
        assert_heard(w, ear, is_handed ? "CM" : "");
        assert_int_equal(pull(w, phone)->count, is_handed);
        assert_int_equal(cancel(w, m.id), OG_E_CONFLICT); /* once */
        assert_agreement(w);
    }
}

static void
test_what_cannot_be_cancelled(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    static const enum og_message_state states[] = {OG_MESSAGE_PROCESSED, OG_MESSAGE_SENT,
                                                   OG_MESSAGE_DELIVERED, OG_MESSAGE_FAILED};
    for (size_t i = 0; i < COUNT(states); i++) {
        struct og_message m = send_one(w);
        pull(w, phone);
        report(w, phone, m.id, states[i]);
        assert_int_equal(cancel(w, m.id), OG_E_CONFLICT);
        assert_string_equal(w->err.text, "failed to cancel message: message is not pending");
        assert_state(w, m.id, states[i], states[i] != OG_MESSAGE_PROCESSED, "");
    }
    assert_int_equal(cancel(w, OG_STR("unknown")), OG_E_NOT_FOUND);
    struct og_message m = send_one(w);
    struct og_message_one_op *theirs = new_cancel(w, m.id);
    theirs->account_id = OTHER_ACCOUNT;
    assert_int_equal(world_run_one(w, CANCEL(theirs)), OG_E_NOT_FOUND);
    assert_state(w, m.id, OG_MESSAGE_PENDING, false, "");
    assert_agreement(w);
}

/* ---- out of time ---- */

/* What had been said of it, by whom, when its validity ends and when we give up. */
static const struct {
    bool is_handed, want_report, is_cancelled;
    int said; /* a state, or -1 */
    enum og_message_state at_validity;
    bool is_final_then;
    const char *reason_then;
    enum og_message_state at_last;
    const char *reason_at_last;
} expiries[] = {
    /* nobody has it: it fails for good */
    {false, true, false, -1, OG_MESSAGE_FAILED, true, "TTL expired", OG_MESSAGE_FAILED,
     "TTL expired"},
    /* a phone has it and says nothing */
    {true, true, false, -1, OG_MESSAGE_FAILED, true, "TTL expired", OG_MESSAGE_FAILED,
     "TTL expired"},
    {true, true, true, -1, OG_MESSAGE_FAILED, true, "no result from the phone in time",
     OG_MESSAGE_FAILED, "no result from the phone in time"},
    /* it is on its way: validity does not matter any more, but we do not wait for ever */
    {true, true, false, OG_MESSAGE_PROCESSED, OG_MESSAGE_PROCESSED, false, "", OG_MESSAGE_FAILED,
     "no result from the phone in time"},
    {true, false, false, OG_MESSAGE_PROCESSED, OG_MESSAGE_PROCESSED, false, "", OG_MESSAGE_FAILED,
     "no result from the phone in time"},
    /* sent, and no delivery report came: it stays what it is */
    {true, true, false, OG_MESSAGE_SENT, OG_MESSAGE_SENT, false, "", OG_MESSAGE_SENT, ""},
    {true, true, true, OG_MESSAGE_SENT, OG_MESSAGE_SENT, false, "", OG_MESSAGE_SENT, ""},
    {true, false, false, OG_MESSAGE_SENT, OG_MESSAGE_SENT, true, "", OG_MESSAGE_SENT, ""},
};

static void
test_expiry(void **state)
{
    struct world *w = *state;
    world_route(w, &world_simple_routing); /* codes of a second only */
    struct og_str phone = add_phone(w);
    for (size_t i = 0; i < COUNT(expiries); i++) {
        int64_t start = w->now_ms;
        struct og_message_ask ask = new_ask();
        ask.valid_until_ms = start + 5000;
        ask.want_report = expiries[i].want_report;
        ask.is_otp = i % 2;
        struct og_message m = send_ask(w, &ask);
        if (expiries[i].is_handed) {
            pull(w, phone);
        }
        if (expiries[i].is_cancelled) {
            must(w, cancel(w, m.id));
        }
        if (expiries[i].said >= 0) {
            report(w, phone, m.id, (enum og_message_state)expiries[i].said);
        }
        w->now_ms = start + 4999;
        assert_int_equal(expire(w), 0);
        w->now_ms = start + 5000;
        expire(w);
        assert_state(w, m.id, expiries[i].at_validity, expiries[i].is_final_then,
                     expiries[i].reason_then);
        assert_agreement(w);
        w->now_ms = start + MAX_AGE_MS - 1;
        expire(w);
        assert_state(w, m.id, expiries[i].at_validity, expiries[i].is_final_then,
                     expiries[i].reason_then);
        w->now_ms = start + MAX_AGE_MS;
        expire(w);
        assert_state(w, m.id, expiries[i].at_last, true, expiries[i].reason_at_last);
        struct og_message row = row_of(w, m.id);
        bool is_doubtful = expiries[i].at_last == OG_MESSAGE_FAILED && expiries[i].is_handed;
        assert_int_equal(row.record.is_assumed, is_doubtful);
        assert_agreement(w);
        assert_int_equal(expire(w), 0);
        report(w, phone, m.id, OG_MESSAGE_DELIVERED); /* so that the next one is alone */
    }
}

static void
test_expiry_goes_in_steps(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_message_ask ask = new_ask();
    for (int i = 0; i < 300; i++) {
        ask.valid_until_ms = NOON + 1000 + i;
        send_ask(w, &ask);
    }
    w->now_ms = NOON + 1000 + 149;
    assert_int_equal(expire(w), 150);
    w->now_ms = NOON + MAX_AGE_MS;
    for (int i = 0; i < 300; i++) {
        send_one(w);
    }
    w->now_ms += MAX_AGE_MS;
    static const int steps[] = {256, 194, 0};
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct og_expire_op *op = new_expire(w);
        must(w, world_run_one(w, EXPIRE(op)));
        assert_int_equal(op->expired_count, steps[i]);
        assert_int_equal(op->has_more, i == 0);
        assert_agreement(w);
    }
    assert_int_equal(pull(w, phone)->count, 0);
    assert_int_equal(og_dispatch_totals(w->svc.lane.dispatch).waiting, 0);
}

/* In one batch with what a phone does: whoever comes first decides, and both agree. */
static void
test_expiry_meets_a_phone(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    for (int expire_first = 0; expire_first < 2; expire_first++) {
        struct og_message_ask ask = new_ask();
        ask.valid_until_ms = w->now_ms + 1000;
        struct og_message m = send_ask(w, &ask);
        pull(w, phone);
        w->now_ms += 1000;
        struct step steps[] = {REPORT(new_report(w, phone, m.id, OG_MESSAGE_SENT)),
                               EXPIRE(new_expire(w))};
        struct step batch[] = {steps[expire_first], steps[!expire_first]};
        assert_true(world_run(w, batch, 2));
        assert_state(w, m.id, OG_MESSAGE_SENT, true, "");
        assert_agreement(w);
    }
}

/* ---- a phone is removed ---- */

static void
test_what_a_removed_phone_leaves_behind(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_message_ask ask = new_ask();
    struct og_message handed = send_one(w), sent = send_one(w);
    pull(w, phone);
    ask.want_report = true;
    struct og_message waits = send_ask(w, &ask);
    pull(w, phone);
    report(w, phone, sent.id, OG_MESSAGE_SENT);
    report(w, phone, waits.id, OG_MESSAGE_SENT);
    ask = new_ask();
    ask.is_otp = true;
    struct og_message loose = send_ask(w, &ask);
    ask.device_id = phone;
    struct og_message bound = send_ask(w, &ask);
    struct ear *ear = listen_as(w, phone);
    assert_true(remove_phone(w, phone));
    assert_heard(w, ear, "X");
    assert_state(w, handed.id, OG_MESSAGE_FAILED, true, "the phone was removed");
    assert_state(w, bound.id, OG_MESSAGE_FAILED, true, "the phone was removed");
    assert_state(w, sent.id, OG_MESSAGE_SENT, true, "");
    assert_state(w, waits.id, OG_MESSAGE_SENT, true, ""); /* no report can come any more */
    assert_text(row_of(w, bound.id).text, OG_STR(""));
    assert_text(queued_for(w, loose.id), OG_STR(""));
    assert_agreement(w);
    /* the next phone that connects gets what was free */
    struct og_str next = add_phone(w);
    struct ear *new_ear = listen_as(w, next);
    set_present(w, next, true);
    assert_text(queued_for(w, loose.id), next);
    assert_heard(w, new_ear, "MM");
    struct og_pull_op *op = pull(w, next);
    assert_int_equal(op->count, 1);
    assert_text(op->items[0].id, loose.id);
    assert_text(op->items[0].text, TEXT);
    assert_agreement(w);
    assert_false(remove_phone(w, phone));
}

static void
test_only_the_owner_or_the_operator_removes(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w), foreign = add_phone_of(w, OTHER_ACCOUNT);
    struct og_message m = send_one(w);
    const struct {
        struct og_str account, device;
        bool removed;
    } cases[] = {
        {OTHER_ACCOUNT, phone, false}, {ACCOUNT, foreign, false}, {ACCOUNT, OG_STR("x"), false},
        {OG_STR(""), OG_STR("x"), false}, {OG_STR(""), phone, true}, {OG_STR(""), phone, false},
        {OTHER_ACCOUNT, foreign, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_device_remove_op *op = new_remove(w, cases[i].account, cases[i].device);
        must(w, world_run_one(w, REMOVE(op)));
        assert_int_equal(op->removed, cases[i].removed);
        assert_agreement(w);
    }
    assert_text(queued_for(w, m.id), OG_STR(""));
    assert_int_equal(og_dispatch_totals(w->svc.lane.dispatch).devices, 0);
}

/* ---- phones that are gone ---- */

static void
test_what_moves_from_a_phone_that_is_gone(void **state)
{
    struct world *w = *state;
    struct og_str gone = add_phone(w);
    struct og_message_ask ask = new_ask();
    ask.device_id = gone;
    struct og_message bound = send_ask(w, &ask), handed = send_one(w);
    pull(w, gone);
    struct og_message loose = send_one(w), late = send_ask(w, &ask);
    struct og_str here = add_phone(w);
    struct ear *ear = listen_as(w, here);
    assert_int_equal(move(w), 0); /* nobody is connected */
    set_present(w, here, true);
    assert_heard(w, ear, "");
    assert_int_equal(move(w), 0); /* seen a moment ago: it may be back at once */
    w->now_ms += GONE_AFTER_MS;
    assert_int_equal(move(w), 0);
    w->now_ms += 1;
    assert_int_equal(move(w), 1);
    assert_heard(w, ear, "M");
    assert_text(queued_for(w, loose.id), here);
    assert_text(queued_for(w, handed.id), gone);
    assert_text(queued_for(w, bound.id), gone);
    assert_text(queued_for(w, late.id), gone);
    assert_agreement(w);
    struct og_pull_op *op = pull(w, here);
    assert_int_equal(op->count, 1);
    assert_text(op->items[0].id, loose.id);
    set_present(w, here, false);
    set_present(w, gone, true); /* it is back, and has its own three */
    assert_int_equal(pull(w, gone)->count, 3);
    w->now_ms += GONE_AFTER_MS + 1;
    assert_int_equal(move(w), 0); /* what was handed stays where it is */
    assert_agreement(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_cancel),
        WITH_WORLD(test_what_cannot_be_cancelled),
        WITH_WORLD(test_expiry),
        WITH_WORLD(test_expiry_goes_in_steps),
        WITH_WORLD(test_expiry_meets_a_phone),
        WITH_WORLD(test_what_a_removed_phone_leaves_behind),
        WITH_WORLD(test_only_the_owner_or_the_operator_removes),
        WITH_WORLD(test_what_moves_from_a_phone_that_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
