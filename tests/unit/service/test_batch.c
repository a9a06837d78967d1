/*
 * Batches: rows come in once, become messages as the phones have room, and are counted wherever
 * they are.
 */
#include "tests/unit/service/message_fixture.h"

#include "service/batch/batch_service.h"
#include "service/privacy/privacy.h"
#include "service/privacy/purge.h"
#include "store/account_store.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)
#define ID OG_STR("spring-news")
#define ROUNDS_MAX 2000
#define ROOM 20 /* of a phone, as in service/batch/round.c */

/* ---- what applications do ---- */

static struct og_batch
plain_batch(void)
{
    return (struct og_batch){.id = ID,
                             .account_id = ACCOUNT,
                             .credential_id = OG_STR("key"),
                             .text = OG_STR("Hello {name}"),
                             .want_report = true};
}

static enum og_code
make(struct world *w, const struct og_batch *ask, bool *is_new)
{
    struct og_batch_make_op op = {.svc = &w->svc, .mem = &w->mem, .batch = *ask};
    const enum og_code code = world_run_one(w, STEP(&op, og_batch_make_apply, NULL));
    *is_new = op.is_new;
    return code;
}

static struct og_batch_recipient
recipient(struct world *w, int n)
{
    static const struct og_str names[] = {{"name", 4}};
    struct og_str *value = OG_ARENA_NEW(&w->mem, struct og_str);
    *value = og_str_printf(&w->mem, "No. %d", n);
    return (struct og_batch_recipient){
        .number = og_str_printf(&w->mem, "+49151%08d", n), .values = {names, value, 1}};
}

static enum og_code
append_items(struct world *w, int64_t first, const struct og_batch_recipient *items, int count)
{
    struct og_batch_append_op op = {.svc = &w->svc,
                                    .mem = &w->mem,
                                    .account_id = ACCOUNT,
                                    .batch_id = ID,
                                    .first = first,
                                    .items = items,
                                    .count = count,
                                    .number_column = "to"};
    return world_run_one(w, STEP(&op, og_batch_append_apply, NULL));
}

/* Numbers n, n + 1, … */
static enum og_code
append(struct world *w, int64_t first, int n, int count)
{
    struct og_batch_recipient *items =
        OG_ARENA_ARRAY(&w->mem, struct og_batch_recipient, (size_t)count);
    for (int i = 0; i < count; i++) {
        items[i] = recipient(w, n + i);
    }
    return append_items(w, first, items, count);
}

static enum og_code
change(struct world *w, enum og_batch_state state)
{
    struct og_batch_change_op op = {.svc = &w->svc,
                                    .mem = &w->mem,
                                    .account_id = ACCOUNT,
                                    .batch_id = ID,
                                    .has_state = true,
                                    .state = state};
    return world_run_one(w, STEP(&op, og_batch_change_apply, og_batch_change_committed));
}

/* As change(), and what the phone fetches in the same transaction. */
static struct og_pull_op *
change_and_pull(struct world *w, enum og_batch_state state, struct og_str phone)
{
    struct og_batch_change_op op = {.svc = &w->svc,
                                    .mem = &w->mem,
                                    .account_id = ACCOUNT,
                                    .batch_id = ID,
                                    .has_state = true,
                                    .state = state};
    struct og_pull_op *pulled = new_pull(w, phone);
    struct step steps[] = {STEP(&op, og_batch_change_apply, og_batch_change_committed),
                           PULL(pulled)};
    world_run(w, steps, COUNT(steps));
    assert_int_equal(op.op.code, OG_OK);
    assert_int_equal(pulled->op.code, OG_OK);
    return pulled;
}

static enum og_code
set_pace(struct world *w, int64_t per_minute)
{
    struct og_batch_change_op op = {.svc = &w->svc,
                                    .mem = &w->mem,
                                    .account_id = ACCOUNT,
                                    .batch_id = ID,
                                    .has_pace = true,
                                    .per_minute = per_minute};
    return world_run_one(w, STEP(&op, og_batch_change_apply, NULL));
}

static struct og_batch
look(struct world *w)
{
    struct og_batch_get_op op = {
        .svc = &w->svc, .mem = &w->mem, .account_id = ACCOUNT, .batch_id = ID};
    must(w, world_run_one(w, STEP(&op, og_batch_get_apply, NULL)));
    return op.out;
}

