/*
 * The audit log in lanes of its own: operations that tell it something, each run of them one batch,
 * and what the rows say afterwards.
 */
#pragma once

#include <semaphore.h>

#include "audit/entry.h"
#include "audit/verify.h"
#include "service/audit/purge.h"
#include "service/audit/tell.h"
#include "service/otp/priv.h"
#include "store/audit_store.h"
#include "tests/unit/service/otp_fixture.h"

#define AUDIT_ORIGIN "gateway.example/audit"

/* The world's database, with lanes in place of its connection. */
struct audit_world {
    struct world *w;
    struct og_lanes *lanes;
    sem_t answered;
    int64_t entries_max; /* of its audit log */
    bool is_best_effort;
};

enum tell_way { TELL, TELL_AND_FAIL, REFUSE, TELL_AND_LOSE, ERASE, PURGE };

struct tell_op {
    struct og_op op;
    struct audit_world *aw;
    enum tell_way way;
    const char *object;
    const char *number; /* NULL: about none */
    bool found;
    struct og_audit_purge purge;
};

static inline enum og_code
tell_apply(struct og_op *op, struct og_tx *tx)
{
    struct tell_op *self = (struct tell_op *)op;
    struct world *w = self->aw->w;
    char digest_mem[OG_DIGEST_HEX_CHARS + 1] = "";
    struct og_arena mem;
    og_arena_init(&mem, 0);
    if (self->number) {
        struct og_str digest = og_otp_digest(&w->svc, og_str_from(self->number), &mem);
        memcpy(digest_mem, digest.ptr, digest.len);
    }
    og_arena_finish(&mem);
    const struct og_audit_event event = {.kind = OG_AUDIT_OTP_CHECK_WRONG,
                                         .account = ACCOUNT,
                                         .object = og_str_from(self->object),
                                         .subject = og_str_from(digest_mem)};
    switch (self->way) {
    case ERASE:
        return og_audit_erase(&w->svc, tx, og_str_from(self->number), &self->found, &op->err);
    case PURGE:
        return og_audit_purge_step(&w->svc, tx, &self->purge, &self->op.err);
    case REFUSE:
        og_audit_add_refusal(&w->svc, &event);
        return OG_E_LIMITED;
    case TELL_AND_LOSE:
        og_db_inject(tx->db, OG_FAULT_FULL, 1);
        break;
    default:
        break;
    }
    og_audit_add(&w->svc, &event);
    return self->way == TELL_AND_FAIL ? OG_E_NOT_FOUND : OG_OK;
}

static inline void
tell_done(struct og_op *op)
{
    sem_post(&((struct tell_op *)op)->aw->answered);
}

static const struct og_op_kind tell_kind = {"test.tell", tell_apply, NULL, tell_done};

static inline enum og_code
create_audit(struct world *w, struct og_audit **out)
{
    return og_audit_create(w->db, OG_STR(AUDIT_ORIGIN), w->svc.keys.audit.public_key, out,
                           &w->err);
}

static inline void
open_lanes(struct audit_world *aw)
{
    struct world *w = aw->w;
    world_must(create_audit(w, &w->svc.lane.audit), &w->err);
    og_audit_limit(w->svc.lane.audit, aw->entries_max, aw->is_best_effort);
    og_db_close(w->db);
    w->db = NULL;
    const struct og_lanes_config config = {
        .db = {.path = w->path, .checkpoint_pages = 1000},
        .queue_max = 100,
        .batch_max = 100,
        .reader_count = 1,
        .slow_queue_max = 10,
        .clock = &w->clock,
        .journal = og_audit_journal(w->svc.lane.audit),
    };
    world_must(og_lanes_create(&config, &aw->lanes, &w->err), &w->err);
}

static inline void
close_lanes(struct audit_world *aw)
{
    og_lanes_stop(aw->lanes);
    og_lanes_destroy(aw->lanes);
    aw->lanes = NULL;
    og_audit_destroy(aw->w->svc.lane.audit);
    aw->w->svc.lane.audit = NULL;
    world_open_db(aw->w);
}

