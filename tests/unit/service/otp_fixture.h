/*
 * A small world for the tests of verifications: a database with one phone, the code store in memory
 * behind a spy, a clock that tests move, and codes drawn from a script.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "codes/code_store_memory.h"
#include "live/hub.h"
#include "route/dispatch.h"
#include "service/abuse/abuse_service.h"
#include "service/otp/otp_service.h"
#include "store/migrate.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/service/routing_fixture.h"

#define ACCOUNT OG_STR("acc-000000000000000001")
#define OTHER_ACCOUNT OG_STR("acc-000000000000000002")
#define NUMBER "+4915112345678"
#define NOON INT64_C(1767268800000)

/* Passes every call on and keeps what went by. */
struct spy {
    struct og_code_store face;
    struct og_code_store *inner;
    struct og_code_record record; /* the last put; its strings are not to be used, but `sealed` is */
    char sealed[OG_CODE_SEALED_MAX_BYTES];
    struct og_code_guess guess; /* the last check */
    int puts, checks, drops;
};

struct world {
    struct og_services svc;
    struct og_clock clock;
    _Atomic int64_t now_ms, mono_ms; /* the hub's loop reads them, too */
    struct og_rng rng;
    uint32_t next_word; /* what the generator says; a code is this modulo 10^length */
    bool rng_fails;
    struct spy spy;
    struct temp_dir dir;
    char path[PATH_MAX];
    struct og_db *db;
    struct og_loop *loop;
    struct og_arena mem;
    /* of the last step or operation */
    enum og_code ready_code;
    struct og_err err;
    int ready_count;
};

/* ---- clock and randomness ---- */

static inline int64_t
world_wall(void *ctx)
{
    return ((struct world *)ctx)->now_ms;
}

static inline int64_t
world_mono(void *ctx)
{
    return ((struct world *)ctx)->mono_ms;
}

static inline void
world_pass(struct world *w, int64_t ms)
{
    w->now_ms += ms;
    w->mono_ms += ms;
}

static inline enum og_code
world_random(void *ctx, void *out, size_t size_bytes, struct og_err *err)
{
    struct world *w = ctx;
    if (w->rng_fails) {
        return og_fail(err, OG_E_UNAVAILABLE, "", "no randomness");
    }
    memset(out, 0, size_bytes);
    memcpy(out, &w->next_word, sizeof(w->next_word));
    return OG_OK;
}

/* ---- the spy ---- */

static inline void
spy_put(struct og_code_store *face, struct og_loop *loop, const struct og_code_record *record,
        struct og_code_ask *ask)
{
    struct spy *self = (struct spy *)face;
    self->puts++;
    self->record = *record;
    memcpy(self->sealed, record->sealed.ptr, record->sealed.len);
    self->record.sealed.ptr = self->sealed;
    self->inner->put(self->inner, loop, record, ask);
}

static inline void
spy_check(struct og_code_store *face, struct og_loop *loop, const struct og_code_guess *guess,
          struct og_code_ask *ask)
{
    struct spy *self = (struct spy *)face;
    self->checks++;
    self->guess = *guess;
    self->inner->check(self->inner, loop, guess, ask);
}

static inline void
spy_peek(struct og_code_store *face, struct og_loop *loop, struct og_code_name name,
         struct og_code_ask *ask)
{
    struct spy *self = (struct spy *)face;
    self->inner->peek(self->inner, loop, name, ask);
}

static inline void
spy_drop(struct og_code_store *face, struct og_loop *loop, struct og_code_name name,
         struct og_code_ask *ask)
{
    struct spy *self = (struct spy *)face;
    self->drops++;
    self->inner->drop(self->inner, loop, name, ask);
}

static inline void
spy_sweep(struct og_code_store *face)
{
    struct spy *self = (struct spy *)face;
    self->inner->sweep(self->inner);
}

static inline struct og_code_usage
spy_usage(struct og_code_store *face)
{
    struct spy *self = (struct spy *)face;
    return self->inner->usage(self->inner);
}

static inline int64_t
world_codes(struct world *w)
{
    return spy_usage(&w->spy.face).entries;
}

static inline void
world_open_codes(struct world *w, int64_t entries_max)
{
    const struct og_code_memory_config config = {.entries_max = entries_max, .clock = &w->clock};
    w->spy.inner = og_code_memory_create(&config);
}

