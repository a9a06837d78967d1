/*
 * What phones say of messages, in whatever order and however often they say it.
 */
#include "message_fixture.h"

#define P OG_MESSAGE_PENDING
#define C OG_MESSAGE_CANCELLED
#define R OG_MESSAGE_PROCESSED
#define S OG_MESSAGE_SENT
#define D OG_MESSAGE_DELIVERED
#define F OG_MESSAGE_FAILED

/* A message that the phone has. */
static struct og_message
send_and_hand(struct world *w, struct og_str phone, bool want_report, bool is_otp)
{
    struct og_message_ask ask = new_ask();
    ask.device_id = phone;
    ask.want_report = want_report;
    ask.is_otp = is_otp;
    struct og_message m = send_ask(w, &ask);
    pull(w, phone);
    return m;
}

/* ---- one recipient ---- */

static void
test_states_go_forward_only(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    static const struct {
        enum og_message_state said[4];
        int count;
        bool want_report;
        enum og_message_state end;
        bool is_final;
    } cases[] = {
        {{P}, 1, true, R, false}, /* the phone has it */
        {{R, S, D}, 3, true, D, true},
        {{D, S, R}, 3, true, D, true},
        {{S, R, P}, 3, true, S, false},
        {{S}, 1, false, S, true}, /* nothing more is to come */
        {{S, D}, 2, false, D, true},
        {{R}, 1, false, R, false},
        {{F, S, D}, 3, true, F, true}, /* the phone's own word is believed */
        {{S, F}, 2, true, F, true},
        {{C, S}, 2, true, C, true},
        {{R, C}, 2, true, R, false},
        {{S, S, S}, 3, true, S, false},
        {{D, F}, 2, true, D, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_message m = send_and_hand(w, phone, cases[i].want_report, false);
        for (int k = 0; k < cases[i].count; k++) {
            w->now_ms += 10;
            report(w, phone, m.id, cases[i].said[k]);
        }
        struct og_message row = row_of(w, m.id);
        if (row.record.state != cases[i].end || (row.final_at != 0) != cases[i].is_final) {
            fail_msg("case %zu: %s", i, og_message_state_name(row.record.state));
        }
        assert_text(row.text, TEXT);
        assert_agreement(w);
    }
}

static void
test_times_and_reasons_are_kept(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_message m = send_and_hand(w, phone, true, false);
    const struct og_recipient_report refused = {NUMBER, F, OG_STR("no service")};
    struct og_report_op *op = new_report(w, phone, m.id, F);
    struct og_report item = {.id = m.id, .report = {.state = F, .recipients = &refused,
                                                    .recipient_count = 1}};
    item.report.times.at_ms[R] = NOON + 100;
    item.report.times.at_ms[F] = NOON + 900000; /* its clock is fast */
    op->items = &item;
    w->now_ms += 5000;
    must(w, world_run_one(w, REPORT(op)));
    struct og_message row = row_of(w, m.id);
    assert_state(w, m.id, F, true, "no service");
    assert_text(row.record.recipients[0].error, OG_STR("no service"));
    assert_int_equal(row.record.times.at_ms[R], NOON + 100);
    assert_int_equal(row.record.times.at_ms[F], NOON + 5000);
    assert_int_equal(row.final_at, NOON + 5000);
}

static void
test_the_text_of_a_code_goes_with_its_end(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    static const struct {
        enum og_message_state said;
        bool want_report, is_otp, stays;
    } cases[] = {
        {R, false, true, true}, {S, true, true, true},   {S, false, true, false},
        {D, true, true, false}, {F, true, true, false},  {C, true, true, false},
        {D, true, false, true}, {S, false, false, true}, {F, true, false, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_message m = send_and_hand(w, phone, cases[i].want_report, cases[i].is_otp);
        report(w, phone, m.id, cases[i].said);
        assert_text(row_of(w, m.id).text, cases[i].stays ? TEXT : OG_STR(""));
        assert_agreement(w);
    }
}

/* ---- who may report ---- */

static void
test_only_the_phone_that_has_it_is_heard(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w), other = add_phone(w);
    struct og_str foreign = add_phone_of(w, OTHER_ACCOUNT);
    struct og_message m = send_and_hand(w, phone, true, false);
    struct og_message_ask ask = new_ask();
    ask.device_id = phone;
    struct og_message waiting = send_ask(w, &ask);
    report(w, other, m.id, S);
    report(w, OG_STR("nobody"), m.id, S);
    report(w, phone, waiting.id, S); /* it cannot have it yet */
    report(w, phone, OG_STR("unknown"), S);
    struct og_report_op *theirs = new_report(w, foreign, m.id, S);
    theirs->account_id = OTHER_ACCOUNT;
    must(w, world_run_one(w, REPORT(theirs)));
    assert_state(w, m.id, P, false, "");
    assert_state(w, waiting.id, P, false, "");
    assert_agreement(w);
    report(w, phone, m.id, S);
    assert_state(w, m.id, S, false, "");
}

static void
test_a_report_names_the_id_that_the_phone_was_told(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_message_ask ask = new_ask();
    ask.client_id = OG_STR("order-1");
    struct og_message m = send_ask(w, &ask);
    pull(w, phone);
    report(w, phone, OG_STR("order-1"), D);
    assert_state(w, m.id, D, true, "");
    assert_agreement(w);
}

/* ---- several at once ---- */

static void
test_one_report_of_many_messages(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_message a = send_and_hand(w, phone, true, false);
    struct og_message b = send_and_hand(w, phone, true, true);
    const struct og_report items[] = {
        {.id = a.id, .report = {.state = R}}, {.id = OG_STR("nonsense"), .report = {.state = R}},
        {.id = a.id, .report = {.state = D}}, {.id = b.id, .report = {.state = F}},
        {.id = a.id, .report = {.state = S}},
    };
    struct og_report_op *op = new_report(w, phone, a.id, R);
    op->items = items;
    op->count = COUNT(items);
    must(w, world_run_one(w, REPORT(op)));
    assert_state(w, a.id, D, true, "");
    assert_state(w, b.id, F, true, "");
    assert_agreement(w);
}

static void
test_recipients_are_reported_one_by_one(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_str numbers[] = {OG_STR("+49151000001"), OG_STR("900")};
    struct og_message_ask ask = new_ask();
    ask.numbers = (struct og_str_list){numbers, 2};
    ask.want_report = true;
    struct og_message m = send_ask(w, &ask);
    pull(w, phone);
    static const struct {
        struct og_recipient_report said;
        enum og_message_state end;
        bool is_final, is_listed;
    } steps[] = {
        {{{"49151000001", 11}, S, {"", 0}}, P, false, true}, /* without its plus; one is open */
        {{{"+49151999999", 12}, S, {"", 0}}, P, false, true}, /* nobody we know */
        {{{"900", 3}, S, {"", 0}}, S, false, false},
        {{{"900", 3}, F, {"no", 2}}, S, false, false},
        {{{"+49151000001", 12}, D, {"", 0}}, S, true, false},
    };
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct og_report item = {.id = m.id, .report = {.state = S, .recipients = &steps[i].said,
                                                        .recipient_count = 1}};
        struct og_report_op *op = new_report(w, phone, m.id, S);
        op->items = &item;
        must(w, world_run_one(w, REPORT(op)));
        struct og_message row = row_of(w, m.id);
        if (row.record.state != steps[i].end || (row.final_at != 0) != steps[i].is_final) {
            fail_msg("step %zu: %s", i, og_message_state_name(row.record.state));
        }
        assert_int_equal(pull(w, phone)->count, steps[i].is_listed);
        assert_agreement(w);
    }
    assert_text(row_of(w, m.id).reason, OG_STR("no"));
}