/* All operations in one batch of their own, between a start and a stop of the lanes. */
static inline void
run_batch(struct audit_world *aw, struct tell_op *ops, int count)
{
    open_lanes(aw);
    for (int i = 0; i < count; i++) {
        ops[i].op.kind = &tell_kind;
        ops[i].aw = aw;
        assert_int_equal(og_lane_submit(aw->lanes, OG_LANE_WRITE, &ops[i].op), OG_OK);
    }
    world_must(og_lanes_start(aw->lanes, &aw->w->err), &aw->w->err);
    for (int i = 0; i < count; i++) {
        sem_wait(&aw->answered);
    }
    close_lanes(aw);
}

/* ---- what the rows say ---- */

struct reading {
    struct og_arena *mem;
    struct og_audit_verifier verifier;
    struct og_audit_fault fault;
    struct og_audit_entry entries[32];
    int count;
};

static inline bool
read_unverified(void *ctx, const struct og_audit_row *row)
{
    struct reading *self = ctx;
    struct og_err err;
    assert_int_equal(og_audit_entry_read(row->line, self->mem, &self->entries[self->count++], &err),
                     OG_OK);
    return true;
}

static inline bool
read_row(void *ctx, const struct og_audit_row *row)
{
    struct reading *self = ctx;
    if (!og_audit_verifier_add(&self->verifier, row->seq, row->hash, row->line, &self->fault)) {
        fail_msg("entry %lld %s", (long long)self->fault.seq, self->fault.text);
    }
    return read_unverified(ctx, row);
}

/* Reads all and verifies, the head too. */
static inline struct reading *
read_log(struct audit_world *aw)
{
    struct world *w = aw->w;
    struct reading *out = OG_ARENA_NEW(&w->mem, struct reading);
    struct og_audit_head stored;
    struct og_audit_start_row begun;
    struct og_audit_chain head, start;
    out->mem = &w->mem;
    og_audit_verifier_init(&out->verifier, NULL, 0);
    world_must(og_audit_start_read(w->db, &w->mem, &begun, &w->err), &w->err);
    if (begun.chain.size > 0) {
        struct og_audit_key key;
        world_must(og_audit_key_make(OG_STR(AUDIT_ORIGIN), w->svc.keys.audit.public_key, &key,
                                     &w->err),
                   &w->err);
        assert_true(og_audit_chain_restore(&start, begun.chain.size, begun.chain.last,
                                           begun.chain.peaks));
        assert_true(og_audit_verifier_start(&out->verifier, &start, begun.note, &key, &out->fault));
    }
    world_must(og_audit_each(w->db, 0, 100, read_row, out, &w->err), &w->err);
    world_must(og_audit_head_read(w->db, &w->mem, &stored, &w->err), &w->err);
    if (stored.size > 0) {
        assert_true(og_audit_chain_restore(&head, stored.size, stored.last, stored.peaks));
        assert_true(og_audit_verifier_end(&out->verifier, &head, &out->fault));
    }
    assert_int_equal(stored.size, begun.chain.size + out->count);
    og_audit_verifier_finish(&out->verifier);
    return out;
}

static inline void
assert_objects(const struct reading *log, const char *const *objects, int count)
{
    assert_int_equal(log->count, count);
    for (int i = 0; i < count; i++) {
        assert_string_equal(log->entries[i].event.object.ptr, objects[i]);
    }
}

static inline int
audit_set_up(void **state)
{
    struct audit_world *aw = og_xalloc(sizeof *aw);
    void *w = NULL;
    sem_init(&aw->answered, 0, 0);
    world_setup(&w);
    aw->w = w;
    og_signing_key_make(&aw->w->svc.keys.seal, &aw->w->svc.keys.audit);
    *state = aw;
    return 0;
}

static inline int
audit_tear_down(void **state)
{
    struct audit_world *aw = *state;
    void *w = aw->w;
    sem_destroy(&aw->answered);
    free(aw);
    return world_teardown(&w);
}

#define WITH_AUDIT(test) cmocka_unit_test_setup_teardown(test, audit_set_up, audit_tear_down)