/* ---- set up ---- */

static inline void
world_keys(struct og_keys *keys, uint8_t seed)
{
    uint8_t bytes[OG_KEY_BYTES];
    struct og_key master;
    memset(bytes, seed, sizeof(bytes));
    og_key_from_bytes(bytes, &master);
    og_key_derive(&master, "seal", &keys->seal);
    og_key_derive(&master, "number", &keys->number);
    og_key_derive(&master, "otp", &keys->otp);
    og_key_derive(&master, "otp-seal", &keys->otp_seal);
    og_key_derive(&master, "idempotency", &keys->idempotency);
}

static inline void
world_policy(struct world *w)
{
    w->svc.message = (struct og_message_policy){.max_age_ms = 3600000, .recipients_max = 10};
    w->svc.otp = (struct og_otp_policy){
        .length = 6,
        .ttl_ms = 300000,
        .attempts = 5,
        .sends_max = 3,
        .resend_wait_ms = {30000, 60000, 120000},
        .resend_wait_count = 3,
        .lock_after = 50,
        .lock_ms = 1800000,
    };
}

static inline void
world_must(enum og_code code, const struct og_err *err)
{
    if (code != OG_OK) {
        fail_msg("%s: %s", og_code_wire(code), err->text);
    }
}

static inline void
world_open_db(struct world *w)
{
    const struct og_db_config config = {.path = w->path, .checkpoint_pages = 1000};
    world_must(og_db_connect(&config, &w->db, &w->err), &w->err);
    world_must(og_schema_migrate(w->db, w->now_ms, &w->err), &w->err);
}

static inline void
world_open_lane(struct world *w)
{
    const struct og_hub_config hub = {15000, 1000, 4, &w->clock, NULL, NULL};
    world_must(og_loop_create("test", &w->loop, &w->err), &w->err);
    world_must(og_hub_create(&hub, &w->loop, 1, &w->svc.lane.hub, &w->err), &w->err);
    world_must(og_loop_start(w->loop, &w->err), &w->err);
    w->svc.lane.dispatch = og_dispatch_create();
    w->svc.lane.routes = og_route_table_create(&world_routing);
    og_route_table_add(w->svc.lane.routes, ACCOUNT, OG_STR("phone-1"), NOON, NOON);
    og_route_table_add(w->svc.lane.routes, OTHER_ACCOUNT, OG_STR("phone-2"), NOON, NOON);
    world_must(og_dispatch_device_add(w->svc.lane.dispatch, ACCOUNT, OG_STR("phone-1"), NOON,
                                      &w->err),
               &w->err);
    world_must(og_dispatch_device_add(w->svc.lane.dispatch, OTHER_ACCOUNT, OG_STR("phone-2"), NOON,
                                      &w->err),
               &w->err);
}

static inline int
world_setup(void **state)
{
    struct world *w = og_xalloc(sizeof(*w));
    world_must(og_crypto_init(&w->err), &w->err);
    og_arena_init(&w->mem, 0);
    w->now_ms = NOON;
    w->mono_ms = 777000;
    w->next_word = 482913;
    w->clock = (struct og_clock){world_wall, world_mono, w};
    w->rng = (struct og_rng){world_random, w};
    w->spy.face = (struct og_code_store){.put = spy_put,
                                         .check = spy_check,
                                         .peek = spy_peek,
                                         .drop = spy_drop,
                                         .sweep = spy_sweep,
                                         .usage = spy_usage,
                                         .is_volatile = true};
    w->svc.clock = &w->clock;
    w->svc.rng = &w->rng;
    w->svc.codes = &w->spy.face;
    world_keys(&w->svc.keys, 1);
    world_policy(w);
    world_open_codes(w, 0);
    temp_dir_make(&w->dir);
    temp_dir_file(&w->dir, "db", w->path);
    world_open_db(w);
    world_open_lane(w);
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
    w->spy.inner->destroy(w->spy.inner);
    temp_dir_remove(&w->dir);
    og_arena_finish(&w->mem);
    free(w);
    return 0;
}

