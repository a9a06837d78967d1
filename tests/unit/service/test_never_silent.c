/*
 * Nothing stays open for ever: each kind of message in each situation walks to its end on a clock
 * of its own, and is final with a reason at the latest at the limit that its time line promises.
 * Then what should never happen: rows that the ordinary ways leave over, and the watchdog.
 */
#include "message_fixture.h"

#include "alert/board.h"
#include "service/message/priv.h"
#include "service/timeline/timeline.h"
#include "service/timeline/watchdog.h"
#include "service/webhook/webhook_service.h"
#include "store/timeline_store.h"

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)

/* ---- what is walked ---- */

/* What is sent. */
static const struct sort {
    const char *name;
    bool is_otp, is_bulk, is_data, is_encrypted, is_scheduled, is_short, wants_no_report;
    int recipients;
} sorts[] = {
    {.name = "text", .recipients = 1},
    {.name = "without report", .wants_no_report = true, .recipients = 1},
    {.name = "code", .is_otp = true, .is_short = true, .recipients = 1},
    {.name = "bulk", .is_bulk = true, .recipients = 1},
    {.name = "data", .is_data = true, .recipients = 1},
    {.name = "encrypted", .is_encrypted = true, .recipients = 2},
    {.name = "scheduled", .is_scheduled = true, .recipients = 1},
    {.name = "of a few minutes", .is_short = true, .recipients = 1},
    {.name = "to three", .recipients = 3},
};

/* What befalls it. first, second: its phones; the second one is there from the beginning, too. */
struct walk {
    struct world *w;
    const struct sort *sort;
    struct og_str first, second, id;
};

static void
be_present(struct walk *k)
{
    set_present(k->w, k->first, true);
    set_present(k->w, k->second, true);
}

/* The phone that has it, after both have fetched. */
static struct og_str
fetch(struct walk *k)
{
    be_present(k);
    pull(k->w, k->first);
    pull(k->w, k->second);
    return row_of(k->w, k->id).device_id;
}

static void
nobody_there(struct walk *k)
{
    (void)k;
}

static void
never_fetched(struct walk *k)
{
    be_present(k);
}

static void
fetched_and_silent(struct walk *k)
{
    fetch(k);
}

static void
taken_and_silent(struct walk *k)
{
    report(k->w, fetch(k), k->id, OG_MESSAGE_PROCESSED);
}

static void
sent_and_silent(struct walk *k)
{
    report(k->w, fetch(k), k->id, OG_MESSAGE_SENT);
}

static void
one_of_them_sent(struct walk *k)
{
    const struct og_str holder = fetch(k);
    const struct og_message m = row_of(k->w, k->id);
    struct og_report_op *op = new_report(k->w, holder, k->id, OG_MESSAGE_SENT);
    struct og_recipient_report *of = OG_ARENA_NEW(&k->w->mem, struct og_recipient_report);
    *of = (struct og_recipient_report){.number = m.record.recipients[0].number,
                                       .state = OG_MESSAGE_SENT};
    ((struct og_report *)op->items)->report.recipients = of;
    ((struct og_report *)op->items)->report.recipient_count = 1;
    must(k->w, world_run_one(k->w, REPORT(op)));
}

static void
failed(struct walk *k)
{
    report(k->w, fetch(k), k->id, OG_MESSAGE_FAILED);
}

static void
failed_and_the_next_silent(struct walk *k)
{
    failed(k);
    fetch(k);
}

static void
cancelled_before(struct walk *k)
{
    const enum og_code code = cancel(k->w, k->id);
    assert_true(code == OG_OK || code == OG_E_CONFLICT);
}

static void
cancelled_and_silent(struct walk *k)
{
    fetch(k);
    cancelled_before(k);
}

static void
cancelled_and_taken(struct walk *k)
{
    const struct og_str holder = fetch(k);
    cancelled_before(k);
    report(k->w, holder, k->id, OG_MESSAGE_PROCESSED);
}

static void
phone_removed(struct walk *k)
{
    be_present(k);
    remove_phone(k->w, row_of(k->w, k->id).device_id);
}

static void
phone_removed_that_had_it(struct walk *k)
{
    const struct og_str holder = fetch(k);
    if (holder.len) {
        remove_phone(k->w, holder);
    }
}

static void
all_phones_removed(struct walk *k)
{
    remove_phone(k->w, k->first);
    remove_phone(k->w, k->second);
}

