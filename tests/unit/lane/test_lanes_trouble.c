/*
 * The lanes when the database cannot do its work: whole batches fail, nothing of them remains, and
 * it passes by itself.
 */
#include "tests/unit/lane/lane_fixture.h"

static void
assert_failing(struct lane_fixture *fix, const char *reason)
{
    struct og_lane_health health;
    og_lane_health(fix->lanes, OG_LANE_WRITE, &health);
    assert_true(health.is_failing);
    assert_true(health.failing_since_ms > 0);
    assert_non_null(strstr(health.reason, reason));
}

static void
assert_healthy(struct lane_fixture *fix)
{
    struct og_lane_health health;
    og_lane_health(fix->lanes, OG_LANE_WRITE, &health);
    assert_false(health.is_failing);
    assert_int_equal(health.failing_since_ms, 0);
}

/* All of them unavailable with the reason, none committed or stored. */
static void
assert_lost(const struct add_op *ops, int count, const char *reason)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(ops[i].op.code, OG_E_UNAVAILABLE);
        assert_int_equal(ops[i].op.err.code, OG_E_UNAVAILABLE);
        assert_non_null(strstr(ops[i].op.err.text, reason));
        assert_int_equal(ops[i].committed_as, 0);
        assert_false(ops[i].was_stored);
    }
}

static void
add_one_more(struct lane_fixture *fix, const char *id)
{
    struct add_op op = make_add(fix, id, ADD_PLAIN);
    int before = atomic_load(&fix->answered);
    submit(fix, OG_LANE_WRITE, &op.op);
    wait_answers(fix, before + 1);
    assert_int_equal(op.op.code, OG_OK);
    assert_true(op.was_stored);
}

static void
test_a_failed_commit_loses_the_whole_batch(void **state)
{
    static const struct {
        enum og_db_fault fault;
        const char *reason;
        enum og_db_trouble trouble;
    } cases[] = {{OG_FAULT_FULL, "disk is full", OG_DB_TROUBLE_FULL},
                 {OG_FAULT_IO, "disk I/O", OG_DB_TROUBLE_IO},
                 {OG_FAULT_BUSY, "locked", OG_DB_TROUBLE_LOCKED}};
    struct og_lane_health health;
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lane_open(fix, &config);
        atomic_store(&fix->answered, 0);
        struct add_op ops[] = {
            make_add(fix, "a", ADD_PLAIN),
            make_add(fix, "b", ADD_AND_FAIL_COMMIT),
            make_add(fix, "c", ADD_THEN_REFUSE),
            make_add(fix, "d", ADD_PLAIN),
        };
        ops[1].fault = cases[i].fault;
        for (int k = 0; k < 4; k++) {
            submit(fix, OG_LANE_WRITE, &ops[k].op);
        }
        atomic_store(&fix->batches, 0);
        start(fix);
        wait_answers(fix, 4);
        assert_lost(ops, 4, cases[i].reason);
        assert_int_equal(atomic_load(&fix->batches), 1); /* hints are flushed then, too */
        assert_failing(fix, cases[i].reason);
        og_lane_health(fix->lanes, OG_LANE_WRITE, &health);
        assert_int_equal(health.trouble, cases[i].trouble);
        assert_int_equal(item_count(fix->witness), 0);
        add_one_more(fix, "e");
        assert_healthy(fix);
        assert_int_equal(item_count(fix->witness), 1);
        lane_close(fix);
        assert_int_equal(unlink(fix->path), 0);
    }
}

/* A disk that takes its time: each look at this clock is so much later. */
static _Atomic int64_t slow_ms, slow_step_ms;

static int64_t
read_slow(void *ctx)
{
    (void)ctx;
    return atomic_fetch_add(&slow_ms, atomic_load(&slow_step_ms));
}

static int64_t
commit_ms(struct lane_fixture *fix)
{
    struct og_lane_health health;
    og_lane_health(fix->lanes, OG_LANE_WRITE, &health);
    return health.commit_ms;
}

static void
test_a_slow_commit_is_shown_until_a_quick_one(void **state)
{
    static const struct og_clock slow = {read_slow, read_slow, NULL};
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    config.clock = &slow;
    atomic_store(&slow_step_ms, 1500);
    lane_open(fix, &config);
    start(fix);
    assert_int_equal(commit_ms(fix), 0);
    add_one_more(fix, "a");
    assert_int_equal(commit_ms(fix), 1500);
    atomic_store(&slow_step_ms, 3);
    add_one_more(fix, "b");
    assert_int_equal(commit_ms(fix), 3);
    atomic_fetch_add(&slow_ms, 60000);
    assert_int_equal(commit_ms(fix), 0); /* long ago */
    lane_close(fix);
}

