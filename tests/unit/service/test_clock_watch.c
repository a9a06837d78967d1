/*
 * A wall clock that is set is told; one that goes on, or is drawn slowly, is not.
 */
#include "service/clock_watch.h"
#include "tests/unit/service/audit_fixture.h"

struct look_op {
    struct og_clock_watch_op watch;
    struct audit_world *aw;
};

static void
look_done(struct og_op *op)
{
    sem_post(&((struct look_op *)op)->aw->answered);
}

/* A look in a batch of its own, and one more that carries what it told to the disk. */
static void
look(struct audit_world *aw)
{
    static const struct og_op_kind kind = {"test.look", NULL, og_clock_watch_committed, look_done};
    struct look_op op = {.watch = {.op = {.kind = &kind}, .svc = &aw->w->svc}, .aw = aw};
    struct tell_op next = {.op.kind = &tell_kind, .aw = aw, .way = TELL, .object = "next"};
    open_lanes(aw);
    world_must(og_lanes_start(aw->lanes, &aw->w->err), &aw->w->err);
    assert_int_equal(og_lane_submit(aw->lanes, OG_LANE_WRITE, &op.watch.op), OG_OK);
    sem_wait(&aw->answered);
    assert_int_equal(og_lane_submit(aw->lanes, OG_LANE_WRITE, &next.op), OG_OK);
    sem_wait(&aw->answered);
    close_lanes(aw);
}

static int
count_jumps(struct audit_world *aw, const char *last)
{
    const struct reading *log = read_log(aw);
    int count = 0;
    for (int i = 0; i < log->count; i++) {
        const struct og_audit_entry *entry = &log->entries[i];
        if (entry->event.kind == OG_AUDIT_CLOCK_JUMP) {
            count++;
            assert_true(i < log->count - 2 || og_str_eq(entry->event.detail, og_str_from(last)));
        }
    }
    return count;
}

static void
test_req_33_a_clock_that_jumps_is_told(void **state)
{
    struct audit_world *aw = *state;
    struct world *w = aw->w;
    look(aw);
    w->now_ms += 500;
    w->mono_ms += 500;
    look(aw);
    assert_int_equal(count_jumps(aw, ""), 0);
    w->now_ms += 3600000 + 500;
    w->mono_ms += 500;
    look(aw);
    assert_int_equal(count_jumps(aw, "by_ms=3600000"), 1);
    w->now_ms -= 7200000 - 500;
    w->mono_ms += 500;
    look(aw);
    assert_int_equal(count_jumps(aw, "by_ms=-7200000"), 2);
    w->now_ms += OG_CLOCK_JUMP_MS - 1;
    look(aw);
    assert_int_equal(count_jumps(aw, ""), 2);
    w->now_ms += OG_CLOCK_JUMP_MS;
    look(aw);
    assert_int_equal(count_jumps(aw, "by_ms=1000"), 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_AUDIT(test_req_33_a_clock_that_jumps_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
