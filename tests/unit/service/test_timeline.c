/*
 * Time lines of messages: what deviates from an ordinary life is noted once, with its reason, and
 * an ordinary life notes nothing.
 */
#include "message_fixture.h"

#include "service/timeline/timeline.h"
#include "store/timeline_store.h"

static struct og_timeline
timeline_of(struct world *w, struct og_str id)
{
    struct og_timeline_op *op = OG_ARENA_NEW(&w->mem, struct og_timeline_op);
    op->svc = &w->svc;
    op->mem = &w->mem;
    op->account_id = ACCOUNT;
    op->id = id;
    op->no_verifications = true;
    must(w, world_run_one(w, STEP(op, og_timeline_apply, NULL)));
    return op->out;
}

/* Its steps are these words, and no others. */
static struct og_timeline
assert_steps(struct world *w, struct og_str id, const char *expected)
{
    const struct og_timeline line = timeline_of(w, id);
    char got[512] = "";
    for (size_t i = 0; i < line.count; i++) {
        strcat(got, i ? " " : "");
        strcat(got, og_step_name(line.steps[i].what));
    }
    assert_string_equal(got, expected);
    return line;
}

static const struct og_timeline_step *
step_of(const struct og_timeline *line, enum og_step_what what)
{
    for (size_t i = 0; i < line->count; i++) {
        if (line->steps[i].what == what) {
            return &line->steps[i];
        }
    }
    fail_msg("no step %s", og_step_name(what));
    return NULL;
}

static int
note_count(struct world *w, struct og_str id)
{
    struct og_timeline_note *notes;
    int count;
    must(w, og_timeline_list(w->db, ACCOUNT, id, 50, &w->mem, &notes, &count, &w->err));
    return count;
}

/* ---- an ordinary life ---- */

static void
test_an_ordinary_life_notes_nothing(void **state)
{
    struct world *w = *state;
    static const bool otp[] = {false, true};
    const struct og_str phone = add_phone(w);
    set_present(w, phone, true);
    for (size_t i = 0; i < COUNT(otp); i++) {
        struct og_message_ask ask = new_ask();
        ask.is_otp = otp[i];
        ask.want_report = true;
        const struct og_message m = send_ask(w, &ask);
        w->now_ms += 300;
        pull(w, phone);
        w->now_ms += 500;
        report(w, phone, m.id, OG_MESSAGE_PROCESSED);
        report(w, phone, m.id, OG_MESSAGE_SENT);
        w->now_ms += 900;
        report(w, phone, m.id, OG_MESSAGE_DELIVERED);
        const struct og_timeline line =
            assert_steps(w, m.id, "accepted pushed handed processed sent delivered");
        assert_int_equal(note_count(w, m.id), 0);
        assert_int_equal(step_of(&line, OG_STEP_PUSHED)->at, m.created_at);
        assert_int_equal(step_of(&line, OG_STEP_HANDED)->at, m.created_at + 300);
        assert_int_equal(step_of(&line, OG_STEP_DELIVERED)->at, m.created_at + 1700);
        assert_text(step_of(&line, OG_STEP_HANDED)->device_name, OG_STR("phone"));
        assert_string_equal(line.class, otp[i] ? "otp" : "transactional");
        assert_string_equal(line.waits.reason, "");
    }
}

/* A phone's clock may be anywhere. */
static void
test_moments_of_phones_do_not_go_back(void **state)
{
    struct world *w = *state;
    const struct og_str phone = add_phone(w);
    const struct og_message m = send_one(w);
    w->now_ms += 5000;
    pull(w, phone);
    struct og_report_op *op = new_report(w, phone, m.id, OG_MESSAGE_SENT);
    struct og_message_report *of = &((struct og_report *)op->items)->report;
    of->times.at_ms[OG_MESSAGE_PROCESSED] = m.created_at - 3600000;
    of->times.at_ms[OG_MESSAGE_SENT] = m.created_at - 3599000;
    must(w, world_run_one(w, REPORT(op)));
    assert_steps(w, m.id, "accepted handed processed sent");
}

/* ---- what deviates ---- */

/* What moves in the queue's memory only is noted when it is handed: once, from the first to the
 * last. */
static void
test_a_move_is_noted_when_it_counts(void **state)
{
    struct world *w = *state;
    const struct og_str phones[] = {add_phone(w), add_phone(w)};
    const struct og_message m = send_one(w);
    const int is_second = og_str_eq(m.device_id, phones[1]);
    const struct og_str gone = phones[is_second], other = phones[!is_second];
    set_present(w, other, true);
    w->now_ms += GONE_AFTER_MS + 1;
    move(w);
    assert_text(queued_for(w, m.id), other);
    assert_int_equal(note_count(w, m.id), 0);
    w->now_ms += 700;
    pull(w, other);
    const struct og_timeline line =
        assert_steps(w, m.id, "accepted replanned pushed handed");
    const struct og_timeline_step *moved = step_of(&line, OG_STEP_REPLANNED);
    assert_text(moved->from_id, gone);
    assert_text(moved->device_id, other);
    assert_text(moved->reason, OG_STR("offline"));
    assert_int_equal(moved->at, NOON + GONE_AFTER_MS + 1);
    assert_text(step_of(&line, OG_STEP_ACCEPTED)->device_id, gone);
}