static struct og_batch_errors_op
errors(struct world *w)
{
    struct og_batch_errors_op op = {.svc = &w->svc,
                                    .mem = &w->mem,
                                    .account_id = ACCOUNT,
                                    .batch_id = ID,
                                    .after = OG_STR(""),
                                    .limit = 100};
    must(w, world_run_one(w, STEP(&op, og_batch_errors_apply, NULL)));
    return op;
}

/* ---- what goes on by itself ---- */

/* As a round of the sweeper: until nothing is due. */
static void
rounds(struct world *w)
{
    bool has_more = true;
    for (int i = 0; has_more; i++) {
        struct og_batch_round_op op = {.svc = &w->svc, .mem = &w->mem};
        assert_true(i < ROUNDS_MAX);
        must(w, world_run_one(w, STEP(&op, og_batch_round_apply, og_batch_round_committed)));
        has_more = op.has_more;
    }
}

static void
later(struct world *w, int64_t ms)
{
    w->now_ms += ms;
    rounds(w);
}

/* The phone fetches all that it is given, and sends it. */
static int
send_all(struct world *w, struct og_str phone)
{
    struct og_pull_op *op = pull(w, phone);
    for (int i = 0; i < op->count; i++) {
        report(w, phone, op->items[i].id, OG_MESSAGE_SENT);
    }
    return op->count;
}

static void
assert_counts(struct world *w, const char *want)
{
    static const char letters[OG_BATCH_FATES + 1] = "qwsdfec";
    struct og_buf got;
    const struct og_batch b = look(w);
    og_buf_init(&got, 200);
    for (int i = 0; i < OG_BATCH_FATES; i++) {
        if (b.counts[i]) {
            og_buf_printf(&got, "%c%lld ", letters[i], (long long)b.counts[i]);
        }
    }
    og_buf_printf(&got, "%s", og_batch_state_name(b.state));
    assert_text(og_buf_str(&got), og_str_from(want));
    og_buf_finish(&got);
}

static void
begin(struct world *w, const struct og_batch *ask, int count)
{
    const struct og_account account = {.id = ACCOUNT, .name = ACCOUNT, .created_at = NOON};
    bool is_new;
    must(w, og_account_insert(w->db, &account, &w->err));
    must(w, make(w, ask, &is_new));
    for (int at = 0; at < count; at += OG_BATCH_PIECE_ROWS) {
        const int left = count - at;
        must(w, append(w, at, at, left < OG_BATCH_PIECE_ROWS ? left : OG_BATCH_PIECE_ROWS));
    }
}

static void
begin_plain(struct world *w, int count)
{
    const struct og_batch ask = plain_batch();
    begin(w, &ask, count);
}

/* ---- tests ---- */

static void
the_same_id_is_the_same_batch(void **state)
{
    struct world *w = *state;
    struct og_batch ask = plain_batch();
    bool is_new;
    begin_plain(w, 3);
    must(w, make(w, &ask, &is_new));
    assert_false(is_new);
    assert_counts(w, "q3 open");
    ask.text = OG_STR("Hello {name}!");
    assert_int_equal(make(w, &ask, &is_new), OG_E_CONFLICT);
    ask.account_id = OTHER_ACCOUNT;
    must(w, make(w, &ask, &is_new));
    assert_true(is_new);
}

static void
an_account_has_no_end_of_batches(void **state)
{
    struct world *w = *state;
    struct og_batch ask = plain_batch();
    bool is_new;
    ask.id = OG_STR("");
    for (int i = 0; i < OG_BATCH_LIVE_MAX; i++) {
        must(w, make(w, &ask, &is_new));
    }
    assert_int_equal(make(w, &ask, &is_new), OG_E_LIMITED);
    assert_true(w->err.retry_after_s > 0);
}