static void
phones_resting(struct walk *k)
{
    be_present(k);
    og_route_table_find(k->w->svc.lane.routes, k->first)->health.quarantined_until = NOON * 2;
    og_route_table_find(k->w->svc.lane.routes, k->second)->health.quarantined_until = NOON * 2;
    fetch(k);
}

static void
a_late_word_of_the_first(struct walk *k)
{
    const struct og_str holder = fetch(k);
    k->w->now_ms += 40 * SECOND;
    move(k->w);
    fetch(k);
    if (holder.len) {
        report(k->w, holder, k->id, OG_MESSAGE_SENT);
    }
}

static const struct {
    const char *name;
    void (*befall)(struct walk *k);
} situations[] = {
    {"nobody there", nobody_there},
    {"never fetched", never_fetched},
    {"fetched, silent", fetched_and_silent},
    {"taken, silent", taken_and_silent},
    {"sent, silent", sent_and_silent},
    {"one recipient sent", one_of_them_sent},
    {"failed", failed},
    {"failed, the next silent", failed_and_the_next_silent},
    {"cancelled before", cancelled_before},
    {"cancelled, silent", cancelled_and_silent},
    {"cancelled, taken", cancelled_and_taken},
    {"phone removed", phone_removed},
    {"phone removed that had it", phone_removed_that_had_it},
    {"all phones removed", all_phones_removed},
    {"phones resting", phones_resting},
    {"a late word", a_late_word_of_the_first},
};

/* ---- the walk ---- */

static struct og_message
send_sort(struct world *w, const struct sort *sort)
{
    static const struct og_str numbers[] = {
        {"+4915112345678", 14}, {"+4915112345679", 14}, {"+4915112345670", 14}};
    struct og_message_ask ask = new_ask();
    ask.numbers = (struct og_str_list){numbers, (size_t)sort->recipients};
    ask.is_otp = sort->is_otp;
    ask.is_bulk = sort->is_bulk;
    ask.data_port = sort->is_data ? 53739 : 0;
    ask.text = sort->is_data ? OG_STR("AAAA") : TEXT;
    ask.is_encrypted = sort->is_encrypted;
    ask.want_report = !sort->wants_no_report;
    ask.schedule_at_ms = sort->is_scheduled ? w->now_ms + 300 * SECOND : 0;
    ask.valid_until_ms = sort->is_short ? w->now_ms + 240 * SECOND : 0;
    return send_ask(w, &ask);
}

static void
release(struct world *w)
{
    struct og_release_op *op = OG_ARENA_NEW(&w->mem, struct og_release_op);
    op->svc = &w->svc;
    op->mem = &w->mem;
    must(w, world_run_one(w, STEP(op, og_release_apply, og_release_committed)));
}

/* A round of jobs/sweeper. */
static void
sweep(struct world *w)
{
    expire(w);
    release(w);
    move(w);
}

static struct og_timeline
timeline_of(struct world *w, struct og_str id)
{
    struct og_timeline_op *op = OG_ARENA_NEW(&w->mem, struct og_timeline_op);
    op->svc = &w->svc;
    op->mem = &w->mem;
    op->id = id;
    op->account_id = ACCOUNT;
    op->no_verifications = true;
    must(w, world_run_one(w, STEP(op, og_timeline_apply, NULL)));
    return op->out;
}

/* Its end says why, in the row and in the time line. */
static void
check_end(const struct walk *k, const char *situation)
{
    const struct og_message m = row_of(k->w, k->id);
    const struct og_timeline line = timeline_of(k->w, k->id);
    const enum og_message_state state = m.record.state;
    const bool is_mute = state == OG_MESSAGE_PENDING || state == OG_MESSAGE_CANCELLING ||
                         state == OG_MESSAGE_PROCESSED;
    const bool says_why = state != OG_MESSAGE_FAILED || m.reason.len ||
                          strstr(situation, "failed"); /* the phone gave no reason */
    if (is_mute || !says_why || line.waits.reason[0] || line.final_at != m.final_at) {
        fail_msg("%s, %s: ends as %s, \"%" OG_STR_FMT "\", waits for %s", k->sort->name, situation,
                 og_message_state_name(state), OG_STR_ARG(m.reason), line.waits.reason);
    }
    assert_string_equal(line.steps[0].state, "Pending");
    assert_true(line.count >= 2);
}

/* Seconds from its beginning at which somebody sweeps: dense where things happen, then up to the
 * hour. */
