/*
 * The lanes when all is well: batches, order, bounds, readers, the end.
 */
#include <signal.h>

#include "base/metrics.h"
#include "tests/unit/lane/lane_fixture.h"

static void
test_a_failing_operation_harms_nobody(void **state)
{
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    lane_open(fix, &config);
    struct {
        struct add_op op;
        enum og_code code;
        bool stored;
    } cases[] = {
        {make_add(fix, "a", ADD_PLAIN), OG_OK, true},
        {make_add(fix, "b", ADD_THEN_REFUSE), OG_E_NOT_FOUND, false},
        {make_add(fix, "a", ADD_PLAIN), OG_E_CONFLICT, true},
        {make_add(fix, "c", ADD_PLAIN), OG_OK, true},
    };
    int count = (int)(sizeof cases / sizeof cases[0]);
    for (int i = 0; i < count; i++) {
        submit(fix, OG_LANE_WRITE, &cases[i].op.op);
    }
    start(fix);
    wait_answers(fix, count);
    assert_int_equal(atomic_load(&fix->batches), 1);
    for (int i = 0; i < count; i++) {
        assert_int_equal(cases[i].op.op.code, cases[i].code);
        assert_int_equal(cases[i].op.op.err.code, cases[i].code);
        assert_int_equal(cases[i].op.was_stored, cases[i].stored);
        assert_int_equal(cases[i].op.committed_as != 0, cases[i].code == OG_OK);
    }
    assert_string_equal(cases[1].op.op.err.text, "item.add failed");
    assert_int_equal(item_count(fix->witness), 2);
}

static void
test_order_is_kept_over_batches(void **state)
{
    enum { COUNT = 50 };
    static const int linger_us[] = {0, 200};
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    for (size_t round = 0; round < sizeof linger_us / sizeof linger_us[0]; round++) {
        struct add_op ops[COUNT];
        config.batch_max = 7;
        config.linger_us = linger_us[round];
        lane_open(fix, &config);
        for (int i = 0; i < COUNT; i++) {
            char id[16];
            snprintf(id, sizeof id, "%d", i);
            ops[i] = make_add(fix, id, ADD_PLAIN);
            submit(fix, OG_LANE_WRITE, &ops[i].op);
        }
        start(fix);
        wait_answers(fix, COUNT);
        for (int i = 0; i < COUNT; i++) {
            assert_int_equal(ops[i].op.code, OG_OK);
            assert_int_equal(ops[i].committed_as, i + 1);
            assert_int_equal(ops[i].answered_as, i + 1);
            assert_true(ops[i].was_stored); /* by the commit before its answer */
        }
        assert_int_equal(atomic_load(&fix->batches), (COUNT + 6) / 7);
        lane_close(fix);
        assert_int_equal(unlink(fix->path), 0);
        atomic_store(&fix->batches, 0);
        atomic_store(&fix->order, 0);
        atomic_store(&fix->answered, 0);
        fix->committed = 0;
    }
}

static void
test_a_full_queue_refuses(void **state)
{
    enum { MAX = 3 };
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    struct og_lane_health health;
    struct add_op ops[MAX + 1];
    config.queue_max = MAX;
    lane_open(fix, &config);
    for (int i = 0; i <= MAX; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        ops[i] = make_add(fix, id, ADD_PLAIN);
        assert_int_equal(og_lane_submit(fix->lanes, OG_LANE_WRITE, &ops[i].op),
                         i < MAX ? OG_OK : OG_E_BUSY);
    }
    og_lane_health(fix->lanes, OG_LANE_WRITE, &health);
    assert_int_equal(health.waiting, MAX);
    assert_false(health.is_failing);
    start(fix);
    wait_answers(fix, MAX);
    submit(fix, OG_LANE_WRITE, &ops[MAX].op);
    wait_answers(fix, MAX + 1);
    assert_int_equal(item_count(fix->witness), MAX + 1);
}

static void
test_stop_applies_what_waits(void **state)
{
    enum { COUNT = 300 };
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    struct add_op ops[COUNT + 1];
    config.batch_max = 16;
    lane_open(fix, &config);
    for (int i = 0; i <= COUNT; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        ops[i] = make_add(fix, id, ADD_PLAIN);
        if (i < COUNT) {
            submit(fix, OG_LANE_WRITE, &ops[i].op);
        }
    }
    start(fix);
    og_lanes_stop(fix->lanes);
    assert_int_equal(atomic_load(&fix->answered), COUNT);
    assert_int_equal(item_count(fix->witness), COUNT);
    assert_int_equal(og_lane_submit(fix->lanes, OG_LANE_WRITE, &ops[COUNT].op), OG_E_UNAVAILABLE);
    og_lanes_stop(fix->lanes); /* again does nothing */
}

/* Reads and slow work */

struct look_op {
    struct og_op op;
    struct lane_fixture *fix;
    int64_t count;
    enum og_code write_code;
    char thread[16];
    bool blocks_signals;
};

static enum og_code
look_apply(struct og_op *op, struct og_tx *tx)
{
    struct look_op *self = (struct look_op *)op;
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    self->blocks_signals = sigismember(&mask, SIGTERM) && sigismember(&mask, SIGHUP);
    pthread_getname_np(pthread_self(), self->thread, sizeof self->thread);
    self->count = item_count(tx->db);
    self->write_code = item_add(tx->db, "not by a reader", 1);
    return self->count > 0 ? OG_OK : og_fail(&op->err, OG_E_NOT_FOUND, NULL, "no items");
}

static void
look_done(struct og_op *op)
{
    struct look_op *self = (struct look_op *)op;
    atomic_fetch_add(&self->fix->answered, 1);
}

static const struct og_op_kind look_kind = {"item.look", look_apply, NULL, look_done};

