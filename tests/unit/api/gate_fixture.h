/*
 * A gate with real lanes, a real database and one loop, but no server: calls are made by hand on
 * the loop's thread and their outcome is waited for.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "api/gate/gate.h"
#include "cache/credential_cache.h"
#include "lane/lanes.h"
#include "service/account/account_service.h"
#include "service/device/device_service.h"
#include "store/migrate.h"
#include "tests/support/temp_dir.h"

#define NOON INT64_C(1767268800000)

struct world {
    struct og_services svc;
    struct og_clock clock;
    _Atomic int64_t now_ms;
    struct temp_dir dir;
    char path[PATH_MAX];
    struct og_lanes *lanes;
    struct og_loop *loop;
    struct og_gate *gate;
    struct og_arena mem;
    /* made by the set-up */
    struct og_account account;
    struct og_secret password, key, admin_key, join_token, operator_token;
    struct og_str key_id;
};

/* ---- clock, randomness ---- */

static inline int64_t
world_now(void *ctx)
{
    return ((struct world *)ctx)->now_ms;
}

static inline enum og_code
world_random(void *ctx, void *out, size_t size_bytes, struct og_err *err)
{
    (void)ctx;
    return og_random_bytes(out, size_bytes, err);
}

static const struct og_rng world_rng = {world_random, NULL};

/* ---- operations by hand ---- */

struct one_run {
    struct og_op_kind kind; /* first: an operation leads back to its run */
    sem_t done;
};

static inline void
world_op_done(struct og_op *op)
{
    sem_post(&((struct one_run *)(uintptr_t)op->kind)->done);
}

/* Run apply and committed in the write lane, as the server would. */
static inline enum og_code
world_run(struct world *w, struct og_op *op, enum og_code (*apply)(struct og_op *, struct og_tx *),
          void (*committed)(struct og_op *, struct og_tx *))
{
    struct one_run run = {.kind = {"test.run", apply, committed, world_op_done}};
    sem_init(&run.done, 0, 0);
    op->kind = &run.kind;
    op->home = NULL;
    assert_int_equal(og_lane_submit(w->lanes, OG_LANE_WRITE, op), OG_OK);
    sem_wait(&run.done);
    sem_destroy(&run.done);
    return op->code;
}

/* A password operation, run here. */
static inline struct og_password_op
world_hash(struct world *w)
{
    struct og_password_op op = {.svc = &w->svc};
    struct og_tx tx = {0};
    assert_int_equal(og_password_apply(&op.op, &tx), OG_OK);
    return op;
}

static inline struct og_key_make_op
world_make_key(struct world *w, uint32_t scopes, int64_t expires_at)
{
    struct og_key_make_op op = {.svc = &w->svc, .mem = &w->mem, .account_id = w->account.id,
                                .scopes = scopes, .credential = {.expires_at = expires_at}};
    assert_int_equal(world_run(w, &op.op, og_key_make_apply, NULL), OG_OK);
    return op;
}

/* ---- set-up ---- */

static inline void
world_open_database(struct world *w, int slow_queue_max)
{
    struct og_err err;
    const struct og_lanes_config config = {
        .db = {.path = temp_dir_file(&w->dir, "otpgate.db", w->path)},
        .queue_max = 1000, .batch_max = 64, .reader_count = 2,
        .slow_queue_max = slow_queue_max, .clock = &w->clock,
    };
    struct og_db *db;
    assert_int_equal(og_db_connect(&config.db, &db, &err), OG_OK);
    assert_int_equal(og_schema_migrate(db, NOON, &err), OG_OK);
    bool made;
    char file[PATH_MAX];
    assert_int_equal(og_operator_ensure(&w->svc, db, NOON,
                                        temp_dir_file(&w->dir, "operator.token", file), false,
                                        &made, &w->operator_token, &err),
                     OG_OK);
    og_db_close(db);
    assert_int_equal(og_lanes_create(&config, &w->lanes, &err), OG_OK);
    assert_int_equal(og_lanes_start(w->lanes, &err), OG_OK);
}

