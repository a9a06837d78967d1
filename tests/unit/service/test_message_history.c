/*
 * Memory that is rebuilt from the rows is the memory that was; and random histories: whatever
 * happens, in whichever order and company, no message is ever handed to two phones, rows and queue
 * agree after every batch, what is settled stays, and in the end every message is final.
 */
#include "message_fixture.h"

/* ---- restart ---- */

/* What a phone would be given now. */
static struct og_str
listing(struct world *w, struct og_str account, struct og_str device)
{
    struct og_dispatch_item items[64];
    struct og_buf text;
    og_buf_init(&text, 1 << 16);
    size_t count = og_dispatch_list(w->svc.lane.dispatch, account, device, w->now_ms, false, items,
                                    COUNT(items));
    for (size_t i = 0; i < count; i++) {
        og_buf_printf(&text, "%" OG_STR_FMT " %d %d %d %d %lld\n", OG_STR_ARG(items[i].id),
                      items[i].phase, items[i].is_bound, items[i].is_cancelling,
                      items[i].priority, (long long)items[i].deadline_ms);
    }
    struct og_str out = og_str_dup(&w->mem, og_buf_str(&text));
    og_buf_finish(&text);
    return out;
}

static void
test_a_restart_changes_nothing(void **state)
{
    struct world *w = *state;
    struct og_str phones[] = {add_phone(w), add_phone(w)};
    struct og_str foreign = add_phone_of(w, OTHER_ACCOUNT);
    struct og_message sent[12];
    for (int i = 0; i < 12; i++) {
        struct og_message_ask ask = new_ask();
        ask.priority = i % 3 * 50 - 50;
        ask.is_otp = i % 4 == 0;
        ask.device_id = i % 5 == 0 ? phones[1] : OG_STR("");
        ask.valid_until_ms = i % 2 ? NOON + 60000 + i : 0;
        w->now_ms += i % 2; /* some in one millisecond */
        sent[i] = send_ask(w, &ask);
    }
    struct og_message_ask theirs = new_ask();
    theirs.account_id = OTHER_ACCOUNT;
    send_ask(w, &theirs);
    pull(w, phones[0]);
    pull(w, phones[1]);
    report(w, sent[0].device_id, sent[0].id, OG_MESSAGE_SENT);
    report(w, sent[1].device_id, sent[1].id, OG_MESSAGE_PROCESSED);
    must(w, cancel(w, sent[2].id));
    must(w, cancel(w, sent[3].id));
    report(w, sent[3].device_id, sent[3].id, OG_MESSAGE_CANCELLED);
    for (int i = 0; i < 3; i++) {
        send_one(w); /* not handed yet */
    }
    assert_agreement(w);
    struct og_str before[] = {listing(w, ACCOUNT, phones[0]), listing(w, ACCOUNT, phones[1]),
                              listing(w, OTHER_ACCOUNT, foreign), listing(w, ACCOUNT, OG_STR(""))};
    struct og_dispatch_totals totals = og_dispatch_totals(w->svc.lane.dispatch);
    world_open_queue(w);
    assert_agreement(w);
    assert_text(listing(w, ACCOUNT, phones[0]), before[0]);
    assert_text(listing(w, ACCOUNT, phones[1]), before[1]);
    assert_text(listing(w, OTHER_ACCOUNT, foreign), before[2]);
    assert_text(listing(w, ACCOUNT, OG_STR("")), before[3]);
    struct og_dispatch_totals after = og_dispatch_totals(w->svc.lane.dispatch);
    assert_int_equal(after.waiting, totals.waiting);
    assert_int_equal(after.handed, totals.handed);
    assert_int_equal(after.devices, 3);
    assert_int_equal(after.connected, 0);
}