static void
test_a_removed_phone_is_a_reason(void **state)
{
    struct world *w = *state;
    const struct og_str phones[] = {add_phone(w), add_phone(w)};
    const struct og_message m = send_one(w);
    const int is_second = og_str_eq(m.device_id, phones[1]);
    remove_phone(w, phones[is_second]);
    set_present(w, phones[!is_second], true);
    pull(w, phones[!is_second]);
    const struct og_timeline line = timeline_of(w, m.id);
    assert_text(step_of(&line, OG_STEP_REPLANNED)->reason, OG_STR("phone_removed"));
    assert_text(step_of(&line, OG_STEP_REPLANNED)->from_name, OG_STR("phone"));
}

static const struct og_route_policy paced = {
    .is_smart = true,
    .sim = {.parts = {[OG_PACE_MINUTE] = 1}},
    .health = {.offline_after_ms = 20000, .silent_max = 3, .failures_max = 5,
               .quarantine_ms = 60000},
    .fetch_ms = 3000,
    .silence_ms = 30000,
    .routes_max = 3,
    .no_route_ms = 20000,
    .transit_ms = 5000,
};

static void
test_a_wait_is_noted_when_it_is_over(void **state)
{
    struct world *w = *state;
    world_route(w, &paced);
    const struct og_str phone = add_phone(w);
    set_present(w, phone, true);
    const struct og_message first = send_one(w);
    w->now_ms += 10;
    const struct og_message second = send_one(w);
    assert_int_equal(pull(w, phone)->count, 1);
    const struct og_timeline waiting = assert_steps(w, second.id, "accepted");
    assert_string_equal(waiting.waits.reason, "sim_pace");
    assert_string_equal(waiting.waits.detail, "minute");
    assert_true(waiting.waits.until > w->now_ms);
    assert_text(waiting.waits.device_id, phone);
    report(w, phone, first.id, OG_MESSAGE_SENT);
    w->now_ms += 61000;
    move(w);
    assert_int_equal(pull(w, phone)->count, 1);
    const struct og_timeline line = assert_steps(w, second.id, "accepted waited pushed handed");
    const struct og_timeline_step *waited = step_of(&line, OG_STEP_WAITED);
    assert_text(waited->reason, OG_STR("sim_pace: minute"));
    assert_true(waited->until - waited->at >= 60000);
    assert_int_equal(note_count(w, first.id), 0);
}

static void
test_given_up_and_withdrawn(void **state)
{
    struct world *w = *state;
    const struct og_str phone = add_phone(w);
    struct og_message_ask ask = new_ask();
    ask.valid_until_ms = NOON + 5000;
    const struct og_message m = send_ask(w, &ask);
    pull(w, phone);
    w->now_ms += 5000;
    expire(w);
    const struct og_timeline lost = assert_steps(w, m.id, "accepted handed expired");
    assert_true(step_of(&lost, OG_STEP_EXPIRED)->is_assumed);
    w->now_ms += 1000;
    report(w, phone, m.id, OG_MESSAGE_SENT);
    const struct og_timeline line = timeline_of(w, m.id);
    assert_int_equal(step_of(&line, OG_STEP_GIVEN_UP)->at, NOON + 5000);
    assert_int_equal(step_of(&line, OG_STEP_WITHDRAWN)->at, NOON + 6000);
    assert_int_equal(step_of(&line, OG_STEP_SENT)->at > 0, 1);
}

static void
test_more_steps_than_are_shown(void **state)
{
    struct world *w = *state;
    const struct og_message m = (add_phone(w), send_one(w));
    for (int i = 0; i < 300; i++) {
        const struct og_timeline_note note = {
            .kind = OG_NOTE_HOOK, .at = NOON + i, .event = OG_STR("sms:sent"), .tries = 1};
        must(w, og_timeline_add(w->db, ACCOUNT, m.id, &note, &w->err));
    }
    const struct og_timeline line = timeline_of(w, m.id);
    assert_true(line.is_cut);
    assert_true(line.count < 300 && line.count <= OG_TIMELINE_STEPS_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_an_ordinary_life_notes_nothing),
        WITH_WORLD(test_moments_of_phones_do_not_go_back),
        WITH_WORLD(test_a_move_is_noted_when_it_counts),
        WITH_WORLD(test_a_removed_phone_is_a_reason),
        WITH_WORLD(test_a_wait_is_noted_when_it_is_over),
        WITH_WORLD(test_given_up_and_withdrawn),
        WITH_WORLD(test_more_steps_than_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
