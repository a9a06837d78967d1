/*
 * Retention of the audit log in the write lane: the old go and the rest verifies, in steps, over
 * restarts and lost batches; what does not verify stays.
 */
#include "alert/board.h"
#include "service/privacy/purge.h"
#include "store/db_priv.h"
#include "tests/unit/service/audit_fixture.h"

#define DAY_MS INT64_C(86400000)

static void
tell(struct audit_world *aw, int count)
{
    struct tell_op ops[32];
    for (int i = 0; i < count; i++) {
        ops[i] = (struct tell_op){.way = TELL, .object = "v"};
    }
    run_batch(aw, ops, count);
}

static struct og_audit_purge
purge(struct audit_world *aw, int64_t until_ms, int limit)
{
    struct tell_op op = {.way = PURGE, .purge = {.until_ms = until_ms, .limit = limit}};
    run_batch(aw, &op, 1);
    assert_int_equal(op.op.code, OG_OK);
    return op.purge;
}

static void
test_the_old_go_and_the_rest_verifies(void **state)
{
    struct audit_world *aw = *state;
    struct world *w = aw->w;
    tell(aw, 5);
    w->now_ms += DAY_MS;
    tell(aw, 3);
    assert_int_equal(purge(aw, NOON, 100).count, 0); /* not before its time is over */
    const struct og_audit_purge done = purge(aw, NOON + 1, 100);
    assert_int_equal(done.count, 5);
    assert_false(done.has_more);
    const struct reading *log = read_log(aw);
    assert_int_equal(log->count, 4);
    assert_int_equal(log->entries[0].seq, 6);
    assert_int_equal(log->entries[3].event.kind, OG_AUDIT_AUDIT_PURGED);
    assert_string_equal(log->entries[3].event.detail.ptr, "until=5");
    tell(aw, 2); /* and goes on */
    assert_int_equal(read_log(aw)->count, 6);
}

static void
test_it_goes_in_steps_that_each_verify(void **state)
{
    struct audit_world *aw = *state;
    int64_t steps = 0;
    bool has_more = true;
    tell(aw, 20);
    aw->w->now_ms += DAY_MS;
    for (; has_more; steps++) {
        has_more = purge(aw, NOON + 1, 3).has_more;
        read_log(aw);
    }
    assert_int_equal(steps, 7);
    const struct reading *log = read_log(aw);
    assert_int_equal(log->count, 7); /* those that tell of the steps */
    assert_int_equal(log->entries[0].seq, 21);
    assert_int_equal(purge(aw, NOON + 1, 3).count, 0);
    assert_int_equal(read_log(aw)->count, 7);
    assert_int_equal(purge(aw, NOON + 2 * DAY_MS, 100).count, 7); /* they go in their time, too */
    assert_int_equal(read_log(aw)->count, 1);
}

static void
test_a_lost_batch_removes_nothing(void **state)
{
    struct audit_world *aw = *state;
    struct tell_op ops[] = {
        {.way = PURGE, .purge = {.until_ms = NOON + 1, .limit = 100}},
        {.way = TELL_AND_LOSE, .object = "b"},
    };
    tell(aw, 5);
    aw->w->now_ms += DAY_MS;
    run_batch(aw, ops, 2);
    assert_int_equal(ops[0].op.code, OG_E_UNAVAILABLE);
    assert_int_equal(read_log(aw)->count, 5);
}

/* Evidence is not removed, and the log says so. */
static void
test_what_does_not_verify_stays(void **state)
{
    struct audit_world *aw = *state;
    struct world *w = aw->w;
    struct reading log = {.mem = &w->mem};
    tell(aw, 5);
    w->now_ms += DAY_MS;
    world_must(og_db_exec(w->db,
                          OG_STR("UPDATE audit SET line = replace(line, 'wrong', 'right') "
                                 "WHERE seq = 3"),
                          &w->err),
               &w->err);
    const struct og_audit_purge done = purge(aw, NOON + 1, 100);
    assert_int_equal(done.count, 0);
    assert_int_equal(done.fault.seq, 3);
    world_must(og_audit_each(w->db, 5, 1, read_unverified, &log, &w->err), &w->err);
    assert_int_equal(log.entries[0].event.kind, OG_AUDIT_AUDIT_VERIFY_FAILED);
    assert_string_equal(log.entries[0].event.detail.ptr, "entry=3");
}

struct round_op {
    struct og_purge_op purge; /* first: it is the operation */
    struct audit_world *aw;
};

static void
round_done(struct og_op *op)
{
    sem_post(&((struct round_op *)op)->aw->answered);
}

/* As jobs/purger does it; true: the alert lasts afterwards. */
static bool
round_leaves_alert(struct audit_world *aw)
{
    static const struct og_op_kind kind = {"test.purge", og_purge_apply, og_purge_committed,
                                           round_done};
    static const struct og_retention retention = {.audit_ms = DAY_MS};
    struct og_alert_board *board = aw->w->svc.alerts;
    int counts[OG_ALERT_KINDS];
    struct round_op op = {.purge = {.op.kind = &kind,
                                    .svc = &aw->w->svc,
                                    .retention = &retention,
                                    .place = {.cls = OG_PURGED_AUDIT}},
                          .aw = aw};
    open_lanes(aw);
    assert_int_equal(og_lane_submit(aw->lanes, OG_LANE_WRITE, &op.purge.op), OG_OK);
    world_must(og_lanes_start(aw->lanes, &aw->w->err), &aw->w->err);
    sem_wait(&aw->answered);
    close_lanes(aw);
    assert_int_equal(op.purge.op.code, OG_OK);
    og_alert_tick(board, NULL, NULL);
    og_alert_counts(board, counts);
    return counts[OG_ALERT_AUDIT_BROKEN] > 0;
}

static void
swap_words(struct world *w, const char *sql)
{
    world_must(og_db_exec(w->db, og_str_from(sql), &w->err), &w->err);
}

static void
test_a_broken_log_is_an_alert_until_it_is_mended(void **state)
{
    struct audit_world *aw = *state;
    const struct og_alert_board_config board = {&aw->w->clock, 0};
    struct og_alert_board *before = aw->w->svc.alerts;
    aw->w->svc.alerts = og_alert_board_create(&board);
    tell(aw, 5);
    aw->w->now_ms += 3 * DAY_MS;
    swap_words(aw->w, "UPDATE audit SET line = replace(line, 'wrong', 'right') WHERE seq = 3");
    assert_true(round_leaves_alert(aw));
    swap_words(aw->w, "UPDATE audit SET line = replace(line, 'right', 'wrong') WHERE seq = 3");
    assert_false(round_leaves_alert(aw));
    assert_int_equal(read_log(aw)->entries[0].event.kind, OG_AUDIT_AUDIT_VERIFY_FAILED);
    og_alert_board_destroy(aw->w->svc.alerts);
    aw->w->svc.alerts = before;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_AUDIT(test_the_old_go_and_the_rest_verifies),
        WITH_AUDIT(test_it_goes_in_steps_that_each_verify),
        WITH_AUDIT(test_a_lost_batch_removes_nothing),
        WITH_AUDIT(test_what_does_not_verify_stays),
        WITH_AUDIT(test_a_broken_log_is_an_alert_until_it_is_mended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