static void
test_messages_of_a_removed_phone_wait_for_another(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_message m = send_one(w);
    remove_phone(w, phone);
    world_open_queue(w);
    assert_text(queued_for(w, m.id), OG_STR(""));
    assert_agreement(w);
    struct og_str next = add_phone(w);
    set_present(w, next, true);
    assert_int_equal(pull(w, next)->count, 1);
}

/* ---- random histories ---- */

#define PHONES_MAX 4
#define MESSAGES_MAX 160
#define BATCHES 200
#define HISTORIES 60

struct fate {
    struct og_str id;
    struct og_str phone; /* that it was handed to, "" none */
    enum og_message_state settled; /* proven by a phone, or ended before any had it */
    bool is_settled;
};

struct history {
    struct world *w;
    uint32_t seed;
    struct og_str phones[PHONES_MAX]; /* "" : removed */
    struct fate fates[MESSAGES_MAX];
    int fate_count;
    /* the batch under way */
    struct step steps[BATCH_MAX];
    int step_count;
};

static uint32_t
draw(struct history *h, uint32_t bound)
{
    h->seed = h->seed * 1664525u + 1013904223u;
    return (h->seed >> 8) % bound;
}

static bool
chance(struct history *h, uint32_t percent)
{
    return draw(h, 100) < percent;
}

static struct og_str
any_phone(struct history *h)
{
    struct og_str phone = h->phones[draw(h, PHONES_MAX)];
    return phone.len ? phone : OG_STR("removed");
}

/* NULL: there is none yet. Mostly a recent one, so that things meet. */
static struct fate *
any_fate(struct history *h)
{
    if (h->fate_count == 0) {
        return NULL;
    }
    int back = (int)draw(h, chance(h, 70) ? 10 : MESSAGES_MAX);
    return &h->fates[back < h->fate_count ? h->fate_count - 1 - back : 0];
}

static void
add_step(struct history *h, struct step step)
{
    h->steps[h->step_count++] = step;
}

/* ---- what can happen ---- */

static void
do_send(struct history *h)
{
    static const struct og_str numbers[] = {{"+49151000001", 12}, {"+49151000002", 12}};
    static const int64_t lives_ms[] = {0, 0, 1, 2000, 30000};
    struct og_message_ask ask = new_ask();
    ask.numbers = (struct og_str_list){numbers, chance(h, 25) ? 2 : 1};
    ask.device_id = chance(h, 25) ? any_phone(h) : OG_STR("");
    ask.priority = (int64_t)draw(h, 3) * 100 - 100;
    ask.is_otp = chance(h, 30);
    ask.want_report = chance(h, 50);
    int64_t life_ms = lives_ms[draw(h, COUNT(lives_ms))];
    ask.valid_until_ms = life_ms ? h->w->now_ms + life_ms : 0;
    add_step(h, SEND(new_send(h->w, &ask)));
}

static void
do_pull(struct history *h)
{
    struct og_pull_op *op = new_pull(h->w, any_phone(h));
    op->lifo = chance(h, 50);
    add_step(h, PULL(op));
}

static void
do_report(struct history *h)
{
    const struct fate *fate = any_fate(h);
    if (!fate) {
        return;
    }
    struct og_str phone = fate->phone.len && chance(h, 85) ? fate->phone : any_phone(h);
    struct og_report_op *op =
        new_report(h->w, phone, fate->id, (enum og_message_state)draw(h, OG_MESSAGE_STATE_COUNT));
    if (chance(h, 40)) { /* of one recipient only, sometimes of a stranger */
        struct og_report *item = OG_ARENA_NEW(&h->w->mem, struct og_report);
        struct og_recipient_report *one = OG_ARENA_NEW(&h->w->mem, struct og_recipient_report);
        *item = op->items[0];
        one->number = og_str_printf(&h->w->mem, "+4915100000%u", draw(h, 4));
        one->state = item->report.state;
        one->error = OG_STR("why");
        item->report.recipients = one;
        item->report.recipient_count = 1;
        op->items = item;
    }
    add_step(h, REPORT(op));
}

