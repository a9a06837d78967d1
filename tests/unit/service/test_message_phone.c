/*
 * What phones fetch, in which order, and that a message is with one phone only; also when several
 * operations meet in one batch.
 */
#include "message_fixture.h"

/* The first letters of the client ids that were fetched. */
static const char *
letters_of(struct world *w, const struct og_pull_op *op)
{
    char *out = og_arena_alloc(&w->mem, (size_t)op->count + 1);
    for (int i = 0; i < op->count; i++) {
        out[i] = og_message_public_id(&op->items[i]).ptr[0];
    }
    return out;
}

static struct og_message
send_named(struct world *w, const char *name, int64_t priority, bool is_otp)
{
    struct og_message_ask ask = new_ask();
    ask.client_id = og_str_from(name);
    ask.priority = priority;
    ask.is_otp = is_otp;
    w->now_ms++;
    return send_ask(w, &ask);
}

/* ---- order ---- */

static void
test_order(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    send_named(w, "a", 0, false);
    send_named(w, "b", 0, false);
    send_named(w, "c", 100, false);
    send_named(w, "d", -1, false);
    send_named(w, "e", 0, true);
    send_named(w, "f", 100, false);
    send_named(w, "g", 0, true);
    struct og_pull_op *fifo = new_pull(w, phone), *lifo = new_pull(w, phone);
    lifo->lifo = true;
    must(w, world_run_one(w, PULL(fifo)));
    assert_string_equal(letters_of(w, fifo), "egcfabd");
    must(w, world_run_one(w, PULL(lifo)));
    assert_string_equal(letters_of(w, lifo), "egfcbad"); /* codes stay oldest first */
    assert_text(fifo->items[0].text, TEXT);
    assert_agreement(w);
}

static void
test_a_hundred_at_a_time(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    for (int i = 0; i < 103; i++) {
        send_named(w, og_str_printf(&w->mem, "m-%03d", i).ptr, 0, false);
    }
    struct ear *ear = listen_as(w, phone);
    struct og_pull_op *first = pull(w, phone);
    assert_int_equal(first->count, 100);
    assert_text(first->items[99].client_id, OG_STR("m-099"));
    assert_heard(w, ear, "M"); /* there is more */
    /* again: the same, and no new call to fetch at once, which would go round for ever */
    assert_int_equal(pull(w, phone)->count, 100);
    assert_agreement(w);
    /* as it reports, room appears, and it is told */
    for (int i = 0; i < 3; i++) {
        report(w, phone, first->items[i].id, OG_MESSAGE_SENT);
    }
    world_settle(w);
    assert_true(ear->len > 0);
    struct og_pull_op *next = pull(w, phone);
    assert_int_equal(next->count, 100);
    assert_text(next->items[0].client_id, OG_STR("m-003"));
    assert_text(next->items[99].client_id, OG_STR("m-102"));
    assert_agreement(w);
}

static void
test_handed_is_listed_until_reported(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_message m = send_one(w);
    for (int i = 0; i < 3; i++) {
        struct og_pull_op *op = pull(w, phone);
        assert_int_equal(op->count, 1);
        assert_int_equal(op->items[0].handed_at, NOON);
        assert_int_equal(op->newly_handed[0], i == 0);
        w->now_ms += 1000;
    }
    assert_int_equal(row_of(w, m.id).handed_at, NOON);
    report(w, phone, m.id, OG_MESSAGE_PROCESSED);
    assert_int_equal(pull(w, phone)->count, 0);
    assert_true(is_queued(w, m.id)); /* in the way of others, until it is sent */
    report(w, phone, m.id, OG_MESSAGE_SENT);
    assert_false(is_queued(w, m.id));
    assert_agreement(w);
}

static void
test_nothing_is_handed_from_its_deadline_on(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_message_ask ask = new_ask();
    ask.valid_until_ms = NOON + 5000;
    struct og_message m = send_ask(w, &ask);
    w->now_ms = NOON + 5000;
    assert_int_equal(pull(w, phone)->count, 0);
    assert_int_equal(row_of(w, m.id).handed_at, 0);
    w->now_ms = NOON + 4999;
    assert_int_equal(pull(w, phone)->count, 1);
    w->now_ms = NOON + 5000; /* not again either */
    assert_int_equal(pull(w, phone)->count, 0);
    assert_agreement(w);
}

/* ---- who has it ---- */