/* The process ends and starts anew: codes are gone, rows are not. */
static inline void
world_restart(struct world *w)
{
    og_db_close(w->db);
    w->spy.inner->destroy(w->spy.inner);
    world_open_codes(w, 0);
    world_open_db(w);
    world_must(og_otp_load(&w->svc, w->db, w->now_ms, &w->err), &w->err);
    world_must(og_abuse_load(&w->svc, w->db, w->now_ms, &w->err), &w->err);
}

/* ---- operations, as a lane with a batch of one runs them ---- */

static inline void
world_ready(struct og_otp_base *base, enum og_code code, const struct og_err *err)
{
    struct world *w = base->ctx;
    w->ready_code = code;
    w->ready_count++;
    if (code != OG_OK) {
        w->err = *err;
    }
}

static inline void
world_base(struct world *w, struct og_otp_base *base, struct og_str account)
{
    base->svc = &w->svc;
    base->mem = &w->mem;
    base->loop = w->loop;
    base->account_id = account;
    base->ready = world_ready;
    base->ctx = w;
    w->ready_count = 0;
    w->ready_code = OG_E_INTERNAL;
}

/* Has it promised to refuse before it writes? */
static inline bool
world_decides_first(const struct og_op *op, enum og_code (*apply)(struct og_op *, struct og_tx *))
{
    return (apply == og_otp_start_apply && og_otp_start_decides_first(op)) ||
           (apply == og_otp_check_apply && og_otp_check_decides_first(op));
}

static inline enum og_code
world_apply_only(struct world *w, struct og_op *op,
                 enum og_code (*apply)(struct og_op *, struct og_tx *),
                 void (*committed)(struct og_op *, struct og_tx *))
{
    struct og_tx tx = {w->db, w->now_ms, w->mono_ms};
    world_must(og_db_begin(w->db, true, &w->err), &w->err);
    const int64_t changes = og_db_changes(w->db);
    op->code = apply(op, &tx);
    w->err = op->err;
    if (op->code != OG_OK && world_decides_first(op, apply)) {
        assert_int_equal(og_db_changes(w->db), changes);
    }
    if (op->code != OG_OK) {
        og_db_rollback(w->db);
        return op->code;
    }
    op->code = og_db_commit(w->db, &w->err);
    if (op->code == OG_OK && committed) {
        committed(op, &tx);
    } else if (op->code != OG_OK) {
        og_db_rollback(w->db);
    }
    return op->code;
}

static inline enum og_code
world_apply(struct world *w, struct og_op *op, enum og_code (*apply)(struct og_op *, struct og_tx *),
            void (*committed)(struct og_op *, struct og_tx *))
{
    const enum og_code code = world_apply_only(w, op, apply, committed);
    og_abuse_batch_end(&w->svc);
    return code;
}

static inline int
world_render(const struct og_otp_start_op *op, struct og_buf *body)
{
    og_buf_add(body, OG_STR("{\"id\":\""));
    og_buf_add(body, op->out.id);
    og_buf_add(body, OG_STR("\"}"));
    return op->is_new ? 201 : 200;
}

/* A start with the usual values; tests change what they are about before world_run_start. */
static inline struct og_otp_start_op
world_start_op(struct world *w)
{
    struct og_otp_start_op op = {
        .credential_id = OG_STR("key-1"),
        .to = OG_STR(NUMBER),
        .purpose = OG_STR("login"),
        .code_length = w->svc.otp.length,
        .ttl_ms = w->svc.otp.ttl_ms,
        .asked_at = w->now_ms,
        .render = world_render,
    };
    return op;
}

static inline enum og_code
world_run_start_in(struct world *w, struct og_str account, struct og_otp_start_op *op)
{
    world_base(w, &op->base, account);
    og_otp_start_prepare(op);
    assert_int_equal(w->ready_count, 1);
    enum og_code code = w->ready_code;
    if (code == OG_OK) {
        code = world_apply(w, &op->base.op, og_otp_start_apply, og_otp_start_committed);
    }
    og_otp_start_release(op, code == OG_OK);
    return code;
}

static inline enum og_code
world_run_start(struct world *w, struct og_otp_start_op *op)
{
    return world_run_start_in(w, ACCOUNT, op);
}

/* Start one that must go well; its id lives in the world's arena. */
static inline struct og_str
world_start(struct world *w)
{
    struct og_otp_start_op op = world_start_op(w);
    world_must(world_run_start(w, &op), &w->err);
    assert_true(op.is_new);
    return og_str_dup(&w->mem, op.out.id);
}

