/*
 * A small world for the tests of messages and phones: a database in memory, the queue, a hub with
 * one loop, a clock that tests move, and batches as the write lane runs them.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "live/hub.h"
#include "route/dispatch.h"
#include "service/device/device_service.h"
#include "service/message/message_service.h"
#include "store/migrate.h"
#include "tests/unit/service/routing_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ACCOUNT OG_STR("acc-a")
#define OTHER_ACCOUNT OG_STR("acc-b")
#define NOON INT64_C(1767268800000)
#define MAX_AGE_MS INT64_C(3600000)
#define GONE_AFTER_MS 20000
#define NUMBER OG_STR("+4915112345678")
#define TEXT OG_STR("482913 is your code")
#define EARS_MAX 8
#define BATCH_MAX 8

/* A phone's stream: what it hears as letters, M (MessageEnqueued), S, W, C (cancel), X (closed). */
struct ear {
    struct og_sink sink;
    struct world *world;
    struct og_str account, device;
    struct og_sink_owner owner;
    struct og_loop_task task;
    char heard[256];
    size_t len;
    bool is_gone;
};

struct world {
    struct og_services svc;
    struct og_clock clock;
    _Atomic int64_t now_ms;
    struct og_db *db;
    struct og_loop *loop;
    struct og_arena mem;
    struct og_err err;
    struct ear ears[EARS_MAX];
    int ear_count;
    const struct og_route_policy *routing; /* NULL: world_routing */
    enum og_db_fault next_commit; /* what befalls the next batch */
};

static inline void
must(struct world *w, enum og_code code)
{
    if (code != OG_OK) {
        fail_msg("%s %s: %s", og_code_wire(code), w->err.field, w->err.text);
    }
}

static inline void
assert_text(struct og_str got, struct og_str expected)
{
    if (!og_str_eq(got, expected)) {
        fail_msg("got \"%" OG_STR_FMT "\", expected \"%" OG_STR_FMT "\"", OG_STR_ARG(got),
                 OG_STR_ARG(expected));
    }
}

/* ---- set up ---- */

static inline int64_t
world_now(void *ctx)
{
    return ((struct world *)ctx)->now_ms;
}

static inline void
world_open_queue(struct world *w)
{
    og_dispatch_destroy(w->svc.lane.dispatch);
    og_route_table_destroy(w->svc.lane.routes);
    w->svc.lane.routes = og_route_table_create(w->routing ? w->routing : &world_routing);
    w->svc.lane.dispatch = og_dispatch_create();
    must(w, og_device_load(&w->svc, w->db, &w->err));
    must(w, og_message_load(&w->svc, w->db, &w->err));
}

/* From here on another way of routing; the queue is made anew from the rows. */
static inline void
world_route(struct world *w, const struct og_route_policy *routing)
{
    w->routing = routing;
    world_open_queue(w);
}

static inline int
world_setup(void **state)
{
    struct world *w = og_xalloc(sizeof *w);
    const struct og_db_config db = {.path = ":memory:"};
    uint8_t bytes[OG_KEY_BYTES] = {1};
    og_log_set_level(OG_LOG_WARN);
    must(w, og_crypto_init(&w->err));
    og_arena_init(&w->mem, 0);
    w->now_ms = NOON;
    w->clock = (struct og_clock){world_now, world_now, w};
    /* no gap: every wake-up is heard */
    const struct og_hub_config hub = {15000, 0, 4, &w->clock, NULL, NULL};
    og_key_from_bytes(bytes, &w->svc.keys.seal);
    og_key_from_bytes(bytes, &w->svc.keys.token);
    og_key_from_bytes(bytes, &w->svc.keys.number);
    w->svc.clock = &w->clock;
    w->svc.message = (struct og_message_policy){.max_age_ms = MAX_AGE_MS, .recipients_max = 10};
    must(w, og_db_connect(&db, &w->db, &w->err));
    must(w, og_schema_migrate(w->db, NOON, &w->err));
    must(w, og_loop_create("test", &w->loop, &w->err));
    must(w, og_hub_create(&hub, &w->loop, 1, &w->svc.lane.hub, &w->err));
    must(w, og_loop_start(w->loop, &w->err));
    world_open_queue(w);
    *state = w;
    return 0;
}