static void
rows_that_come_again_are_passed_over(void **state)
{
    struct world *w = *state;
    begin_plain(w, 5);
    must(w, append(w, 0, 0, 5)); /* all of it again */
    must(w, append(w, 3, 3, 4)); /* and partly */
    assert_counts(w, "q7 open");
    assert_int_equal(append(w, 8, 8, 1), OG_E_CONFLICT);
    assert_string_equal(w->err.field, "first");
    must(w, append(w, -1, 7, 2)); /* wherever that is */
    assert_counts(w, "q9 open");
    must(w, change(w, OG_BATCH_RUNNING));
    must(w, append(w, 7, 7, 2)); /* the answer got lost, and meanwhile it runs */
    assert_int_equal(append(w, 9, 9, 1), OG_E_CONFLICT);
    assert_string_equal(w->err.field, "state");
    assert_counts(w, "q9 running");
}

static void
a_batch_has_a_size(void **state)
{
    struct world *w = *state;
    begin_plain(w, 0);
    struct og_batch b = look(w);
    b.row_count = OG_BATCH_ROWS_MAX - 1;
    must(w, og_batch_save(w->db, &b, OG_BATCH_OPEN, &w->err));
    assert_int_equal(append(w, OG_BATCH_ROWS_MAX - 1, 0, 2), OG_E_UNPROCESSABLE);
    must(w, append(w, OG_BATCH_ROWS_MAX - 1, 0, 1));
    assert_counts(w, "q1 open");
}

static void
bad_rows_are_told_by_their_line(void **state)
{
    struct world *w = *state;
    static const struct og_str column[] = {{"name", 4}};
    char long_name[2000];
    memset(long_name, 'x', sizeof long_name);
    const struct og_str too_long[] = {{long_name, sizeof long_name}};
    begin_plain(w, 2);
    struct og_batch_recipient items[] = {
        {.line = 10, .fault = "holds a letter"},
        recipient(w, 1),  /* the batch has it */
        recipient(w, 50),
        recipient(w, 50), /* and now this */
        {.line = 44, .number = OG_STR("+4915100000051")},
        {.line = 45, .number = OG_STR("+4915100000052"), .values = {column, too_long, 1}},
        recipient(w, 53),
    };
    must(w, append_items(w, 2, items, COUNT(items)));
    const struct og_batch_errors_op found = errors(w);
    static const struct {
        int64_t line;
        const char *field;
    } want[] = {{10, "to"}, {4, "to"}, {6, "to"}, {44, "name"}, {45, "text"}};
    assert_int_equal(found.count, COUNT(want));
    for (int i = 0; i < found.count; i++) {
        assert_int_equal(found.items[i].line, want[i].line);
        assert_text(found.items[i].field, og_str_from(want[i].field));
    }
    assert_counts(w, "q4 open");
    const struct og_batch b = look(w);
    assert_int_equal(b.row_count, 9);
    assert_int_equal(b.error_count, 5);
}

static void
an_empty_text_is_no_message(void **state)
{
    struct world *w = *state;
    static const struct og_str column[] = {{"name", 4}}, blank[] = {{" ", 1}};
    struct og_batch ask = plain_batch();
    ask.text = OG_STR("{name}");
    begin(w, &ask, 0);
    const struct og_batch_recipient item = {.number = NUMBER, .values = {column, blank, 1}};
    must(w, append_items(w, 0, &item, 1));
    assert_text(errors(w).items[0].field, OG_STR("text"));
    assert_counts(w, "open");
}

static void
numbers_may_repeat_when_asked(void **state)
{
    struct world *w = *state;
    struct og_batch ask = plain_batch();
    ask.repeats = true;
    begin(w, &ask, 2);
    must(w, append(w, 2, 0, 2));
    assert_counts(w, "q4 open");
}

static void
rows_are_released_as_phones_have_room(void **state)
{
    struct world *w = *state;
    const struct og_str phone = add_phone(w);
    begin_plain(w, 70);
    later(w, MINUTE_MS);
    assert_counts(w, "q70 open"); /* nobody has started it */
    must(w, change(w, OG_BATCH_RUNNING));
    set_present(w, phone, true);
    rounds(w);
    assert_counts(w, "q50 w20 running");
    assert_int_equal(look(w).hold, OG_HOLD_PHONES);
    later(w, 1000);
    assert_counts(w, "q50 w20 running");
    assert_int_equal(send_all(w, phone), ROOM);
    assert_counts(w, "q50 s20 running");
    later(w, 1000);
    assert_counts(w, "q30 w20 s20 running");
    for (int i = 0; i < 3; i++) {
        send_all(w, phone);
        later(w, 5000);
    }
    assert_counts(w, "s70 done");
    assert_true(look(w).ended_at > 0);
    assert_int_equal(look(w).text.len, 0);
}