/* ---- after we had given up ---- */

static void
test_a_late_report_corrects_what_we_assumed(void **state)
{
    struct world *w = *state;
    world_route(w, &world_simple_routing); /* codes of a second only */
    struct og_str phone = add_phone(w);
    static const struct {
        enum og_message_state said;
        bool want_report;
        enum og_message_state end;
        bool is_final;
        const char *reason;
    } cases[] = {
        {S, true, S, false, ""},
        {S, false, S, true, ""},
        {D, true, D, true, ""},
        {R, true, F, true, "TTL expired"},
        {C, true, F, true, "TTL expired"},
        {F, true, F, true, ""}, /* the phone says so itself */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_message_ask ask = new_ask();
        ask.valid_until_ms = w->now_ms + 1000;
        ask.want_report = cases[i].want_report;
        ask.is_otp = i % 2;
        struct og_message m = send_ask(w, &ask);
        pull(w, phone);
        w->now_ms += 1000;
        assert_int_equal(expire(w), 1);
        assert_state(w, m.id, F, true, "TTL expired");
        assert_agreement(w);
        w->now_ms += 1000;
        report(w, phone, m.id, cases[i].said);
        assert_state(w, m.id, cases[i].end, cases[i].is_final, cases[i].reason);
        assert_agreement(w);
        struct og_message row = row_of(w, m.id);
        assert_int_equal(row.record.times.at_ms[F] != 0, cases[i].end == F);
        report(w, phone, m.id, F); /* too late: from here on as ever */
        report(w, phone, m.id, R);
        assert_agreement(w);
    }
}