static inline void
world_make_account(struct world *w)
{
    struct og_password_op password = world_hash(w);
    struct og_account_make_op op = {.svc = &w->svc, .mem = &w->mem, .password = &password,
                                    .account = {.name = OG_STR("shop"), .brand = OG_STR("Shop")}};
    assert_int_equal(world_run(w, &op.op, og_account_make_apply, NULL), OG_OK);
    w->account = op.account;
    w->password = password.password;
    struct og_key_make_op key =
        world_make_key(w, OG_SCOPE_OTP_START | OG_SCOPE_MESSAGES_READ, 0);
    w->key = key.key;
    w->key_id = key.credential.id;
    w->admin_key = world_make_key(w, OG_SCOPE_ALL, 0).key;
    struct og_pairing_op pairing = {
        .svc = &w->svc, .mem = &w->mem, .account_id = w->account.id};
    assert_int_equal(world_run(w, &pairing.op, og_pairing_apply, NULL), OG_OK);
    w->join_token = pairing.token;
}

static inline int
world_set_up_with(void **state, const struct og_gate_config *gate, int slow_queue_max)
{
    struct world *w = og_xalloc(sizeof *w);
    struct og_err err;
    uint8_t bytes[OG_KEY_BYTES];
    struct og_key *keys[] = {&w->svc.keys.token, &w->svc.keys.seal, &w->svc.keys.cache};
    for (int i = 0; i < 3; i++) {
        memset(bytes, i + 1, sizeof bytes);
        og_key_from_bytes(bytes, keys[i]);
    }
    w->now_ms = NOON;
    w->clock = (struct og_clock){world_now, world_now, w};
    w->svc.clock = &w->clock;
    w->svc.rng = &world_rng;
    og_arena_init(&w->mem, 0);
    temp_dir_make(&w->dir);
    world_open_database(w, slow_queue_max);
    assert_int_equal(og_loop_create("test", &w->loop, &err), OG_OK);
    assert_int_equal(og_loop_start(w->loop, &err), OG_OK);
    struct og_gate_config config = *gate;
    config.services = &w->svc;
    config.lanes = w->lanes;
    config.loop_count = 1;
    assert_int_equal(og_gate_create(&config, &w->gate, &err), OG_OK);
    world_make_account(w);
    *state = w;
    return 0;
}

static inline int
world_set_up(void **state)
{
    return world_set_up_with(state, &(struct og_gate_config){0}, 8);
}

static inline int
world_tear_down(void **state)
{
    struct world *w = *state;
    og_lanes_stop(w->lanes);
    og_loop_stop(w->loop);
    og_loop_join(w->loop);
    og_loop_destroy(w->loop);
    og_lanes_destroy(w->lanes);
    og_gate_destroy(w->gate);
    og_arena_finish(&w->mem);
    temp_dir_remove(&w->dir);
    free(w);
    return 0;
}

/* ---- calls ---- */

struct test_call {
    struct og_loop_task task; /* first */
    struct world *w;
    struct og_call call;
    struct og_http_request req;
    struct og_header headers[3];
    struct og_arena mem;
    sem_t done;
    int times; /* that next was called */
    enum og_code code;
    struct og_err err;
};

static inline void
test_call_next(struct og_call *call, enum og_code code, const struct og_err *err)
{
    struct test_call *self = OG_CONTAINER_OF(call, struct test_call, call);
    self->times++;
    self->code = code;
    if (err) {
        self->err = *err;
    }
    sem_post(&self->done);
}

static inline void
test_call_begin(struct og_loop_task *task)
{
    struct test_call *self = (struct test_call *)task;
    og_gate_check(self->w->gate, &self->call, test_call_next);
}

/* authorization NULL: no header */
static inline struct test_call *
test_call_start(struct world *w, const struct og_route *route, const char *authorization,
                const char *peer)
{
    struct test_call *self = og_xalloc(sizeof *self);
    self->w = w;
    og_arena_init(&self->mem, 0);
    sem_init(&self->done, 0, 0);
    self->task.run = test_call_begin;
    if (authorization) {
        self->headers[self->req.header_count++] = (struct og_header){
            OG_STR("Authorization"),
            og_str_dup(&self->mem, og_str_from(authorization))};
    }
    self->req.headers = self->headers;
    self->req.peer = og_str_dup(&self->mem, og_str_from(peer));
    self->req.mem = &self->mem;
    self->req.loop = w->loop;
    self->call.req = &self->req;
    self->call.route = route;
    self->call.now_ms = w->now_ms;
    og_loop_post(w->loop, &self->task);
    return self;
}

static inline void
test_call_wait(struct test_call *self)
{
    sem_wait(&self->done);
    assert_int_equal(self->times, 1);
}

static inline void
test_call_free(struct test_call *self)
{
    sem_destroy(&self->done);
    og_arena_finish(&self->mem);
    free(self);
}