static const int64_t rounds_s[] = {1,   2,   4,   8,    15,   25,   35,   45,   60,  90,
                                   180, 235, 240, 241,  299,  300,  301,  400,  900, 1800,
                                   3000, 3599, 3600, 3601, 3899, 3900, 3901};

static void
walk_to_the_end(struct walk *k, const char *situation, bool restarts)
{
    const int64_t start = k->w->now_ms;
    const int64_t hard_limit = (k->sort->is_scheduled ? start + 300 * SECOND : start) + MAX_AGE_MS;
    for (size_t i = 0; i < COUNT(rounds_s); i++) {
        const int64_t at = start + rounds_s[i] * SECOND;
        k->w->now_ms = at > k->w->now_ms ? at : k->w->now_ms;
        if (restarts && i == 3) {
            world_open_queue(k->w); /* what is not in the rows is gone */
        }
        sweep(k->w);
        const struct og_message m = row_of(k->w, k->id);
        if (m.final_at) {
            break;
        }
        const struct og_timeline line = timeline_of(k->w, k->id);
        if (line.limit_at <= k->w->now_ms || line.limit_at > hard_limit ||
            !line.waits.reason[0]) {
            fail_msg("%s, %s, %lld s: %s, waits for \"%s\", limit in %lld ms", k->sort->name,
                     situation, (long long)rounds_s[i], og_message_state_name(m.record.state),
                     line.waits.reason, (long long)(line.limit_at - k->w->now_ms));
        }
    }
    check_end(k, situation);
    assert_false(is_queued(k->w, k->id));
}

static void
walk_one(struct world *w, const struct sort *sort, size_t situation, bool restarts)
{
    struct walk k = {.w = w, .sort = sort, .first = add_phone(w), .second = add_phone(w)};
    k.id = send_sort(w, sort).id;
    if (sort->is_scheduled && situation % 2) { /* let go, or still held, when it befalls it */
        w->now_ms += 300 * SECOND;
        sweep(w);
        w->now_ms -= 300 * SECOND;
    }
    situations[situation].befall(&k);
    walk_to_the_end(&k, situations[situation].name, restarts);
    remove_phone(w, k.first);
    remove_phone(w, k.second);
    w->now_ms += 2 * HOUR;
    og_arena_reset(&w->mem);
}

static void
test_every_message_ends(void **state)
{
    struct world *w = *state;
    for (size_t s = 0; s < COUNT(sorts); s++) {
        for (size_t i = 0; i < COUNT(situations); i++) {
            walk_one(w, &sorts[s], i, false);
            walk_one(w, &sorts[s], i, true);
        }
    }
}

static void
test_every_message_ends_without_routing(void **state)
{
    struct world *w = *state;
    world_route(w, &world_simple_routing);
    for (size_t s = 0; s < COUNT(sorts); s++) {
        for (size_t i = 0; i < COUNT(situations); i++) {
            walk_one(w, &sorts[s], i, i % 2);
        }
    }
}

static struct og_watchdog_op *
watch(struct world *w, int64_t swept_at_ms)
{
    struct og_watchdog_op *op = OG_ARENA_NEW(&w->mem, struct og_watchdog_op);
    op->svc = &w->svc;
    op->mem = &w->mem;
    op->swept_at_ms = swept_at_ms;
    must(w, world_run_one(w, STEP(op, og_watchdog_apply, og_watchdog_committed)));
    return op;
}

/* ---- events ---- */

/* A round of jobs/webhook_sender; what it takes comes back with this result, or with none. */
struct sender {
    struct world *w;
    bool answers;
    struct og_webhook_result results[8];
    int result_count;
};

static int
send_round(struct sender *self)
{
    struct world *w = self->w;
    struct og_webhook_round_op *op = OG_ARENA_NEW(&w->mem, struct og_webhook_round_op);
    *op = (struct og_webhook_round_op){.svc = &w->svc,
                                       .mem = &w->mem,
                                       .results = self->result_count ? self->results : NULL,
                                       .looks_at_all = true,
                                       .given_max = 8,
                                       .tries_max = 8,
                                       .first_wait_ms = 10 * SECOND};
    must(w, world_run_one(w, STEP(op, og_webhook_round_apply, NULL)));
    self->result_count = 0;
    for (int i = 0; self->answers && i < op->try_count; i++) {
        const struct og_webhook_try *one = &op->tries[i];
        self->results[i] = (struct og_webhook_result){.id = one->id,
                                                      .account_id = one->account_id,
                                                      .webhook_id = one->webhook_id,
                                                      .created_at = one->created_at,
                                                      .failed = one->failed,
                                                      .reason = "status 500"};
        self->results[i].next = i + 1 < op->try_count ? &self->results[i + 1] : NULL;
        self->result_count++;
    }
    return op->try_count;
}