static inline int
world_teardown(void **state)
{
    struct world *w = *state;
    og_hub_stop(w->svc.lane.hub);
    og_loop_stop(w->loop);
    og_loop_join(w->loop);
    og_hub_destroy(w->svc.lane.hub);
    og_loop_destroy(w->loop);
    og_dispatch_destroy(w->svc.lane.dispatch);
    og_route_table_destroy(w->svc.lane.routes);
    og_db_close(w->db);
    og_arena_finish(&w->mem);
    free(w);
    return 0;
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

/* ---- batches ---- */

/* One operation of a batch: what the lane does with it, and the operation itself. */
struct step {
    struct og_op_kind kind;
    struct og_op *op;
};

/* Has it promised to refuse before it writes? */
static inline bool
world_decides_first(const struct step *step)
{
    return (step->kind.apply == og_send_apply && og_send_decides_first(step->op)) ||
           (step->kind.apply == og_pull_apply && og_pull_decides_first(step->op)) ||
           (step->kind.apply == og_report_apply && og_report_decides_first(step->op));
}

static inline enum og_code
world_apply_step(struct world *w, struct step *step, struct og_tx *tx)
{
    struct og_op *op = step->op;
    op->code = OG_OK;
    if (!step->kind.apply) {
        return OG_OK;
    }
    must(w, og_db_savepoint(w->db, &w->err));
    const int64_t changes = og_db_changes(w->db);
    op->code = step->kind.apply(op, tx);
    if (op->code != OG_OK && world_decides_first(step)) {
        assert_int_equal(og_db_changes(w->db), changes);
    }
    must(w, op->code == OG_OK ? og_db_release(w->db, &w->err) : og_db_undo(w->db, &w->err));
    return op->code;
}

/* One transaction for all, as lane/write_lane.c does it. False: the commit failed. */
static inline bool
world_run(struct world *w, struct step *steps, int count)
{
    struct og_tx tx = {w->db, w->now_ms, w->now_ms};
    must(w, og_db_begin(w->db, true, &w->err));
    for (int i = 0; i < count; i++) {
        world_apply_step(w, &steps[i], &tx);
    }
    if (w->next_commit != OG_FAULT_NONE) {
        og_db_inject(w->db, w->next_commit, 1);
        w->next_commit = OG_FAULT_NONE;
    }
    bool is_stored = og_db_commit(w->db, &w->err) == OG_OK;
    og_db_rollback(w->db);
    for (int i = 0; i < count; i++) {
        struct og_op *op = steps[i].op;
        if (steps[i].kind.apply && !is_stored) {
            op->code = OG_E_UNAVAILABLE;
        } else if (op->code == OG_OK && steps[i].kind.committed) {
            steps[i].kind.committed(op, &tx);
        }
    }
    og_hub_flush(w->svc.lane.hub);
    return is_stored;
}

static inline enum og_code
world_run_one(struct world *w, struct step step)
{
    world_run(w, &step, 1);
    w->err = step.op->err;
    return step.op->code;
}

/* The steps; each operation lives in the world's arena. */

#define STEP(op_, apply_, committed_)                                                              \
    ((struct step){{.name = #apply_, .apply = (apply_), .committed = (committed_)}, &(op_)->op})

static inline struct og_message_ask
new_ask(void)
{
    static const struct og_str numbers[] = {{"+4915112345678", 14}};
    return (struct og_message_ask){.account_id = ACCOUNT, .text = TEXT, .numbers = {numbers, 1}};
}

static inline struct og_send_op *
new_send(struct world *w, const struct og_message_ask *ask)
{
    struct og_send_op *op = OG_ARENA_NEW(&w->mem, struct og_send_op);
    op->svc = &w->svc;
    op->mem = &w->mem;
    op->ask = *ask;
    return op;
}
#define SEND(op) STEP(op, og_send_apply, og_send_committed)

static inline struct og_pull_op *
new_pull(struct world *w, struct og_str device)
{
    struct og_pull_op *op = OG_ARENA_NEW(&w->mem, struct og_pull_op);
    op->svc = &w->svc;
    op->mem = &w->mem;
    op->account_id = ACCOUNT;
    op->device_id = device;
    return op;
}
#define PULL(op) STEP(op, og_pull_apply, og_pull_committed)

/* A report of one message; further ones can be put beside it. */
static inline struct og_report_op *
new_report(struct world *w, struct og_str device, struct og_str id, enum og_message_state state)
{
    struct og_report_op *op = OG_ARENA_NEW(&w->mem, struct og_report_op);
    struct og_report *item = OG_ARENA_NEW(&w->mem, struct og_report);
    *item = (struct og_report){.id = id, .report = {.state = state}};
    op->svc = &w->svc;
    op->mem = &w->mem;
    op->account_id = ACCOUNT;
    op->device_id = device;
    op->items = item;
    op->count = 1;
    return op;
}
#define REPORT(op) STEP(op, og_report_apply, og_report_committed)

static inline struct og_message_one_op *
new_cancel(struct world *w, struct og_str id)
{
    struct og_message_one_op *op = OG_ARENA_NEW(&w->mem, struct og_message_one_op);
    op->svc = &w->svc;
    op->mem = &w->mem;
    op->account_id = ACCOUNT;
    op->id = id;
    return op;
}
#define CANCEL(op) STEP(op, og_cancel_apply, og_cancel_committed)

static inline struct og_expire_op *
new_expire(struct world *w)
{
    struct og_expire_op *op = OG_ARENA_NEW(&w->mem, struct og_expire_op);
    op->svc = &w->svc;
    op->mem = &w->mem;
    return op;
}
#define EXPIRE(op) STEP(op, og_expire_apply, og_expire_committed)

static inline struct og_attend_op *
new_move(struct world *w)
{
    struct og_attend_op *op = OG_ARENA_NEW(&w->mem, struct og_attend_op);
    op->svc = &w->svc;
    op->mem = &w->mem;
    op->gone_after_ms = GONE_AFTER_MS;
    return op;
}
#define MOVE(op) STEP(op, og_attend_apply, og_attend_committed)

static inline struct og_presence_op *
new_presence(struct world *w, struct og_str device, bool is_connected)
{
    struct og_presence_op *op = OG_ARENA_NEW(&w->mem, struct og_presence_op);
    op->svc = &w->svc;
    op->account_id = ACCOUNT;
    op->device_id = device;
    op->is_connected = is_connected;
    return op;
}
#define PRESENCE(op) STEP(op, NULL, og_presence_committed)

static inline struct og_device_remove_op *
new_remove(struct world *w, struct og_str account, struct og_str device)
{
    struct og_device_remove_op *op = OG_ARENA_NEW(&w->mem, struct og_device_remove_op);
    op->svc = &w->svc;
    op->mem = &w->mem;
    op->account_id = account;
    op->device_id = device;
    return op;
}
#define REMOVE(op) STEP(op, og_device_remove_apply, og_device_remove_committed)

static inline struct og_device_register_op *
new_register(struct world *w, struct og_str account)
{
    struct og_device_register_op *op = OG_ARENA_NEW(&w->mem, struct og_device_register_op);
    op->svc = &w->svc;
    op->mem = &w->mem;
    op->account_id = account;
    op->name = OG_STR("phone");
    op->sims = OG_STR("[]");
    op->app_version = OG_STR("");
    return op;
}
#define REGISTER(op) STEP(op, og_device_register_apply, og_device_register_committed)

/* ---- one at a time ---- */

static inline struct og_str
add_phone_of(struct world *w, struct og_str account)
{
    struct og_device_register_op *op = new_register(w, account);
    must(w, world_run_one(w, REGISTER(op)));
    return op->out.id;
}

static inline struct og_str
add_phone(struct world *w)
{
    return add_phone_of(w, ACCOUNT);
}

static inline struct og_message
send_ask(struct world *w, const struct og_message_ask *ask)
{
    struct og_send_op *op = new_send(w, ask);
    must(w, world_run_one(w, SEND(op)));
    return op->out;
}

static inline struct og_message
send_one(struct world *w)
{
    struct og_message_ask ask = new_ask();
    return send_ask(w, &ask);
}

static inline struct og_pull_op *
pull(struct world *w, struct og_str device)
{
    struct og_pull_op *op = new_pull(w, device);
    must(w, world_run_one(w, PULL(op)));
    return op;
}

static inline void
report(struct world *w, struct og_str device, struct og_str id, enum og_message_state state)
{
    must(w, world_run_one(w, REPORT(new_report(w, device, id, state))));
}

static inline enum og_code
cancel(struct world *w, struct og_str id)
{
    return world_run_one(w, CANCEL(new_cancel(w, id)));
}

static inline int
expire(struct world *w)
{
    struct og_expire_op *op = new_expire(w);
    must(w, world_run_one(w, EXPIRE(op)));
    return op->expired_count;
}

static inline int
move(struct world *w)
{
    struct og_attend_op *op = new_move(w);
    must(w, world_run_one(w, MOVE(op)));
    return op->moved_count;
}

static inline void
set_present(struct world *w, struct og_str device, bool is_connected)
{
    struct og_presence_op *op = new_presence(w, device, is_connected);
    world_run_one(w, PRESENCE(op));
    og_arena_finish(&op->mem);
}

static inline bool
remove_phone(struct world *w, struct og_str device)
{
    struct og_device_remove_op *op = new_remove(w, ACCOUNT, device);
    must(w, world_run_one(w, REMOVE(op)));
    return op->removed;
}

/* ---- a look at rows and queue ---- */

static inline struct og_message
row_of(struct world *w, struct og_str id)
{
    struct og_message m;
    must(w, og_message_find(w->db, &w->svc.keys.seal, ACCOUNT, id, &w->mem, &m, &w->err));
    return m;
}

static inline void
assert_state(struct world *w, struct og_str id, enum og_message_state state, bool is_final,
             const char *reason)
{
    struct og_message m = row_of(w, id);
    assert_string_equal(og_message_state_name(m.record.state), og_message_state_name(state));
    assert_int_equal(m.final_at != 0, is_final);
    assert_text(m.reason, og_str_from(reason));
}

/* Which phone it waits for, or is with; "-" when it is not in the queue. */
static inline struct og_str
queued_for(struct world *w, struct og_str id)
{
    struct og_dispatch_item item;
    return og_dispatch_find(w->svc.lane.dispatch, ACCOUNT, id, &item)
               ? og_str_dup(&w->mem, item.device)
               : OG_STR("-");
}

static inline bool
is_queued(struct world *w, struct og_str id)
{
    return !og_str_eq(queued_for(w, id), OG_STR("-"));
}

enum { LOOK_ALL, LOOK_SQL };

static const char *const look_sql[LOOK_SQL] = {
    [LOOK_ALL] = "SELECT m.id, m.account_id, m.device_id, m.bound, m.state, m.handed_at, "
                 "m.final_at, m.deadline_at, m.class, m.priority, m.content IS NULL, "
                 "d.id IS NOT NULL AND d.removed_at IS NULL "
                 "FROM messages m LEFT JOIN devices d ON d.id = m.device_id",
};

static const struct og_sql_page look_page = {OG_PAGE_ACCOUNT, look_sql, LOOK_SQL};

/* What a row says, without its boxes. */
struct look {
    struct og_str id, account, device;
    bool bound, is_handed, is_final, has_text, device_is_there;
    int64_t deadline_at, class, priority;
    enum og_message_state state;
};

static inline void
look_at_rows(struct world *w, struct og_arena *mem, void (*fn)(void *ctx, const struct look *row),
             void *ctx)
{
    struct og_rows rows;
    enum og_step step;
    must(w, og_db_open(w->db, &look_page, LOOK_ALL, OG_NO_ARGS, &rows, &w->err));
    while ((step = og_rows_next(&rows, &w->err)) == OG_STEP_ROW) {
        const struct look row = {
            .id = og_row_text(&rows, 0, mem),
            .account = og_row_text(&rows, 1, mem),
            .device = og_row_text(&rows, 2, mem),
            .bound = og_row_i64(&rows, 3),
            .state = (enum og_message_state)og_row_i64(&rows, 4),
            .is_handed = !og_row_is_null(&rows, 5),
            .is_final = !og_row_is_null(&rows, 6),
            .deadline_at = og_row_i64(&rows, 7),
            .class = og_row_i64(&rows, 8),
            .priority = og_row_i64(&rows, 9),
            .has_text = og_row_i64(&rows, 10) == 0,
            .device_is_there = og_row_i64(&rows, 11),
        };
        fn(ctx, &row);
    }
    og_rows_close(&rows);
    assert_int_equal(step, OG_STEP_DONE);
}

struct agreement {
    struct world *world;
    size_t open_count;
};

/* The queue holds what is to be sent or told, and knows of it what the row says. */
static inline void
check_row(void *ctx, const struct look *row)
{
    struct agreement *self = ctx;
    struct og_dispatch_item item;
    bool is_open = !row->is_final &&
                   (row->state == OG_MESSAGE_PENDING || row->state == OG_MESSAGE_CANCELLING ||
                    (row->state == OG_MESSAGE_PROCESSED &&
                     og_route_table_policy(self->world->svc.lane.routes)->is_smart));
    bool is_queued =
        og_dispatch_find(self->world->svc.lane.dispatch, row->account, row->id, &item);
    if (is_open != is_queued) {
        fail_msg("%" OG_STR_FMT " is %s and %sin the queue", OG_STR_ARG(row->id),
                 og_message_state_name(row->state), is_queued ? "" : "not ");
    }
    if (row->is_final && row->class == OG_CLASS_OTP) {
        assert_false(row->has_text);
    }
    if (!is_queued) {
        return;
    }
    self->open_count++;
    const bool is_taken = row->state == OG_MESSAGE_PROCESSED;
    assert_int_equal(item.phase, is_taken         ? OG_DISPATCH_TAKEN
                                 : row->is_handed ? OG_DISPATCH_HANDED
                                                  : OG_DISPATCH_WAITING);
    assert_int_equal(item.is_bound, row->bound);
    assert_true(is_taken || item.is_cancelling == (row->state == OG_MESSAGE_CANCELLING));
    assert_true(is_taken || item.deadline_ms == row->deadline_at);
    assert_int_equal(item.priority, row->priority);
    assert_int_equal(item.class == OG_DISPATCH_OTP, row->class == OG_CLASS_OTP);
    assert_true(row->has_text);
    if ((row->is_handed || row->bound) && row->device_is_there) {
        assert_text(item.device, row->device);
    }
}

static inline void
assert_agreement(struct world *w)
{
    struct og_arena mem;
    struct agreement agreement = {.world = w};
    og_arena_init(&mem, 0);
    look_at_rows(w, &mem, check_row, &agreement);
    og_arena_finish(&mem);
    struct og_dispatch_totals totals = og_dispatch_totals(w->svc.lane.dispatch);
    assert_int_equal(totals.waiting + totals.handed + totals.taken, agreement.open_count);
}

/* ---- phones that listen ---- */

static inline bool
ear_send(struct og_sink *sink, struct og_str bytes)
{
    static const struct {
        const char *start;
        char letter;
    } letters[] = {{"event: MessageE", 'M'}, {"event: MessageC", 'C'}, {"event: S", 'S'},
                   {"event: W", 'W'}};
    struct ear *self = (struct ear *)sink;
    for (size_t i = 0; i < COUNT(letters); i++) {
        if (og_str_starts(bytes, og_str_from(letters[i].start))) {
            self->heard[self->len++] = letters[i].letter;
        }
    }
    return true;
}

static inline void
ear_gone(struct og_loop_task *task)
{
    struct ear *self = OG_CONTAINER_OF(task, struct ear, task);
    self->owner.on_closed(self->owner.ctx);
}

static inline void
ear_close(struct og_sink *sink)
{
    struct ear *self = (struct ear *)sink;
    if (!self->is_gone) {
        self->is_gone = true;
        self->heard[self->len++] = 'X';
        self->task.run = ear_gone;
        og_loop_post(self->world->loop, &self->task);
    }
}

static const struct og_sink_verbs ear_verbs = {ear_send, ear_close};

static inline void
ear_open(struct og_loop_task *task)
{
    struct ear *self = OG_CONTAINER_OF(task, struct ear, task);
    struct og_hub_stream *stream = og_hub_reserve(self->world->svc.lane.hub, 0, self->account,
                                                  self->device, &self->owner);
    og_hub_attach(stream, &self->sink);
}

struct barrier {
    struct og_loop_task task;
    sem_t passed;
};

static inline void
barrier_pass(struct og_loop_task *task)
{
    sem_post(&OG_CONTAINER_OF(task, struct barrier, task)->passed);
}

/* What was posted to the loop so far has run. */
static inline void
world_settle(struct world *w)
{
    struct barrier barrier = {.task = {.run = barrier_pass}};
    sem_init(&barrier.passed, 0, 0);
    og_loop_post(w->loop, &barrier.task);
    while (sem_wait(&barrier.passed) != 0) {
    }
    sem_destroy(&barrier.passed);
}

/* Open a stream for the phone. Presence is told apart from it, by set_present. */
static inline struct ear *
listen_as(struct world *w, struct og_str device)
{
    assert_true(w->ear_count < EARS_MAX);
    struct ear *ear = &w->ears[w->ear_count++];
    *ear = (struct ear){.sink = {&ear_verbs}, .world = w, .account = ACCOUNT, .device = device};
    ear->task.run = ear_open;
    og_loop_post(w->loop, &ear->task);
    world_settle(w);
    return ear;
}

/* Since the last look. */
static inline void
assert_heard(struct world *w, struct ear *ear, const char *expected)
{
    world_settle(w);
    ear->heard[ear->len] = '\0';
    assert_string_equal(ear->heard, expected);
    ear->len = 0;
}