static void
every_row_is_one_message_of_the_class_bulk(void **state)
{
    struct world *w = *state;
    const struct og_str phone = add_phone(w);
    set_present(w, phone, true);
    begin_plain(w, 2);
    must(w, change(w, OG_BATCH_RUNNING));
    rounds(w);
    struct og_pull_op *op = pull(w, phone);
    assert_int_equal(op->count, 2);
    for (int i = 0; i < 2; i++) {
        const struct og_message m = row_of(w, op->items[i].id);
        assert_text(m.batch_id, ID);
        assert_int_equal(m.cls, OG_CLASS_BULK);
        assert_int_equal(m.record.recipient_count, 1);
        assert_text(m.text, og_str_printf(&w->mem, "Hello No. %c",
                                          m.record.recipients[0].number.ptr[13]));
    }
}

static void
without_a_phone_rows_wait(void **state)
{
    struct world *w = *state;
    begin_plain(w, 5);
    must(w, change(w, OG_BATCH_RUNNING));
    rounds(w);
    assert_counts(w, "q5 running");
    assert_int_equal(look(w).hold, OG_HOLD_NO_PHONE);
    set_present(w, add_phone(w), true);
    later(w, 3000);
    assert_counts(w, "w5 running");
}

static void
a_full_queue_stops_the_batch_and_loses_nothing(void **state)
{
    struct world *w = *state;
    set_present(w, add_phone(w), true);
    for (int i = 0; i < 3; i++) {
        send_one(w);
    }
    w->svc.message.queue_max_pending = 3;
    begin_plain(w, 10);
    must(w, change(w, OG_BATCH_RUNNING));
    for (int i = 0; i < 5; i++) {
        later(w, 10000);
    }
    assert_counts(w, "q10 running");
    assert_int_equal(look(w).hold, OG_HOLD_QUEUE);
    w->svc.message.queue_max_pending = 4;
    later(w, 10000);
    assert_counts(w, "q6 w4 running");
    w->svc.message.queue_max_pending = 0;
    later(w, 10000);
    assert_counts(w, "w10 running");
}

static void
the_pace_is_kept(void **state)
{
    struct world *w = *state;
    const struct og_str phone = add_phone(w);
    set_present(w, phone, true);
    begin_plain(w, 30);
    must(w, set_pace(w, 6)); /* one in ten seconds */
    must(w, change(w, OG_BATCH_RUNNING));
    rounds(w);
    int sent = send_all(w, phone);
    assert_int_equal(sent, 1);
    for (int i = 0; i < 120; i++) { /* another minute */
        later(w, 500);
        sent += send_all(w, phone);
    }
    assert_in_range(sent, 6, 8);
    must(w, set_pace(w, 0));
    rounds(w);
    assert_int_equal(send_all(w, phone), ROOM);
}

static void
a_pause_saves_no_pace_up(void **state)
{
    struct world *w = *state;
    const struct og_str phone = add_phone(w);
    set_present(w, phone, true);
    begin_plain(w, 30);
    must(w, set_pace(w, 60));
    must(w, change(w, OG_BATCH_RUNNING));
    rounds(w);
    must(w, change(w, OG_BATCH_PAUSED));
    const int64_t before = look(w).counts[OG_FATE_QUEUED];
    later(w, 10 * MINUTE_MS);
    assert_int_equal(look(w).counts[OG_FATE_QUEUED], before);
    set_present(w, phone, true);
    must(w, change(w, OG_BATCH_RUNNING));
    rounds(w);
    assert_in_range(before - look(w).counts[OG_FATE_QUEUED], 1, 2);
}