static void
test_a_phone_gets_its_own_only(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w), other = add_phone(w);
    struct og_str foreign = add_phone_of(w, OTHER_ACCOUNT);
    struct og_message_ask ask = new_ask();
    ask.device_id = phone;
    send_ask(w, &ask);
    assert_int_equal(pull(w, other)->count, 0);
    struct og_pull_op *theirs = new_pull(w, foreign);
    theirs->account_id = OTHER_ACCOUNT;
    must(w, world_run_one(w, PULL(theirs)));
    assert_int_equal(theirs->count, 0);
    assert_int_equal(pull(w, phone)->count, 1);
}

/* A phone that was taken for gone comes back in the very batch that gives its messages away. */
static void
test_a_move_and_a_pull_meet(void **state)
{
    struct world *w = *state;
    for (int pull_first = 0; pull_first < 2; pull_first++) {
        struct og_str gone = add_phone(w), here = add_phone(w);
        struct og_message m = send_one(w);
        struct og_str planned = m.device_id;
        struct og_str other = og_str_eq(planned, gone) ? here : gone;
        w->now_ms += GONE_AFTER_MS + 1;
        set_present(w, other, true);
        struct og_pull_op *back = new_pull(w, planned);
        struct step steps[] = {MOVE(new_move(w)), PULL(back)};
        struct step batch[] = {steps[pull_first], steps[!pull_first]};
        assert_true(world_run(w, batch, 2));
        assert_int_equal(back->count, 1);
        assert_text(queued_for(w, m.id), planned);
        assert_agreement(w);
        assert_int_equal(pull(w, other)->count, 0);
        assert_int_equal(pull(w, planned)->count, 1); /* its answer may have been lost */
        report(w, planned, m.id, OG_MESSAGE_SENT);
        remove_phone(w, gone);
        remove_phone(w, here);
    }
}

static void
test_after_a_move_the_new_phone_has_it(void **state)
{
    struct world *w = *state;
    struct og_str gone = add_phone(w);
    struct og_message m = send_one(w);
    struct og_str here = add_phone(w);
    w->now_ms += GONE_AFTER_MS + 1;
    set_present(w, here, true);
    assert_int_equal(move(w), 1);
    struct og_pull_op *old = new_pull(w, gone), *new = new_pull(w, here);
    struct step batch[] = {PULL(old), PULL(new)};
    assert_true(world_run(w, batch, 2));
    assert_int_equal(old->count, 0);
    assert_int_equal(new->count, 1);
    assert_text(row_of(w, m.id).device_id, here);
    assert_agreement(w);
}

static void
test_a_removed_phone_gets_nothing(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w), next = add_phone(w);
    struct og_message_ask ask = new_ask();
    ask.device_id = phone;
    struct og_message bound = send_ask(w, &ask);
    set_present(w, phone, true);
    struct og_message loose = send_one(w);
    assert_text(loose.device_id, phone);
    struct og_pull_op *late = new_pull(w, phone);
    struct step batch[] = {REMOVE(new_remove(w, ACCOUNT, phone)), PULL(late)};
    assert_true(world_run(w, batch, 2));
    assert_int_equal(late->op.code, OG_E_UNAUTHORIZED);
    assert_agreement(w);
    assert_state(w, bound.id, OG_MESSAGE_FAILED, true, "the phone was removed");
    set_present(w, next, true);
    struct og_pull_op *op = pull(w, next);
    assert_int_equal(op->count, 1);
    assert_text(op->items[0].id, loose.id);
    assert_agreement(w);
}

/* ---- batches ---- */

static void
test_cancel_before_pull(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct ear *ear = listen_as(w, phone);
    struct og_message m = send_one(w);
    assert_heard(w, ear, "M");
    struct og_message_one_op *no = new_cancel(w, m.id);
    struct og_pull_op *get = new_pull(w, phone);
    struct step batch[] = {CANCEL(no), PULL(get)};
    assert_true(world_run(w, batch, 2));
    assert_int_equal(no->op.code, OG_OK);
    assert_int_equal(get->op.code, OG_OK);
    assert_int_equal(get->count, 0);
    assert_state(w, m.id, OG_MESSAGE_CANCELLED, true, "");
    assert_false(is_queued(w, m.id));
    assert_heard(w, ear, ""); /* it never knew */
    assert_agreement(w);
}