/* Deliveries in its time line that are given up, or are not. */
static int
count_events(struct world *w, struct og_str message, bool is_given_up)
{
    const struct og_timeline line = timeline_of(w, message);
    int count = 0;
    for (size_t i = 0; i < line.count; i++) {
        count += line.steps[i].what == OG_STEP_WEBHOOK &&
                 (strcmp(line.steps[i].result, "given_up") == 0) == is_given_up;
    }
    return count;
}

/* Two events of one message, the second behind the first: a receiver that always fails, or of which
 * no result ever comes. Both are given up, and the time line says so. */
static void
test_every_event_ends(void **state)
{
    struct world *w = *state;
    const struct og_str phone = add_phone(w);
    for (int answers = 0; answers < 2; answers++) {
        struct sender sender = {.w = w, .answers = answers};
        static const enum og_webhook_event events[] = {OG_WEBHOOK_SMS_SENT,
                                                       OG_WEBHOOK_SMS_DELIVERED};
        for (size_t i = 0; i < COUNT(events); i++) {
            const struct og_webhook hook = {.account_id = ACCOUNT,
                                            .id = i ? OG_STR("h2") : OG_STR("h1"),
                                            .url = OG_STR("https://hook.example/"),
                                            .event = events[i],
                                            .created_at = w->now_ms};
            must(w, og_webhook_put(w->db, &hook, &w->err));
        }
        w->svc.lane.webhook_count = 2;
        struct og_message_ask ask = new_ask();
        ask.want_report = true;
        const struct og_message m = send_ask(w, &ask);
        pull(w, phone);
        report(w, phone, m.id, OG_MESSAGE_SENT);
        report(w, phone, m.id, OG_MESSAGE_DELIVERED);
        assert_int_equal(count_events(w, m.id, false), 2);
        const int64_t start = w->now_ms;
        const int64_t limit = start + OG_WEBHOOK_GIVE_UP_MS + OG_WATCHDOG_EVENT_LATE_MS;
        for (; w->now_ms < limit; w->now_ms += 300 * SECOND) {
            send_round(&sender);
            assert_int_equal(watch(w, w->now_ms)->event_count, 0);
        }
        if (!answers) {
            assert_int_equal(count_events(w, m.id, false), 2);
            w->now_ms = limit;
            assert_int_equal(watch(w, w->now_ms)->event_count, 2);
        }
        assert_int_equal(count_events(w, m.id, false), 0);
        assert_int_equal(count_events(w, m.id, true), 2);
        assert_int_equal(send_round(&sender), 0);
    }
}

/* ---- what is left over ---- */

enum { BREAK_BOX, BREAK_DEADLINE, ADD_VERIFICATION, ADD_EVENT, EVENT_IS_DEAD, BREAKS };

static const char *const break_sql[BREAKS] = {
    [BREAK_BOX] = "UPDATE messages SET recipients = $2 WHERE id = $1",
    [BREAK_DEADLINE] = "UPDATE messages SET deadline_at = $2 WHERE id = $1",
    [ADD_VERIFICATION] =
        "INSERT INTO verifications (id, account_id, credential_id, recipient_digest, recipient, "
        "recipient_masked, purpose, state, code_length, attempts, message_id, send_count, "
        "created_at, expires_at, resend_at) VALUES ($1, 'acc-a', 'c', 'd', x'00', 'm', 'p', 0, 6, "
        "5, 'none', 1, $2, $2, $2)",
    [ADD_EVENT] = "INSERT INTO webhook_outbox (id, account_id, webhook_id, line, event, body, "
                  "created_at, next_at) VALUES ($1, 'acc-a', 'none', 'l', 'sms:sent', x'00', $2, "
                  "$2)",
    [EVENT_IS_DEAD] = ("UPDATE webhook_outbox SET failed = failed WHERE id = $1 AND "
                       "dead_at IS NOT NULL AND $2 <> 1"),
};
static const struct og_sql_page break_page = {OG_PAGE_CLIENT_APP, break_sql, BREAKS};

static int64_t
break_row(struct world *w, int statement, struct og_str id, struct og_value value)
{
    int64_t changed = 0;
    must(w, og_db_run(w->db, &break_page, statement, OG_ARGS(og_value_text(id), value), &changed,
                      &w->err));
    return changed;
}