static void
the_pace_counts_parts(void **state)
{
    struct world *w = *state;
    const struct og_str phone = add_phone(w);
    char text[301];
    struct og_batch ask = plain_batch();
    memset(text, 'x', sizeof text - 1);
    ask.text = (struct og_str){text, sizeof text - 1}; /* two parts */
    set_present(w, phone, true);
    begin(w, &ask, 30);
    must(w, set_pace(w, 12)); /* a part in five seconds */
    must(w, change(w, OG_BATCH_RUNNING));
    rounds(w);
    int sent = send_all(w, phone);
    assert_int_equal(sent, 1);
    for (int i = 0; i < 120; i++) { /* another minute */
        later(w, 500);
        sent += send_all(w, phone);
    }
    assert_in_range(sent, 6, 7);
}

/* ---- pause ---- */

static void
release_ripe(struct world *w)
{
    struct og_release_op op = {.svc = &w->svc, .mem = &w->mem};
    must(w, world_run_one(w, STEP(&op, og_release_apply, og_release_committed)));
}

static struct og_str
begin_running(struct world *w, int count)
{
    const struct og_str phone = add_phone(w);
    set_present(w, phone, true);
    begin_plain(w, count);
    must(w, change(w, OG_BATCH_RUNNING));
    rounds(w);
    return phone;
}

static void
a_pause_holds_what_no_phone_has(void **state)
{
    struct world *w = *state;
    const struct og_str phone = begin_running(w, 30);
    assert_int_equal(change_and_pull(w, OG_BATCH_PAUSED, phone)->count, 0);
    assert_counts(w, "q10 w20 paused");
    later(w, MINUTE_MS);
    release_ripe(w);
    assert_int_equal(pull(w, phone)->count, 0);
    world_open_queue(w); /* a restart */
    set_present(w, phone, true);
    assert_int_equal(pull(w, phone)->count, 0);
    must(w, change(w, OG_BATCH_RUNNING));
    release_ripe(w);
    assert_int_equal(send_all(w, phone), ROOM);
    rounds(w);
    assert_int_equal(send_all(w, phone), 10);
    later(w, 5000);
    assert_counts(w, "s30 done");
}

static void
a_pause_leaves_a_phone_what_it_has(void **state)
{
    struct world *w = *state;
    const struct og_str phone = begin_running(w, 20);
    struct og_pull_op *op = pull(w, phone);
    must(w, change(w, OG_BATCH_PAUSED));
    assert_int_equal(pull(w, phone)->count, op->count); /* it asks again: the answer got lost */
    for (int i = 0; i < op->count; i++) {
        report(w, phone, op->items[i].id, OG_MESSAGE_SENT);
    }
    assert_counts(w, "s20 paused");
}

static void
a_pause_and_on_again_at_once_loses_nothing(void **state)
{
    struct world *w = *state;
    const struct og_str phone = begin_running(w, 20);
    must(w, change(w, OG_BATCH_PAUSED));
    must(w, change(w, OG_BATCH_RUNNING));
    must(w, change(w, OG_BATCH_PAUSED)); /* before anybody let them go */
    release_ripe(w);
    assert_int_equal(pull(w, phone)->count, 0);
    must(w, change(w, OG_BATCH_CANCELED));
    rounds(w);
    assert_counts(w, "c20 canceled");
}

/* What may become what, and what it says otherwise. */
static void
states_change_as_the_table_says(void **state)
{
    struct world *w = *state;
    begin_plain(w, 5);
    assert_int_equal(change(w, OG_BATCH_PAUSED), OG_E_CONFLICT);
    must(w, change(w, OG_BATCH_RUNNING));
    must(w, change(w, OG_BATCH_RUNNING));
    must(w, change(w, OG_BATCH_PAUSED));
    must(w, change(w, OG_BATCH_PAUSED));
    must(w, change(w, OG_BATCH_RUNNING));
    must(w, change(w, OG_BATCH_CANCELED));
    must(w, change(w, OG_BATCH_CANCELED));
    assert_int_equal(change(w, OG_BATCH_RUNNING), OG_E_CONFLICT);
    assert_int_equal(change(w, OG_BATCH_PAUSED), OG_E_CONFLICT);
    rounds(w);
    assert_counts(w, "c5 canceled");
    must(w, change(w, OG_BATCH_CANCELED));
    assert_int_equal(set_pace(w, 10), OG_E_CONFLICT);
}

