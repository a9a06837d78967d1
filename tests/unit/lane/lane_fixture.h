/*
 * Lanes on a database of their own, and an operation that adds one item.
 */
#pragma once

#include <pthread.h>
#include <sched.h>

#include "lane/lanes.h"
#include "tests/unit/store/sql_fixture.h"

struct lane_fixture {
    struct temp_dir dir;
    char path[PATH_MAX];
    struct og_lanes *lanes;
    struct og_db *witness; /* a second connection, used inside done */
    atomic_int batches;
    atomic_int order; /* of answers */
    atomic_int answered;
    int committed; /* the write lane's */
};

enum add_way {
    ADD_PLAIN,
    ADD_THEN_REFUSE, /* inserts, then returns OG_E_NOT_FOUND */
    ADD_AND_FAIL_COMMIT,
    ADD_TOO_MUCH, /* what the page cap of the test does not hold */
};

struct add_op {
    struct og_op op;
    struct lane_fixture *fix;
    char id[24];
    enum add_way way;
    enum og_db_fault fault;
    int committed_as; /* 1 for the first committed of all; 0: not */
    int answered_as;
    bool was_stored; /* seen by the witness when the answer left */
    bool was_home;
};

static inline void
after_batch(void *ctx)
{
    struct lane_fixture *fix = ctx;
    atomic_fetch_add(&fix->batches, 1);
}

static inline struct og_lanes_config
lane_config(struct lane_fixture *fix)
{
    return (struct og_lanes_config){
        .db = {.path = fix->path, .checkpoint_pages = 100, .busy_timeout_ms = 1},
        .queue_max = 1000,
        .batch_max = 100,
        .reader_count = 2,
        .slow_queue_max = 10,
        .clock = og_clock_system(),
        .after_batch = after_batch,
        .ctx = fix,
    };
}

/* Create the lanes on a fresh database; they are not started. */
static inline void
lane_open(struct lane_fixture *fix, const struct og_lanes_config *config)
{
    struct og_err err = {0};
    struct og_db *db = item_connect(fix->path);
    item_create(db);
    og_db_close(db);
    if (og_lanes_create(config, &fix->lanes, &err) != OG_OK) {
        fail_msg("%s", err.text);
    }
    struct og_db_config reader = {.path = fix->path, .read_only = true};
    assert_int_equal(og_db_connect(&reader, &fix->witness, NULL), OG_OK);
}

static inline int
lane_set_up(void **state)
{
    struct lane_fixture *fix = calloc(1, sizeof *fix);
    temp_dir_make(&fix->dir);
    temp_dir_file(&fix->dir, "a.db", fix->path);
    *state = fix;
    return 0;
}

static inline void
lane_close(struct lane_fixture *fix)
{
    og_db_close(fix->witness);
    fix->witness = NULL;
    if (fix->lanes) {
        og_lanes_stop(fix->lanes);
    }
    og_lanes_destroy(fix->lanes);
    fix->lanes = NULL;
}

static inline int
lane_tear_down(void **state)
{
    struct lane_fixture *fix = *state;
    lane_close(fix);
    temp_dir_remove(&fix->dir);
    free(fix);
    return 0;
}

static inline bool
has_item(struct og_db *db, const char *id)
{
    struct og_rows rows;
    bool found = og_db_open(db, &item_page, ITEM_GET, OG_ARGS(og_value_cstr(id), og_value_null()),
                            &rows, NULL) == OG_OK &&
                 og_rows_next(&rows, NULL) == OG_STEP_ROW;
    og_rows_close(&rows);
    return found;
}

static inline enum og_code
add_too_much(struct og_tx *tx, struct og_err *err)
{
    static const char big[200000];
    return og_db_run(tx->db, &item_page, ITEM_ADD,
                     OG_ARGS(og_value_cstr("big"), og_value_i64(1),
                             og_value_blob((struct og_str){big, sizeof big})),
                     NULL, err);
}

static inline enum og_code
add_apply(struct og_op *op, struct og_tx *tx)
{
    struct add_op *self = (struct add_op *)op;
    if (self->way == ADD_TOO_MUCH) {
        return add_too_much(tx, &op->err);
    }
    if (self->way == ADD_AND_FAIL_COMMIT) {
        og_db_inject(tx->db, self->fault, 1);
    }
    enum og_code code = og_db_run(tx->db, &item_page, ITEM_ADD,
                                  OG_ARGS(og_value_cstr(self->id), og_value_i64(tx->now_ms),
                                          og_value_null()),
                                  NULL, &op->err);
    return code == OG_OK && self->way == ADD_THEN_REFUSE ? OG_E_NOT_FOUND : code;
}

static inline void
add_committed(struct og_op *op, struct og_tx *tx)
{
    struct add_op *self = (struct add_op *)op;
    self->committed_as = ++self->fix->committed;
}

static inline void
add_done(struct og_op *op)
{
    struct add_op *self = (struct add_op *)op;
    self->was_stored = has_item(self->fix->witness, self->id);
    self->was_home = op->home && og_loop_is_here(op->home);
    self->answered_as = atomic_fetch_add(&self->fix->order, 1) + 1;
    atomic_fetch_add(&self->fix->answered, 1); /* last: the op is the test's again */
}

static const struct og_op_kind add_kind = {"item.add", add_apply, add_committed, add_done};

static inline bool
add_decides_first(const struct og_op *op)
{
    return true;
}

/* The same without a savepoint. */
static const struct og_op_kind add_unsaved_kind = {"item.add_unsaved", add_apply, add_committed, add_done,
                                                add_decides_first};

static inline struct add_op
make_add(struct lane_fixture *fix, const char *id, enum add_way way)
{
    struct add_op self = {.op = {.kind = &add_kind}, .fix = fix, .way = way};
    snprintf(self.id, sizeof self.id, "%s", id);
    return self;
}

static inline void
submit(struct lane_fixture *fix, enum og_lane lane, struct og_op *op)
{
    assert_int_equal(og_lane_submit(fix->lanes, lane, op), OG_OK);
}

static inline void
start(struct lane_fixture *fix)
{
    assert_int_equal(og_lanes_start(fix->lanes, NULL), OG_OK);
}

/* Until `count` answers are out; fails after a generous while. */
static inline void
wait_answers(struct lane_fixture *fix, int count)
{
    int64_t give_up_us = og_mono_us() + 60 * 1000000LL;
    while (atomic_load(&fix->answered) < count && og_mono_us() < give_up_us) {
        sched_yield();
    }
    assert_int_equal(atomic_load(&fix->answered), count);
}