/* A row that nobody can read any more ends, and holds up nobody until then. */
static void
test_a_broken_row(void **state)
{
    struct world *w = *state;
    const struct og_str phone = add_phone(w);
    const struct og_message broken = send_one(w), sound = send_one(w);
    break_row(w, BREAK_BOX, broken.id, og_value_blob(OG_STR("nonsense")));
    assert_int_equal(pull(w, phone)->count, 1);
    report(w, phone, broken.id, OG_MESSAGE_SENT); /* and no report fails because of it */
    move(w);
    w->now_ms += MAX_AGE_MS;
    assert_int_equal(expire(w), 1);
    assert_state(w, sound.id, OG_MESSAGE_FAILED, true, "TTL expired");
    assert_int_equal(watch(w, w->now_ms)->message_count, 0);
    w->now_ms += OG_WATCHDOG_LATE_MS;
    assert_int_equal(watch(w, w->now_ms - 1)->message_count, 0);
    assert_int_equal(watch(w, w->now_ms)->message_count, 1);
    assert_int_equal(watch(w, w->now_ms)->message_count, 0);
    assert_false(is_queued(w, broken.id));
    assert_int_equal(expire(w), 0);
}

/* One that was overlooked ends as it would have, and says so; that is an alert. */
static void
test_an_overlooked_message(void **state)
{
    struct world *w = *state;
    const struct og_alert_board_config config = {&w->clock, 60000};
    w->svc.alerts = og_alert_board_create(&config);
    struct og_alert alert;
    struct og_str phone = add_phone(w);
    const struct og_message unsent = send_one(w);
    struct og_message_ask ask = new_ask();
    ask.want_report = true;
    const struct og_message sent = send_ask(w, &ask);
    pull(w, phone);
    report(w, phone, sent.id, OG_MESSAGE_SENT);
    for (int i = 0; i < 2; i++) {
        break_row(w, BREAK_DEADLINE, i ? sent.id : unsent.id, og_value_i64(w->now_ms));
    }
    watch(w, w->now_ms);
    assert_int_equal(og_alert_list(w->svc.alerts, &alert, 1), 0);
    w->now_ms += OG_WATCHDOG_LATE_MS;
    assert_int_equal(watch(w, w->now_ms)->message_count, 2);
    assert_state(w, unsent.id, OG_MESSAGE_FAILED, true, "left over: ended by the watchdog");
    assert_int_equal(row_of(w, unsent.id).record.recipients[0].state, OG_MESSAGE_FAILED);
    assert_state(w, sent.id, OG_MESSAGE_SENT, true, "");
    assert_int_equal(og_alert_list(w->svc.alerts, &alert, 1), 1);
    assert_int_equal(alert.kind, OG_ALERT_WATCHDOG);
    assert_string_equal(alert.subject, "messages");
    assert_int_equal(alert.figure, 2);
    og_alert_board_destroy(w->svc.alerts);
    w->svc.alerts = NULL;
}

static void
test_verifications_and_events(void **state)
{
    struct world *w = *state;
    const int64_t give_up_ms = OG_WEBHOOK_GIVE_UP_MS + OG_WATCHDOG_EVENT_LATE_MS;
    char id[OG_ID_BYTES];
    og_id_make(w->now_ms, id);
    break_row(w, ADD_VERIFICATION, OG_STR("v"), og_value_i64(w->now_ms));
    break_row(w, ADD_EVENT, og_str_from(id), og_value_i64(w->now_ms));
    assert_int_equal(watch(w, NOON + OG_WATCHDOG_LATE_MS - 1)->verification_count, 0);
    assert_int_equal(watch(w, NOON + OG_WATCHDOG_LATE_MS)->verification_count, 1);
    assert_int_equal(watch(w, NOON + give_up_ms - 1)->event_count, 0);
    assert_int_equal(watch(w, NOON + give_up_ms)->event_count, 1);
    assert_int_equal(break_row(w, EVENT_IS_DEAD, og_str_from(id), og_value_i64(0)), 1);
    assert_int_equal(watch(w, NOON + give_up_ms)->event_count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_every_message_ends),
        WITH_WORLD(test_every_message_ends_without_routing),
        WITH_WORLD(test_every_event_ends),
        WITH_WORLD(test_a_broken_row),
        WITH_WORLD(test_an_overlooked_message),
        WITH_WORLD(test_verifications_and_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