static void
a_cancel_takes_back_what_no_phone_has(void **state)
{
    struct world *w = *state;
    const struct og_str phone = add_phone(w), other = add_phone(w);
    set_present(w, phone, true);
    set_present(w, other, true);
    begin_plain(w, 600);
    must(w, change(w, OG_BATCH_RUNNING));
    rounds(w);
    assert_counts(w, "q560 w40 running");
    struct og_pull_op *op = pull(w, phone);
    report(w, phone, op->items[0].id, OG_MESSAGE_SENT);
    must(w, change(w, OG_BATCH_CANCELED));
    rounds(w);
    const struct og_batch b = look(w);
    assert_int_equal(b.counts[OG_FATE_SENT], 1);
    assert_int_equal(b.counts[OG_FATE_WAITING], op->count - 1); /* the phone has to say */
    assert_int_equal(b.counts[OG_FATE_CANCELED], 600 - op->count);
    assert_true(b.ended_at > 0);
    for (int i = 1; i < op->count; i++) {
        report(w, phone, op->items[i].id, OG_MESSAGE_CANCELLED);
    }
    assert_int_equal(look(w).counts[OG_FATE_CANCELED], 599);
    assert_int_equal(pull(w, other)->count, 0);
}

static void
what_is_too_late_expires(void **state)
{
    struct world *w = *state;
    const struct og_str phone = add_phone(w);
    struct og_batch ask = plain_batch();
    ask.ttl_ms = 5 * MINUTE_MS;
    set_present(w, phone, true);
    begin(w, &ask, 700);
    must(w, change(w, OG_BATCH_RUNNING));
    rounds(w);
    assert_counts(w, "q680 w20 running");
    w->now_ms += 5 * MINUTE_MS + 1;
    assert_int_equal(expire(w), ROOM); /* those that are messages by now */
    rounds(w);
    later(w, 3000);
    assert_counts(w, "e700 done");
}

static void
what_is_left_alone_is_canceled(void **state)
{
    struct world *w = *state;
    begin_plain(w, 3);
    later(w, OG_BATCH_LIFE_MS - 1000);
    assert_counts(w, "q3 open");
    later(w, 2000);
    assert_counts(w, "c3 canceled");
}

static void
disable(struct world *w, bool disabled)
{
    const struct og_account_change account_change = {.disabled = disabled, .has_disabled = true};
    must(w, og_account_update(w->db, ACCOUNT, &account_change, w->now_ms, &w->err));
}

static void
a_disabled_accounts_batches_rest(void **state)
{
    struct world *w = *state;
    set_present(w, add_phone(w), true);
    begin_plain(w, 3);
    must(w, change(w, OG_BATCH_RUNNING));
    disable(w, true);
    rounds(w);
    assert_counts(w, "q3 running");
    disable(w, false);
    rounds(w);
    assert_counts(w, "w3 running");
}

static void
failures_and_retries_are_counted_where_they_end(void **state)
{
    struct world *w = *state;
    const struct og_str phone = add_phone(w);
    set_present(w, phone, true);
    begin_plain(w, 3);
    must(w, change(w, OG_BATCH_RUNNING));
    rounds(w);
    struct og_pull_op *op = pull(w, phone);
    report(w, phone, op->items[0].id, OG_MESSAGE_FAILED);
    report(w, phone, op->items[1].id, OG_MESSAGE_SENT);
    report(w, phone, op->items[1].id, OG_MESSAGE_DELIVERED);
    report(w, phone, op->items[1].id, OG_MESSAGE_DELIVERED);
    assert_counts(w, "w1 d1 f1 running");
}

static void
a_lost_commit_releases_nothing(void **state)
{
    struct world *w = *state;
    const struct og_str phone = add_phone(w);
    set_present(w, phone, true);
    begin_plain(w, 5);
    must(w, change(w, OG_BATCH_RUNNING));
    struct og_batch_round_op op = {.svc = &w->svc, .mem = &w->mem};
    w->next_commit = OG_FAULT_FULL;
    assert_int_equal(
        world_run_one(w, STEP(&op, og_batch_round_apply, og_batch_round_committed)),
        OG_E_UNAVAILABLE);
    assert_counts(w, "q5 running");
    assert_int_equal(pull(w, phone)->count, 0);
    rounds(w);
    assert_int_equal(pull(w, phone)->count, 5);
}

