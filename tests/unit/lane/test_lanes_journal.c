/*
 * The journal goes with the batch: told of every operation and every undoing, written once before
 * the commit, and settled by what became of it.
 */
#include "tests/unit/lane/lane_fixture.h"

struct journal {
    char calls[64]; /* b begin, a accept, u undone, w write, + and - settle */
    int64_t rows_at_write;
    bool fails;
    bool is_full, refuses;
};

static void
note(struct journal *self, char call)
{
    size_t len = strlen(self->calls);
    if (len + 1 < sizeof self->calls) {
        self->calls[len] = call;
    }
}

static void
on_begin(void *ctx, const struct og_op *op)
{
    assert_non_null(op->kind);
    note(ctx, 'b');
}

static void
on_undone(void *ctx)
{
    note(ctx, 'u');
}

static bool
on_is_full(void *ctx)
{
    return ((struct journal *)ctx)->is_full;
}

static enum og_code
on_accept(void *ctx, struct og_err *err)
{
    struct journal *self = ctx;
    note(self, 'a');
    return self->refuses ? og_fail(err, OG_E_UNAVAILABLE, "", "no room for words") : OG_OK;
}

static enum og_code
on_write(void *ctx, struct og_tx *tx, struct og_err *err)
{
    struct journal *self = ctx;
    note(self, 'w');
    self->rows_at_write = item_count(tx->db);
    return self->fails ? og_fail(err, OG_E_UNAVAILABLE, "", "the journal is full") : OG_OK;
}

static void
on_settle(void *ctx, bool is_committed)
{
    note(ctx, is_committed ? '+' : '-');
}

static void
run(struct lane_fixture *fix, struct journal *journal, struct add_op *ops, int count)
{
    struct og_lane_journal face = {on_begin, on_undone, on_is_full, on_accept, on_write,
                                   on_settle, journal};
    struct og_lanes_config config = lane_config(fix);
    config.journal = &face;
    lane_open(fix, &config);
    for (int i = 0; i < count; i++) {
        submit(fix, OG_LANE_WRITE, &ops[i].op);
    }
    start(fix);
    wait_answers(fix, count);
    og_lanes_stop(fix->lanes);
}

static void
test_one_pass_for_a_batch(void **state)
{
    struct lane_fixture *fix = *state;
    struct journal journal = {0};
    struct add_op ops[] = {make_add(fix, "a", ADD_PLAIN), make_add(fix, "b", ADD_THEN_REFUSE),
                           make_add(fix, "c", ADD_PLAIN)};
    run(fix, &journal, ops, 3);
    assert_string_equal(journal.calls, "bbubw+");
    assert_int_equal(journal.rows_at_write, 2);
}

static void
test_a_journal_that_fails_loses_the_batch(void **state)
{
    struct lane_fixture *fix = *state;
    struct journal journal = {.fails = true};
    struct add_op ops[] = {make_add(fix, "a", ADD_PLAIN), make_add(fix, "b", ADD_PLAIN)};
    run(fix, &journal, ops, 2);
    assert_string_equal(journal.calls, "bbw-");
    assert_int_equal(ops[0].op.code, OG_E_UNAVAILABLE);
    assert_int_equal(ops[1].op.code, OG_E_UNAVAILABLE);
    assert_int_equal(item_count(fix->witness), 0);
}

/* Also one that would have none, for it decides before it writes. */
static void
test_req_77_a_full_journal_undoes_what_it_does_not_accept(void **state)
{
    struct lane_fixture *fix = *state;
    struct journal journal = {.is_full = true, .refuses = true};
    struct add_op ops[] = {make_add(fix, "a", ADD_PLAIN), make_add(fix, "b", ADD_THEN_REFUSE)};
    ops[0].op.kind = &add_unsaved_kind;
    run(fix, &journal, ops, 2);
    assert_string_equal(journal.calls, "baubauw+");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ops[i].op.code, OG_E_UNAVAILABLE);
        assert_string_equal(ops[i].op.err.text, "no room for words");
    }
    assert_int_equal(item_count(fix->witness), 0);
}

static void
test_req_77_a_full_journal_may_accept(void **state)
{
    struct lane_fixture *fix = *state;
    struct journal journal = {.is_full = true};
    struct add_op ops[] = {make_add(fix, "a", ADD_PLAIN), make_add(fix, "b", ADD_THEN_REFUSE)};
    run(fix, &journal, ops, 2);
    assert_string_equal(journal.calls, "babauw+");
    assert_int_equal(ops[0].op.code, OG_OK);
    assert_int_equal(item_count(fix->witness), 1);
}

static void
test_a_lost_commit_is_told(void **state)
{
    struct lane_fixture *fix = *state;
    struct journal journal = {0};
    struct add_op ops[] = {make_add(fix, "a", ADD_AND_FAIL_COMMIT)};
    ops[0].fault = OG_FAULT_FULL;
    run(fix, &journal, ops, 1);
    assert_string_equal(journal.calls, "bw-");
    assert_int_equal(item_count(fix->witness), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_pass_for_a_batch, lane_set_up, lane_tear_down),
        cmocka_unit_test_setup_teardown(test_a_journal_that_fails_loses_the_batch, lane_set_up,
                                        lane_tear_down),
        cmocka_unit_test_setup_teardown(test_req_77_a_full_journal_undoes_what_it_does_not_accept,
                                        lane_set_up, lane_tear_down),
        cmocka_unit_test_setup_teardown(test_req_77_a_full_journal_may_accept, lane_set_up,
                                        lane_tear_down),
        cmocka_unit_test_setup_teardown(test_a_lost_commit_is_told, lane_set_up, lane_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