static inline enum og_code
try_from(struct world *w, const struct og_route *route, const char *authorization,
         const char *peer)
{
    struct test_call *call = test_call_start(w, route, authorization, peer);
    test_call_wait(call);
    enum og_code code = call->code;
    test_call_free(call);
    return code;
}

static inline enum og_code
try(struct world *w, const struct og_route *route, const char *authorization)
{
    return try_from(w, route, authorization, "192.0.2.1");
}

/* "Basic ..." of a login and password; in w->mem. */
static inline const char *
basic(struct world *w, struct og_str login, const char *password)
{
    struct og_buf text;
    og_buf_init(&text, 1024);
    struct og_str pair = og_str_printf(&w->mem, "%" OG_STR_FMT ":%s", OG_STR_ARG(login), password);
    og_base64_encode(pair, false, &text);
    const char *header = og_str_printf(&w->mem, "Basic %s", text.ptr).ptr;
    og_buf_finish(&text);
    return header;
}

static inline const char *
bearer(struct world *w, const struct og_secret *token)
{
    return og_str_printf(&w->mem, "Bearer %s", token->bytes).ptr;
}

struct barrier {
    struct og_loop_task task; /* first */
    sem_t is_there;
};

static inline void
barrier_run(struct og_loop_task *task)
{
    sem_post(&((struct barrier *)task)->is_there);
}

/* All calls started so far have begun. */
static inline void
world_wait_for_loop(struct world *w)
{
    struct barrier barrier = {.task.run = barrier_run};
    sem_init(&barrier.is_there, 0, 0);
    og_loop_post(w->loop, &barrier.task);
    sem_wait(&barrier.is_there);
    sem_destroy(&barrier.is_there);
}

/* ---- rows as the route table has them ---- */

static const struct og_route route_read = {
    .path = "/read", .family = OG_FAMILY_SMSGATE, .who = OG_WHO_APP,
    .scope = OG_SCOPE_MESSAGES_READ};
static const struct og_route route_send = {
    .path = "/send", .family = OG_FAMILY_SMSGATE, .who = OG_WHO_APP,
    .scope = OG_SCOPE_MESSAGES_SEND};
static const struct og_route route_basic = {
    .path = "/basic", .family = OG_FAMILY_SMSGATE, .who = OG_WHO_BASIC};
static const struct og_route route_device = {
    .path = "/device", .family = OG_FAMILY_SMSGATE, .who = OG_WHO_DEVICE};
static const struct og_route route_device_or_nobody = {
    .path = "/maybe", .family = OG_FAMILY_SMSGATE, .who = OG_WHO_DEVICE_OR_NOBODY};
static const struct og_route route_join = {
    .path = "/join", .family = OG_FAMILY_SMSGATE, .who = OG_WHO_JOINING};
static const struct og_route route_admin = {
    .path = "/admin", .family = OG_FAMILY_OWN, .who = OG_WHO_OPERATOR};
static const struct og_route route_anyone = {
    .path = "/anyone", .family = OG_FAMILY_ROOT, .who = OG_WHO_ANYONE};

/* ---- the slow lane, held up ---- */

struct plug {
    struct og_op op; /* first */
    sem_t is_in, may_go, is_gone;
};

static inline enum og_code
plug_apply(struct og_op *op, struct og_tx *tx)
{
    struct plug *self = (struct plug *)op;
    (void)tx;
    sem_post(&self->is_in);
    sem_wait(&self->may_go);
    return OG_OK;
}

static inline void
plug_done(struct og_op *op)
{
    sem_post(&((struct plug *)op)->is_gone);
}

static const struct og_op_kind plug_kind = {.name = "test.plug", .apply = plug_apply,
                                            .done = plug_done};

/* From here on nothing is hashed, until plug_pull. */
static inline void
plug_push(struct world *w, struct plug *self)
{
    *self = (struct plug){.op = {.kind = &plug_kind}};
    sem_init(&self->is_in, 0, 0);
    sem_init(&self->may_go, 0, 0);
    sem_init(&self->is_gone, 0, 0);
    assert_int_equal(og_lane_submit(w->lanes, OG_LANE_SLOW, &self->op), OG_OK);
    sem_wait(&self->is_in);
}

static inline void
plug_pull(struct plug *self)
{
    sem_post(&self->may_go);
    sem_wait(&self->is_gone);
    sem_destroy(&self->is_in);
    sem_destroy(&self->may_go);
    sem_destroy(&self->is_gone);
}