static void
test_readers_see_what_is_committed(void **state)
{
    static const struct {
        enum og_lane lane;
        const char *thread;
        const char *other;
    } cases[] = {{OG_LANE_READ, "og-read0", "og-read1"}, {OG_LANE_SLOW, "og-slow", "og-slow"}};
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    lane_open(fix, &config);
    start(fix);
    int answers = 0;
    for (int i = 0; i < 10; i++) {
        const int k = i % 2;
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        struct look_op look = {.op = {.kind = &look_kind}, .fix = fix};
        submit(fix, cases[k].lane, &look.op);
        wait_answers(fix, ++answers);
        assert_int_equal(look.op.code, i == 0 ? OG_E_NOT_FOUND : OG_OK);
        assert_int_equal(look.count, i);
        assert_int_equal(look.write_code, OG_E_UNAVAILABLE);
        assert_true(look.blocks_signals);
        assert_true(strcmp(look.thread, cases[k].thread) == 0 ||
                    strcmp(look.thread, cases[k].other) == 0);
        struct add_op add = make_add(fix, id, ADD_PLAIN);
        submit(fix, OG_LANE_WRITE, &add.op);
        wait_answers(fix, ++answers);
    }
}

static void
test_answers_come_home(void **state)
{
    enum { COUNT = 20 };
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    struct og_loop *loop = NULL;
    struct add_op ops[COUNT];
    lane_open(fix, &config);
    assert_int_equal(og_loop_create("home", &loop, NULL), OG_OK);
    assert_int_equal(og_loop_start(loop, NULL), OG_OK);
    for (int i = 0; i < COUNT; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        ops[i] = make_add(fix, id, ADD_PLAIN);
        ops[i].op.home = loop;
        submit(fix, OG_LANE_WRITE, &ops[i].op);
    }
    start(fix);
    wait_answers(fix, COUNT);
    og_lanes_stop(fix->lanes);
    og_loop_stop(loop);
    og_loop_join(loop);
    og_loop_destroy(loop);
    for (int i = 0; i < COUNT; i++) {
        assert_true(ops[i].was_home);
        assert_true(ops[i].was_stored);
        assert_int_equal(ops[i].answered_as, i + 1);
    }
}

static void
test_a_second_writer_is_refused(void **state)
{
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    struct og_lanes *second = NULL;
    struct og_err err = {0};
    lane_open(fix, &config);
    assert_int_equal(og_lanes_create(&config, &second, &err), OG_E_UNAVAILABLE);
    assert_null(second);
    assert_non_null(strstr(err.text, "another process"));
}

static int64_t
metric_value(const char *row)
{
    struct og_buf text;
    og_buf_init(&text, 1 << 20);
    og_metrics_write(&text);
    const char *found = strstr(text.ptr, row);
    int64_t value = found ? atoll(found + strlen(row)) : -1;
    og_buf_finish(&text);
    return value;
}

#define OPERATIONS(result)                                                                         \
    "otpgate_lane_operations_total{lane=\"write\",result=\"" result "\"} "

static void
test_metrics_count_operations(void **state)
{
    static const char ok[] = OPERATIONS("ok");
    static const char refused[] = OPERATIONS("refused");
    static const char full[] = OPERATIONS("rejected");
    static const char waiting[] = "otpgate_lane_waiting{lane=\"write\"} ";
    static const char batches[] = "otpgate_lane_batch_operations_count ";
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    config.queue_max = 2;
    lane_open(fix, &config);
    int64_t before[] = {metric_value(ok), metric_value(refused), metric_value(full),
                        metric_value(batches)};
    struct add_op ops[] = {make_add(fix, "a", ADD_PLAIN), make_add(fix, "b", ADD_THEN_REFUSE),
                           make_add(fix, "c", ADD_PLAIN)};
    submit(fix, OG_LANE_WRITE, &ops[0].op);
    submit(fix, OG_LANE_WRITE, &ops[1].op);
    assert_int_equal(og_lane_submit(fix->lanes, OG_LANE_WRITE, &ops[2].op), OG_E_BUSY);
    assert_int_equal(metric_value(waiting), 2);
    start(fix);
    og_lanes_stop(fix->lanes);
    assert_int_equal(metric_value(waiting), 0);
    assert_int_equal(metric_value(ok), before[0] + 1);
    assert_int_equal(metric_value(refused), before[1] + 1);
    assert_int_equal(metric_value(full), before[2] + 1);
    assert_int_equal(metric_value(batches), before[3] + 1);
}

static void
test_turned_without_threads(void **state)
{
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    config.batch_max = 2;
    lane_open(fix, &config);
    struct add_op ops[] = {make_add(fix, "a", ADD_PLAIN), make_add(fix, "b", ADD_THEN_REFUSE),
                           make_add(fix, "c", ADD_PLAIN)};
    assert_int_equal(og_lanes_turn(fix->lanes), 0);
    for (int i = 0; i < 3; i++) {
        submit(fix, OG_LANE_WRITE, &ops[i].op);
    }
    assert_int_equal(og_lanes_turn(fix->lanes), 3);
    assert_int_equal(fix->answered, 3);
    assert_int_equal(fix->committed, 2);
    assert_true(has_item(fix->witness, "c"));
    assert_int_equal(og_lanes_turn(fix->lanes), 0);
    start(fix); /* as a gateway that stops in good order */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lane_set_up, lane_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_failing_operation_harms_nobody),
        TEST(test_order_is_kept_over_batches),
        TEST(test_a_full_queue_refuses),
        TEST(test_stop_applies_what_waits),
        TEST(test_readers_see_what_is_committed),
        TEST(test_answers_come_home),
        TEST(test_a_second_writer_is_refused),
        TEST(test_metrics_count_operations),
        TEST(test_turned_without_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