static void
test_what_was_corrected_still_ends(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_message m = send_and_hand(w, phone, true, true);
    w->now_ms += MAX_AGE_MS;
    assert_int_equal(expire(w), 1);
    assert_text(row_of(w, m.id).text, OG_STR(""));
    w->now_ms += MAX_AGE_MS;
    report(w, phone, m.id, S); /* waits for a delivery report that is overdue already */
    assert_state(w, m.id, S, false, "");
    assert_int_equal(expire(w), 1);
    assert_state(w, m.id, S, true, "");
    report(w, phone, m.id, D);
    assert_state(w, m.id, D, true, "");
    assert_agreement(w);
}

/* ---- with a cancel under way ---- */

static void
test_a_phone_answers_a_cancel(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    static const struct {
        enum og_message_state said, end;
        bool is_final;
    } cases[] = {
        {C, C, true}, {P, R, false}, {R, R, false}, {S, S, false}, {D, D, true}, {F, F, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_message m = send_and_hand(w, phone, true, true);
        assert_int_equal(cancel(w, m.id), OG_OK);
        assert_agreement(w);
        report(w, phone, m.id, cases[i].said);
        assert_state(w, m.id, cases[i].end, cases[i].is_final, "");
        assert_agreement(w);
    }
}

/* It has said nothing of the message, so it must be told of the cancel again. */
static void
test_nonsense_does_not_end_a_cancel(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_message m = send_and_hand(w, phone, true, false);
    assert_int_equal(cancel(w, m.id), OG_OK);
    const struct og_recipient_report stranger = {OG_STR("+49151999999"), S, OG_STR("")};
    struct og_report item = {.id = m.id, .report = {.state = S, .recipients = &stranger,
                                                    .recipient_count = 1}};
    struct og_report_op *op = new_report(w, phone, m.id, S);
    op->items = &item;
    must(w, world_run_one(w, REPORT(op)));
    assert_state(w, m.id, OG_MESSAGE_CANCELLING, false, "");
    assert_agreement(w);
    assert_int_equal(pull(w, phone)->count, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_states_go_forward_only),
        WITH_WORLD(test_times_and_reasons_are_kept),
        WITH_WORLD(test_the_text_of_a_code_goes_with_its_end),
        WITH_WORLD(test_only_the_phone_that_has_it_is_heard),
        WITH_WORLD(test_a_report_names_the_id_that_the_phone_was_told),
        WITH_WORLD(test_one_report_of_many_messages),
        WITH_WORLD(test_recipients_are_reported_one_by_one),
        WITH_WORLD(test_a_late_report_corrects_what_we_assumed),
        WITH_WORLD(test_what_was_corrected_still_ends),
        WITH_WORLD(test_a_phone_answers_a_cancel),
        WITH_WORLD(test_nonsense_does_not_end_a_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
