/*
 * Many threads submit at once: every operation is applied once, answered once, in the order of its
 * producer, and readers never see a part of a batch undone.
 */
#include "tests/unit/lane/lane_fixture.h"

#define PRODUCERS 8
#define OPS_EACH 10000

struct race_op {
    struct og_op op;
    struct lane_fixture *fix;
    int producer;
    int number;
    atomic_int answers;
    bool is_refused; /* every seventh inserts and then refuses */
};

struct producer {
    struct lane_fixture *fix;
    struct og_loop *home;
    struct race_op *ops;
    int number;
    pthread_t thread;
};

static struct {
    int committed[PRODUCERS]; /* the write lane's */
    bool is_out_of_order;
    atomic_int reads;
    atomic_bool went_back;
} seen;

static enum og_code
race_apply(struct og_op *op, struct og_tx *tx)
{
    struct race_op *self = (struct race_op *)op;
    char id[24];
    snprintf(id, sizeof id, "%d.%06d", self->producer, self->number);
    enum og_code code = item_add(tx->db, id, self->number + 1);
    return code == OG_OK && self->is_refused ? og_fail(&op->err, OG_E_LIMITED, NULL, "refused")
                                             : code;
}

static void
race_committed(struct og_op *op, struct og_tx *tx)
{
    struct race_op *self = (struct race_op *)op;
    int *last = &seen.committed[self->producer];
    seen.is_out_of_order = seen.is_out_of_order || self->number + 1 <= *last;
    *last = self->number + 1;
}

static void
race_done(struct og_op *op)
{
    struct race_op *self = (struct race_op *)op;
    atomic_fetch_add(&self->answers, 1);
    atomic_fetch_add(&self->fix->answered, 1);
}

static const struct og_op_kind race_kind = {"race.add", race_apply, race_committed, race_done};

static void
submit_until_taken(struct og_lanes *lanes, enum og_lane lane, struct og_op *op)
{
    while (og_lane_submit(lanes, lane, op) == OG_E_BUSY) {
        sched_yield();
    }
}

static void *
produce(void *arg)
{
    struct producer *self = arg;
    for (int i = 0; i < OPS_EACH; i++) {
        struct race_op *op = &self->ops[i];
        op->op = (struct og_op){.kind = &race_kind, .home = self->home};
        op->fix = self->fix;
        op->producer = self->number;
        op->number = i;
        op->is_refused = i % 7 == 3;
        submit_until_taken(self->fix->lanes, OG_LANE_WRITE, &op->op);
    }
    return NULL;
}

/* One read after the other, resubmitted from its own answer. */
struct watch_op {
    struct og_op op;
    struct lane_fixture *fix;
    int64_t last;
    atomic_bool *is_over;
    atomic_bool is_gone;
};

static enum og_code
watch_apply(struct og_op *op, struct og_tx *tx)
{
    struct watch_op *self = (struct watch_op *)op;
    int64_t count = item_count(tx->db);
    if (count < self->last || count != item_count(tx->db)) {
        atomic_store(&seen.went_back, true);
    }
    self->last = count;
    return OG_OK;
}

static void
watch_done(struct og_op *op)
{
    struct watch_op *self = (struct watch_op *)op;
    atomic_fetch_add(&seen.reads, 1);
    if (atomic_load(self->is_over) ||
        og_lane_submit(self->fix->lanes, OG_LANE_READ, &self->op) != OG_OK) {
        atomic_store(&self->is_gone, true);
    }
}

static const struct og_op_kind watch_kind = {"race.watch", watch_apply, NULL, watch_done};

static void
check_answers(const struct producer *producer)
{
    for (int i = 0; i < OPS_EACH; i++) {
        const struct race_op *op = &producer->ops[i];
        assert_int_equal(atomic_load(&op->answers), 1);
        assert_int_equal(op->op.code, op->is_refused ? OG_E_LIMITED : OG_OK);
    }
}

static int
count_accepted(void)
{
    int count = 0;
    for (int i = 0; i < OPS_EACH; i++) {
        count += i % 7 != 3;
    }
    return count * PRODUCERS;
}

static void
test_eight_producers(void **state)
{
    struct lane_fixture *fix = *state;
    struct og_lanes_config config = lane_config(fix);
    struct producer producers[PRODUCERS];
    struct og_loop *loops[2];
    atomic_bool is_over = false;
    struct watch_op watch = {.op = {.kind = &watch_kind}, .fix = fix, .is_over = &is_over};
    config.queue_max = 700;
    lane_open(fix, &config);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(og_loop_create("home", &loops[i], NULL), OG_OK);
        assert_int_equal(og_loop_start(loops[i], NULL), OG_OK);
    }
    start(fix);
    submit(fix, OG_LANE_READ, &watch.op);
    for (int i = 0; i < PRODUCERS; i++) {
        struct race_op *ops = calloc(OPS_EACH, sizeof *ops);
        producers[i] = (struct producer){fix, i % 3 ? loops[i % 2] : NULL, ops, i, 0};
        assert_int_equal(pthread_create(&producers[i].thread, NULL, produce, &producers[i]), 0);
    }
    for (int i = 0; i < PRODUCERS; i++) {
        pthread_join(producers[i].thread, NULL);
    }
    wait_answers(fix, PRODUCERS * OPS_EACH);
    atomic_store(&is_over, true);
    og_lanes_stop(fix->lanes);
    assert_true(atomic_load(&watch.is_gone));
    for (int i = 0; i < 2; i++) {
        og_loop_stop(loops[i]);
        og_loop_join(loops[i]);
        og_loop_destroy(loops[i]);
    }
    for (int i = 0; i < PRODUCERS; i++) {
        check_answers(&producers[i]);
        free(producers[i].ops);
    }
    assert_false(seen.is_out_of_order);
    assert_false(atomic_load(&seen.went_back));
    assert_true(atomic_load(&seen.reads) > 0);
    assert_int_equal(item_count(fix->witness), count_accepted());
    item_assert_sound(fix->witness);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_eight_producers, lane_set_up, lane_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