static void
do_cancel(struct history *h)
{
    const struct fate *fate = any_fate(h);
    if (fate) {
        add_step(h, CANCEL(new_cancel(h->w, fate->id)));
    }
}

static void
do_expire(struct history *h)
{
    add_step(h, EXPIRE(new_expire(h->w)));
}

static void
do_move(struct history *h)
{
    add_step(h, MOVE(new_move(h->w)));
}

static void
do_presence(struct history *h)
{
    add_step(h, PRESENCE(new_presence(h->w, any_phone(h), chance(h, 60))));
}

static void
do_remove(struct history *h)
{
    if (chance(h, 25)) {
        add_step(h, REMOVE(new_remove(h->w, ACCOUNT, any_phone(h))));
    }
}

static void
do_register(struct history *h)
{
    add_step(h, REGISTER(new_register(h->w, ACCOUNT)));
}

static void (*const events[])(struct history *) = {
    do_send,   do_send,   do_send, do_pull, do_pull,     do_pull,   do_report,  do_report,
    do_report, do_cancel, do_move, do_move, do_presence, do_remove, do_register, do_expire,
};

/* ---- what must hold ---- */

static struct fate *
fate_of(struct history *h, struct og_str id)
{
    for (int i = 0; i < h->fate_count; i++) {
        if (og_str_eq(h->fates[i].id, id)) {
            return &h->fates[i];
        }
    }
    fail_msg("a message from nowhere");
    return NULL;
}

/* What left with the answer of a pull may be on the air. */
static void
note_pull(struct history *h, const struct og_pull_op *op)
{
    for (int i = 0; i < op->count; i++) {
        struct fate *fate = fate_of(h, op->items[i].id);
        if (fate->phone.len && !og_str_eq(fate->phone, op->device_id)) {
            fail_msg("%" OG_STR_FMT " was handed twice", OG_STR_ARG(fate->id));
        }
        assert_false(fate->is_settled);
        assert_true(op->items[i].deadline_at > h->w->now_ms);
        fate->phone = op->device_id;
    }
}

static void
note_phone(struct history *h, struct og_str id, bool is_there)
{
    for (int i = 0; i < PHONES_MAX; i++) {
        struct og_str wanted = is_there ? OG_STR("") : id;
        if (og_str_eq(h->phones[i], wanted)) {
            h->phones[i] = is_there ? id : OG_STR("");
            return;
        }
    }
}

/* Each answer, as its receiver sees it: accepted messages exist from now on. */
static void
note_answer(struct history *h, const struct step *step)
{
    if (step->op->code != OG_OK) {
        return;
    }
    if (step->kind.apply == og_send_apply) {
        h->fates[h->fate_count++] = (struct fate){.id = ((struct og_send_op *)step->op)->out.id};
    } else if (step->kind.apply == og_pull_apply) {
        note_pull(h, (struct og_pull_op *)step->op);
    } else if (step->kind.apply == og_device_remove_apply) {
        note_phone(h, ((struct og_device_remove_op *)step->op)->device_id, false);
    } else if (step->kind.apply == og_device_register_apply) {
        note_phone(h, ((struct og_device_register_op *)step->op)->out.id, true);
    }
}

/* Only what we had assumed may be corrected, and Sent may become more. */
static void
note_row(void *ctx, const struct look *row)
{
    struct history *h = ctx;
    struct fate *fate = fate_of(h, row->id);
    if (fate->is_settled && fate->settled != row->state) {
        fail_msg("%" OG_STR_FMT " was %s and is %s", OG_STR_ARG(row->id),
                 og_message_state_name(fate->settled), og_message_state_name(row->state));
    }
    fate->is_settled = row->state == OG_MESSAGE_DELIVERED || row->state == OG_MESSAGE_CANCELLED ||
                       (row->state == OG_MESSAGE_FAILED && !row->is_handed);
    fate->settled = row->state;
    if (og_route_table_policy(h->w->svc.lane.routes)->is_smart) {
        fate->phone = row->is_handed ? og_str_dup(&h->w->mem, row->device) : OG_STR("");
        return; /* it may have gone to another phone */
    }
    assert_int_equal(row->is_handed, fate->phone.len > 0);
    if (row->is_handed) {
        assert_text(row->device, fate->phone);
    }
}