static void
test_pull_before_cancel(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct ear *ear = listen_as(w, phone);
    struct og_message m = send_one(w);
    assert_heard(w, ear, "M");
    struct og_pull_op *get = new_pull(w, phone);
    struct og_message_one_op *no = new_cancel(w, m.id);
    struct step batch[] = {PULL(get), CANCEL(no)};
    assert_true(world_run(w, batch, 2));
    assert_int_equal(get->count, 1);
    assert_int_equal(no->op.code, OG_OK);
    assert_state(w, m.id, OG_MESSAGE_CANCELLING, false, "");
    assert_heard(w, ear, "CM");
    assert_agreement(w);
    struct og_pull_op *again = pull(w, phone); /* told again until it answers */
    assert_int_equal(again->count, 1);
    assert_int_equal(again->items[0].record.state, OG_MESSAGE_CANCELLING);
    report(w, phone, m.id, OG_MESSAGE_CANCELLED);
    assert_state(w, m.id, OG_MESSAGE_CANCELLED, true, "");
    assert_agreement(w);
}

/* Accepted after the pull looked, in the same batch: the phone is woken again. */
static void
test_what_comes_while_it_fetches_is_told(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct ear *ear = listen_as(w, phone);
    struct og_message_ask ask = new_ask();
    for (int pull_first = 0; pull_first < 2; pull_first++) {
        struct og_pull_op *get = new_pull(w, phone);
        struct step steps[] = {SEND(new_send(w, &ask)), PULL(get)};
        struct step batch[] = {steps[pull_first], steps[!pull_first]};
        assert_true(world_run(w, batch, 2));
        assert_int_equal(get->count, 0 + pull_first);
        world_settle(w);
        assert_int_equal(ear->heard[ear->len - 1], 'M');
        ear->len = 0;
    }
    assert_int_equal(pull(w, phone)->count, 2);
    assert_heard(w, ear, ""); /* nothing new: no word */
}

static void
test_a_lost_batch_changes_nothing(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_message fresh = send_one(w), handed = send_one(w);
    struct og_pull_op *first = new_pull(w, phone);
    w->next_commit = OG_FAULT_IO;
    assert_int_equal(world_run_one(w, PULL(first)), OG_E_UNAVAILABLE);
    assert_int_equal(row_of(w, fresh.id).handed_at, 0);
    assert_agreement(w);
    assert_int_equal(cancel(w, fresh.id), OG_OK); /* it was never handed */
    assert_state(w, fresh.id, OG_MESSAGE_CANCELLED, true, "");
    assert_int_equal(pull(w, phone)->count, 1);
    struct step batch[] = {REPORT(new_report(w, phone, handed.id, OG_MESSAGE_SENT)),
                           CANCEL(new_cancel(w, handed.id)), EXPIRE(new_expire(w)),
                           REMOVE(new_remove(w, ACCOUNT, phone))};
    w->next_commit = OG_FAULT_FULL;
    assert_false(world_run(w, batch, 4));
    assert_state(w, handed.id, OG_MESSAGE_PENDING, false, "");
    assert_text(queued_for(w, handed.id), phone);
    assert_agreement(w);
}

static void
test_the_row_says_when_a_phone_was_seen(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_device row;
    struct og_message m = send_one(w);
    pull(w, phone);
    /* each minute it reports a moment before it fetches */
    for (int i = 0; i < 5; i++) {
        w->now_ms += 60000;
        report(w, phone, m.id, OG_MESSAGE_SENT);
        w->now_ms += 100;
        pull(w, phone);
    }
    must(w, og_device_find(w->db, ACCOUNT, phone, &w->mem, &row, &w->err));
    assert_true(w->now_ms - row.last_seen_at < 60000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_order),
        WITH_WORLD(test_a_hundred_at_a_time),
        WITH_WORLD(test_handed_is_listed_until_reported),
        WITH_WORLD(test_nothing_is_handed_from_its_deadline_on),
        WITH_WORLD(test_a_phone_gets_its_own_only),
        WITH_WORLD(test_a_move_and_a_pull_meet),
        WITH_WORLD(test_after_a_move_the_new_phone_has_it),
        WITH_WORLD(test_a_removed_phone_gets_nothing),
        WITH_WORLD(test_cancel_before_pull),
        WITH_WORLD(test_pull_before_cancel),
        WITH_WORLD(test_what_comes_while_it_fetches_is_told),
        WITH_WORLD(test_a_lost_batch_changes_nothing),
        WITH_WORLD(test_the_row_says_when_a_phone_was_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