static inline struct og_otp_check_op
world_check_op(struct world *w, struct og_str id, const char *code)
{
    struct og_otp_check_op op = {.id = id, .purpose = OG_STR("login")};
    assert_true(og_secret_set(&op.code, og_str_from(code)));
    world_base(w, &op.base, ACCOUNT);
    return op;
}

static inline enum og_code
world_run_check(struct world *w, struct og_otp_check_op *op)
{
    op->base.ctx = w;
    w->ready_count = 0;
    og_otp_check_prepare(op);
    assert_int_equal(w->ready_count, 1);
    enum og_code code = w->ready_code;
    if (code == OG_OK) {
        code = world_apply(w, &op->base.op, og_otp_check_apply, og_otp_check_committed);
    }
    og_otp_check_release(op, code == OG_OK);
    return code;
}

/* A check that must be judged. */
static inline struct og_otp_check_op
world_check(struct world *w, struct og_str id, const char *code)
{
    struct og_otp_check_op op = world_check_op(w, id, code);
    world_must(world_run_check(w, &op), &w->err);
    return op;
}

static inline void
world_assert_check(struct world *w, struct og_str id, const char *code,
                   enum og_otp_outcome outcome, enum og_verification_state state,
                   int attempts_left)
{
    const struct og_otp_check_op op = world_check(w, id, code);
    assert_int_equal(op.outcome, outcome);
    assert_int_equal(op.state, state);
    assert_int_equal(op.attempts_left, attempts_left);
}

static inline enum og_code
world_resend(struct world *w, struct og_str id, struct og_otp_resend_op *op)
{
    *op = (struct og_otp_resend_op){.id = id};
    world_base(w, &op->base, ACCOUNT);
    og_otp_resend_prepare(op);
    assert_int_equal(w->ready_count, 1);
    enum og_code code = w->ready_code;
    if (code == OG_OK) {
        code = world_apply(w, &op->base.op, og_otp_resend_apply, og_otp_resend_committed);
    }
    og_otp_resend_release(op, code == OG_OK);
    return code;
}

static inline enum og_code
world_cancel(struct world *w, struct og_str account, struct og_str id, struct og_otp_cancel_op *op)
{
    *op = (struct og_otp_cancel_op){.id = id};
    world_base(w, &op->base, account);
    og_otp_cancel_prepare(op);
    assert_int_equal(w->ready_count, 1);
    return w->ready_code != OG_OK
               ? w->ready_code
               : world_apply(w, &op->base.op, og_otp_cancel_apply, og_otp_cancel_committed);
}

static inline enum og_code
world_get(struct world *w, struct og_str account, struct og_str id, struct og_otp_get_op *op)
{
    *op = (struct og_otp_get_op){.id = id};
    world_base(w, &op->base, account);
    return world_apply(w, &op->base.op, og_otp_get_apply, NULL);
}

/* ---- a look at the rows ---- */

static inline struct og_verification
world_row(struct world *w, struct og_str id)
{
    struct og_verification v;
    world_must(og_verification_find(w->db, &w->svc.keys.seal, ACCOUNT, id, &w->mem, &v, &w->err),
               &w->err);
    return v;
}

static inline struct og_message
world_message(struct world *w, struct og_str message_id)
{
    struct og_message m;
    world_must(og_message_find(w->db, &w->svc.keys.seal, ACCOUNT, message_id, &w->mem, &m, &w->err),
               &w->err);
    return m;
}

/* Messages in the account's queues, and what the phone would get now. */
static inline size_t
world_waiting(struct world *w)
{
    struct og_dispatch_item items[8];
    return og_dispatch_list(w->svc.lane.dispatch, ACCOUNT, OG_STR("phone-1"), w->now_ms, false,
                            items, 8);
}

static inline void
world_hand(struct world *w, struct og_str message_id)
{
    struct og_message m;
    bool first;
    const struct og_handing to = {.device_id = OG_STR("phone-1")};
    world_must(og_message_hand(w->db, &w->svc.keys.seal, ACCOUNT, message_id, 0, &to, w->now_ms,
                               &w->mem, &m, &first, &w->err),
               &w->err);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