/* The engine ends the transaction in the middle: those before it are lost with it. */
static void
test_a_transaction_broken_off_in_the_middle(void **state)
{
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    lane_open(fix, &config);
    item_pragma(og_lanes_writer(fix->lanes), ITEM_CAP_PAGES);
    struct add_op ops[] = {
        make_add(fix, "a", ADD_PLAIN),
        make_add(fix, "b", ADD_TOO_MUCH),
        make_add(fix, "c", ADD_PLAIN),
    };
    for (int i = 0; i < 3; i++) {
        submit(fix, OG_LANE_WRITE, &ops[i].op);
    }
    start(fix);
    wait_answers(fix, 3);
    assert_lost(ops, 3, "full");
    assert_failing(fix, "full");
    assert_int_equal(item_count(fix->witness), 0);
    add_one_more(fix, "small");
    assert_healthy(fix);
}

static void
test_a_locked_database_passes_by_itself(void **state)
{
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    char lock[PATH_MAX];
    lane_open(fix, &config);
    /* A writer that does not know of the lock file, like an operator's SQL shell. */
    assert_int_equal(unlink(temp_dir_file(&fix->dir, "a.db.lock", lock)), 0);
    struct og_db *stranger = item_connect(fix->path);
    assert_int_equal(og_db_begin(stranger, true, NULL), OG_OK);
    struct add_op ops[] = {make_add(fix, "a", ADD_PLAIN), make_add(fix, "b", ADD_PLAIN)};
    submit(fix, OG_LANE_WRITE, &ops[0].op);
    submit(fix, OG_LANE_WRITE, &ops[1].op);
    start(fix);
    wait_answers(fix, 2);
    assert_lost(ops, 2, "locked");
    assert_failing(fix, "locked");
    og_db_rollback(stranger);
    /* No operation comes; the lane finds out by itself. */
    struct og_lane_health health = {.is_failing = true};
    int64_t give_up_us = og_mono_us() + 60 * 1000000LL;
    while (health.is_failing && og_mono_us() < give_up_us) {
        sched_yield();
        og_lane_health(fix->lanes, OG_LANE_WRITE, &health);
    }
    assert_healthy(fix);
    add_one_more(fix, "c");
    og_db_close(stranger);
}

/* Without a savepoint: the engine undoes the statement that fails, and nobody else's. */
static void
test_one_without_savepoint_fails_alone(void **state)
{
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    lane_open(fix, &config);
    struct add_op ops[] = {
        make_add(fix, "a", ADD_PLAIN),
        make_add(fix, "a", ADD_PLAIN), /* the same id */
        make_add(fix, "b", ADD_PLAIN),
    };
    for (int i = 0; i < 3; i++) {
        ops[i].op.kind = &add_unsaved_kind;
        submit(fix, OG_LANE_WRITE, &ops[i].op);
    }
    start(fix);
    wait_answers(fix, 3);
    assert_int_equal(ops[0].op.code, OG_OK);
    assert_int_equal(ops[1].op.code, OG_E_CONFLICT);
    assert_int_equal(ops[1].committed_as, 0);
    assert_int_equal(ops[2].op.code, OG_OK);
    assert_int_equal(item_count(fix->witness), 2);
    assert_healthy(fix);
}

static void
test_a_broken_promise_loses_one_batch(void **state)
{
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    lane_open(fix, &config);
    struct add_op ops[] = {
        make_add(fix, "a", ADD_PLAIN),
        make_add(fix, "b", ADD_THEN_REFUSE),
        make_add(fix, "c", ADD_PLAIN),
    };
    ops[1].op.kind = &add_unsaved_kind;
    for (int i = 0; i < 3; i++) {
        submit(fix, OG_LANE_WRITE, &ops[i].op);
    }
    start(fix);
    wait_answers(fix, 3);
    assert_lost(ops, 3, "after it had written");
    assert_int_equal(item_count(fix->witness), 0);
    add_one_more(fix, "d");
    assert_healthy(fix);
    /* The next of this kind has a savepoint, and fails alone. */
    struct add_op again = make_add(fix, "e", ADD_THEN_REFUSE);
    again.op.kind = &add_unsaved_kind;
    submit(fix, OG_LANE_WRITE, &again.op);
    wait_answers(fix, 5);
    assert_int_equal(again.op.code, OG_E_NOT_FOUND);
    assert_int_equal(item_count(fix->witness), 1);
    assert_healthy(fix);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lane_set_up, lane_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_failed_commit_loses_the_whole_batch),
        TEST(test_a_slow_commit_is_shown_until_a_quick_one),
        TEST(test_a_transaction_broken_off_in_the_middle),
        TEST(test_a_locked_database_passes_by_itself),
        TEST(test_one_without_savepoint_fails_alone),
        TEST(test_a_broken_promise_loses_one_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