static void
assert_history(struct history *h)
{
    struct og_arena mem;
    og_arena_init(&mem, 0);
    look_at_rows(h->w, &mem, note_row, h);
    og_arena_finish(&mem);
    assert_agreement(h->w);
}

/* ---- a history ---- */

/* Is there room for what this batch could add? */
static bool
has_room(const struct history *h)
{
    return h->fate_count + BATCH_MAX <= MESSAGES_MAX;
}

static void
run_batch(struct history *h)
{
    h->step_count = 0;
    for (int count = 1 + (int)draw(h, BATCH_MAX); count > 0; count--) {
        void (*event)(struct history *) = events[draw(h, COUNT(events))];
        if (event != do_send || has_room(h)) {
            event(h);
        }
    }
    h->w->next_commit = chance(h, 5) ? OG_FAULT_IO : OG_FAULT_NONE;
    world_run(h->w, h->steps, h->step_count);
    for (int i = 0; i < h->step_count; i++) {
        note_answer(h, &h->steps[i]);
        if (h->steps[i].kind.committed == og_presence_committed) {
            og_arena_finish(&((struct og_presence_op *)h->steps[i].op)->mem);
        }
    }
}

static void
pass_time(struct history *h)
{
    static const int64_t steps_ms[] = {0, 0, 1, 500, 500, 3000, 15000, 40000};
    h->w->now_ms += steps_ms[draw(h, COUNT(steps_ms))];
}

static void
assert_final(void *ctx, const struct look *row)
{
    (void)ctx;
    if (!row->is_final) {
        fail_msg("%" OG_STR_FMT " is %s for ever", OG_STR_ARG(row->id),
                 og_message_state_name(row->state));
    }
}

static void
run_history(struct history *h)
{
    for (int i = 0; i < BATCHES; i++) {
        pass_time(h);
        run_batch(h);
        assert_history(h);
        if (chance(h, 2)) {
            world_open_queue(h->w);
            assert_history(h);
        }
    }
    h->w->now_ms += MAX_AGE_MS;
    while (expire(h->w) > 0) {
    }
    assert_history(h);
    look_at_rows(h->w, &h->w->mem, assert_final, NULL);
    struct og_dispatch_totals totals = og_dispatch_totals(h->w->svc.lane.dispatch);
    assert_int_equal(totals.waiting + totals.handed, 0);
}

static void
test_random_histories(void **state)
{
    (void)state;
    int handed_count = 0;
    og_log_set_level(OG_LOG_ERROR + 1); /* injected faults would fill pages */
    for (uint32_t seed = 1; seed <= HISTORIES; seed++) {
        void *world;
        world_setup(&world);
        og_log_set_level(OG_LOG_ERROR + 1);
        struct history *h = og_xalloc(sizeof *h);
        *h = (struct history){.w = world, .seed = seed};
        if (seed % 2) { /* with the router and without */
            world_route(h->w, &world_simple_routing);
        }
        for (int i = 0; i < PHONES_MAX - 1; i++) {
            h->phones[i] = add_phone(h->w);
        }
        run_history(h);
        for (int i = 0; i < h->fate_count; i++) {
            handed_count += h->fates[i].phone.len > 0;
        }
        free(h);
        world_teardown(&world);
    }
    assert_true(handed_count > HISTORIES * MESSAGES_MAX / 4); /* the histories were eventful */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_a_restart_changes_nothing),
        WITH_WORLD(test_messages_of_a_removed_phone_wait_for_another),
        cmocka_unit_test(test_random_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
