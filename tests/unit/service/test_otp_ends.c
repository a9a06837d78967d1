/*
 * Every verification ends: whatever befell it, it is over at the latest at its own end, and so is
 * every message of it; its time line says how.
 */
#include "tests/unit/service/otp_fixture.h"

#include "service/timeline/timeline.h"

#define SECOND INT64_C(1000)
#define GRACE_MS (5 * SECOND) /* a right code may still be on its way to its row */

static void
nothing(struct world *w, struct og_str id)
{
    (void)w;
    (void)id;
}

static void
fetched(struct world *w, struct og_str id)
{
    world_hand(w, world_row(w, id).message_id);
}

static void
some_wrong(struct world *w, struct og_str id)
{
    world_check(w, id, "000000");
    world_check(w, id, "000001");
}

static void
all_wrong(struct world *w, struct og_str id)
{
    for (int i = 0; i < w->svc.otp.attempts; i++) {
        world_check(w, id, "000000");
    }
}

static void
locked(struct world *w, struct og_str id)
{
    w->svc.otp.lock_after = 1;
    world_check(w, id, "000000");
    w->svc.otp.lock_after = 50;
}

static void
right(struct world *w, struct og_str id)
{
    world_check(w, id, "482913");
}

static void
late(struct world *w, struct og_str id)
{
    world_pass(w, w->svc.otp.ttl_ms + 100);
    world_check(w, id, "482913");
}

static void
resent(struct world *w, struct og_str id)
{
    struct og_otp_resend_op op;
    world_pass(w, 30 * SECOND);
    world_must(world_resend(w, id, &op), &w->err);
    fetched(w, id);
}

static void
cancelled(struct world *w, struct og_str id)
{
    struct og_otp_cancel_op op;
    world_must(world_cancel(w, ACCOUNT, id, &op), &w->err);
}

static void
restarted(struct world *w, struct og_str id)
{
    (void)id;
    world_must(og_otp_load(&w->svc, w->db, w->now_ms, &w->err), &w->err);
}

static const struct {
    void (*befall)(struct world *w, struct og_str id);
    enum og_verification_state end;
    enum og_step_what step;
} ends[] = {
    {nothing, OG_VERIFICATION_EXPIRED, OG_STEP_OUT_OF_TIME},
    {fetched, OG_VERIFICATION_EXPIRED, OG_STEP_OUT_OF_TIME},
    {some_wrong, OG_VERIFICATION_EXPIRED, OG_STEP_OUT_OF_TIME},
    {all_wrong, OG_VERIFICATION_FAILED, OG_STEP_REFUSED},
    {locked, OG_VERIFICATION_FAILED, OG_STEP_LOCKED},
    {right, OG_VERIFICATION_APPROVED, OG_STEP_APPROVED},
    {late, OG_VERIFICATION_EXPIRED, OG_STEP_CHECKED},
    {resent, OG_VERIFICATION_EXPIRED, OG_STEP_OUT_OF_TIME},
    {cancelled, OG_VERIFICATION_CANCELED, OG_STEP_CALLED_OFF},
    {restarted, OG_VERIFICATION_EXPIRED, OG_STEP_OUT_OF_TIME},
};

static void
sweep(struct world *w)
{
    struct og_otp_expire_op otp = {.svc = &w->svc};
    struct og_expire_op messages = {.svc = &w->svc, .mem = &w->mem};
    world_must(world_apply(w, &otp.op, og_otp_expire_apply, og_otp_expire_committed), &w->err);
    world_must(world_apply(w, &messages.op, og_expire_apply, og_expire_committed), &w->err);
}

static struct og_timeline
timeline_of(struct world *w, struct og_str id)
{
    struct og_timeline_op op = {
        .svc = &w->svc, .mem = &w->mem, .account_id = ACCOUNT, .id = id, .no_messages = true};
    world_must(world_apply(w, &op.op, og_timeline_apply, NULL), &w->err);
    return op.out;
}

static void
check_timeline(struct world *w, struct og_str id, enum og_step_what last)
{
    const struct og_timeline line = timeline_of(w, id);
    enum og_step_what seen = OG_STEP_STARTED;
    assert_int_equal(line.steps[0].what, OG_STEP_STARTED);
    assert_true(line.final_at > 0);
    assert_string_equal(line.waits.reason, "");
    for (size_t i = 0; i < line.count; i++) {
        const struct og_timeline_step *step = &line.steps[i];
        seen = og_step_is_of_verification(step->what) ? step->what : seen;
        assert_true(i == 0 || step->at >= line.steps[i - 1].at);
    }
    assert_int_equal(seen, last);
}

static void
test_every_verification_ends(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const int64_t start = w->now_ms;
        const struct og_str id = world_start(w);
        const int64_t limit = world_row(w, id).expires_at;
        assert_int_equal(limit, start + w->svc.otp.ttl_ms);
        assert_int_equal(timeline_of(w, id).limit_at, limit);
        ends[i].befall(w, id);
        const struct og_str message = world_row(w, id).message_id;
        while (w->now_ms < limit + GRACE_MS) {
            sweep(w);
            world_pass(w, limit + GRACE_MS - w->now_ms < 20 * SECOND ? 500 : 20 * SECOND);
        }
        sweep(w);
        const struct og_verification v = world_row(w, id);
        assert_int_equal(v.state, ends[i].end);
        assert_in_range(v.closed_at, start, limit);
        assert_true(world_message(w, message).final_at > 0);
        assert_int_equal(world_message(w, message).text.len, 0);
        check_timeline(w, id, ends[i].step);
        world_pass(w, 3600 * SECOND);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_every_verification_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