static void
erasing_a_number_takes_its_rows(void **state)
{
    struct world *w = *state;
    begin_plain(w, 5);
    struct og_subject_place place = {0};
    for (int i = 0; i < 20; i++) {
        struct og_erase_op op = {
            .svc = &w->svc, .mem = &w->mem, .number = OG_STR("+4915100000003"), .place = place};
        must(w, world_run_one(w, STEP(&op, og_erase_apply, og_erase_committed)));
        place = op.next;
        if (op.is_over) {
            break;
        }
    }
    assert_counts(w, "q4 c1 open");
}

static void
retention_takes_the_batch_and_its_errors(void **state)
{
    struct world *w = *state;
    static const struct og_retention kept = {.messages_ms = 30 * DAY_MS};
    struct og_batch_recipient bad[OG_BATCH_PIECE_ROWS];
    begin_plain(w, 0);
    for (int i = 0; i < OG_BATCH_PIECE_ROWS; i++) {
        bad[i] = (struct og_batch_recipient){.fault = "is empty"};
    }
    for (int i = 0; i < 5; i++) { /* more than retention removes in one step */
        must(w, append_items(w, -1, bad, OG_BATCH_PIECE_ROWS));
    }
    must(w, change(w, OG_BATCH_CANCELED));
    rounds(w);
    for (int day = 29; day < 31; day++) {
        struct og_purge_op op = {.svc = &w->svc, .retention = &kept};
        w->now_ms = NOON + day * DAY_MS + 1000;
        for (int i = 0; !op.is_over; i++) {
            const struct og_purge_place next = op.next;
            assert_true(i < 200);
            op = (struct og_purge_op){.svc = &w->svc, .retention = &kept, .place = next};
            must(w, world_run_one(w, STEP(&op, og_purge_apply, og_purge_committed)));
        }
        struct og_batch_get_op get = {
            .svc = &w->svc, .mem = &w->mem, .account_id = ACCOUNT, .batch_id = ID};
        assert_int_equal(world_run_one(w, STEP(&get, og_batch_get_apply, NULL)),
                         day < 30 ? OG_OK : OG_E_NOT_FOUND);
    }
    struct og_batch_error *left;
    int count;
    must(w, og_batch_error_list(w->db, ACCOUNT, ID, OG_STR(""), 10, &w->mem, &left, &count,
                                &w->err));
    assert_int_equal(count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(the_same_id_is_the_same_batch),
        WITH_WORLD(an_account_has_no_end_of_batches),
        WITH_WORLD(rows_that_come_again_are_passed_over),
        WITH_WORLD(a_batch_has_a_size),
        WITH_WORLD(bad_rows_are_told_by_their_line),
        WITH_WORLD(an_empty_text_is_no_message),
        WITH_WORLD(numbers_may_repeat_when_asked),
        WITH_WORLD(rows_are_released_as_phones_have_room),
        WITH_WORLD(every_row_is_one_message_of_the_class_bulk),
        WITH_WORLD(without_a_phone_rows_wait),
        WITH_WORLD(a_full_queue_stops_the_batch_and_loses_nothing),
        WITH_WORLD(the_pace_is_kept),
        WITH_WORLD(the_pace_counts_parts),
        WITH_WORLD(a_pause_holds_what_no_phone_has),
        WITH_WORLD(a_pause_leaves_a_phone_what_it_has),
        WITH_WORLD(a_pause_and_on_again_at_once_loses_nothing),
        WITH_WORLD(a_pause_saves_no_pace_up),
        WITH_WORLD(states_change_as_the_table_says),
        WITH_WORLD(a_cancel_takes_back_what_no_phone_has),
        WITH_WORLD(what_is_too_late_expires),
        WITH_WORLD(what_is_left_alone_is_canceled),
        WITH_WORLD(a_disabled_accounts_batches_rest),
        WITH_WORLD(failures_and_retries_are_counted_where_they_end),
        WITH_WORLD(a_lost_commit_releases_nothing),
        WITH_WORLD(erasing_a_number_takes_its_rows),
        WITH_WORLD(retention_takes_the_batch_and_its_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
