/*
 * The audit log inside the write lane: one transaction with what it describes, a chain that
 * survives undone operations, lost batches and restarts, and numbers that can be forgotten.
 */
#include <semaphore.h>

#include "audit/entry.h"
#include "audit/verify.h"
#include "service/audit_tell.h"
#include "service/otp_priv.h"
#include "store/audit_store.h"
#include "tests/unit/service/otp_fixture.h"

/* The world's database, with lanes in place of its connection. */
struct audit_world {
    struct world *w;
    struct og_lanes *lanes;
    sem_t answered;
};

enum tell_way { TELL, TELL_AND_FAIL, REFUSE, TELL_AND_LOSE, ERASE };

struct tell_op {
    struct og_op op;
    struct audit_world *aw;
    enum tell_way way;
    const char *object;
    const char *number; /* NULL: about none */
    bool found;
};

static enum og_code
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

static void
tell_done(struct og_op *op)
{
    sem_post(&((struct tell_op *)op)->aw->answered);
}

static const struct og_op_kind tell_kind = {"test.tell", tell_apply, NULL, tell_done};

static void
open_lanes(struct audit_world *aw)
{
    struct world *w = aw->w;
    world_must(og_audit_create(w->db, &w->svc.lane.audit, &w->err), &w->err);
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

static void
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
static void
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

static bool
read_row(void *ctx, const struct og_audit_row *row)
{
    struct reading *self = ctx;
    struct og_err err;
    if (!og_audit_verifier_add(&self->verifier, row->seq, row->hash, row->line, &self->fault)) {
        fail_msg("entry %lld %s", (long long)self->fault.seq, self->fault.text);
    }
    assert_int_equal(og_audit_entry_read(row->line, self->mem, &self->entries[self->count++], &err),
                     OG_OK);
    return true;
}

/* Reads all and verifies, the head too. */
static struct reading *
read_log(struct audit_world *aw)
{
    struct world *w = aw->w;
    struct reading *out = OG_ARENA_NEW(&w->mem, struct reading);
    struct og_audit_head stored;
    struct og_audit_chain head;
    out->mem = &w->mem;
    og_audit_verifier_init(&out->verifier, NULL, 0);
    world_must(og_audit_each(w->db, 0, 100, read_row, out, &w->err), &w->err);
    world_must(og_audit_head_read(w->db, &w->mem, &stored, &w->err), &w->err);
    if (stored.size > 0) {
        assert_true(og_audit_chain_restore(&head, stored.size, stored.last, stored.peaks));
        assert_true(og_audit_verifier_end(&out->verifier, &head, &out->fault));
    }
    assert_int_equal(stored.size, out->count);
    og_audit_verifier_finish(&out->verifier);
    return out;
}

static void
assert_objects(const struct reading *log, const char *const *objects, int count)
{
    assert_int_equal(log->count, count);
    for (int i = 0; i < count; i++) {
        assert_string_equal(log->entries[i].event.object.ptr, objects[i]);
    }
}

/* ---- tests ---- */

static void
test_req_77_entries_come_with_what_they_describe(void **state)
{
    static const char *const expected[] = {"a", "c", "d"};
    struct audit_world *aw = *state;
    struct tell_op ops[] = {{.way = TELL, .object = "a"},
                            {.way = TELL_AND_FAIL, .object = "b"},
                            {.way = REFUSE, .object = "c"},
                            {.way = TELL, .object = "d"}};
    run_batch(aw, ops, 4);
    assert_int_equal(ops[0].op.code, OG_OK);
    assert_int_equal(ops[1].op.code, OG_E_NOT_FOUND);
    assert_int_equal(ops[2].op.code, OG_E_LIMITED);
    assert_objects(read_log(aw), expected, 3);
}

static void
test_req_77_a_lost_batch_leaves_the_chain_as_it_was(void **state)
{
    static const char *const expected[] = {"a", "d"};
    struct audit_world *aw = *state;
    struct tell_op ops[] = {{.way = TELL, .object = "a"},
                            {.way = TELL_AND_LOSE, .object = "b"},
                            {.way = TELL, .object = "d"}};
    open_lanes(aw);
    world_must(og_lanes_start(aw->lanes, &aw->w->err), &aw->w->err);
    for (int i = 0; i < 3; i++) { /* a batch each */
        ops[i].op.kind = &tell_kind;
        ops[i].aw = aw;
        assert_int_equal(og_lane_submit(aw->lanes, OG_LANE_WRITE, &ops[i].op), OG_OK);
        sem_wait(&aw->answered);
    }
    close_lanes(aw);
    assert_int_equal(ops[1].op.code, OG_E_UNAVAILABLE);
    assert_objects(read_log(aw), expected, 2);
}

static void
test_req_91_the_chain_goes_on_after_a_restart(void **state)
{
    static const char *const expected[] = {"a", "b", "c"};
    struct audit_world *aw = *state;
    for (int i = 0; i < 3; i++) {
        struct tell_op op = {.way = TELL, .object = expected[i]};
        run_batch(aw, &op, 1);
    }
    assert_objects(read_log(aw), expected, 3);
}

static void
test_req_80_one_pseudonym_for_a_number_and_no_digest(void **state)
{
    struct audit_world *aw = *state;
    struct tell_op ops[] = {{.way = TELL, .object = "a", .number = "+4915112345678"},
                            {.way = TELL, .object = "b", .number = "+4915112345679"},
                            {.way = TELL, .object = "c", .number = "+4915112345678"}};
    run_batch(aw, ops, 3);
    const struct reading *log = read_log(aw);
    assert_true(og_str_eq(log->entries[0].event.subject, log->entries[2].event.subject));
    assert_false(og_str_eq(log->entries[0].event.subject, log->entries[1].event.subject));
    assert_int_equal(log->entries[0].event.subject.len, OG_ID_CHARS);
}

static void
test_req_81_an_erased_number_leads_nowhere_and_the_chain_verifies(void **state)
{
    struct audit_world *aw = *state;
    struct world *w = aw->w;
    struct og_str subject;
    struct tell_op first[] = {{.way = TELL, .object = "a", .number = NUMBER}};
    /* in one batch with what others tell of the number: that must not bring it back */
    struct tell_op second[] = {{.way = TELL, .object = "b", .number = NUMBER},
                               {.way = ERASE, .number = NUMBER}};
    struct tell_op third[] = {{.way = ERASE, .number = NUMBER}};
    run_batch(aw, first, 1);
    const struct og_str digest = og_otp_digest(&w->svc, OG_STR(NUMBER), &w->mem);
    assert_int_equal(og_audit_subject_find(w->db, digest, &w->mem, &subject, &w->err), OG_OK);
    run_batch(aw, second, 2);
    assert_true(second[1].found);
    assert_int_equal(og_audit_subject_find(w->db, digest, &w->mem, &subject, &w->err),
                     OG_E_NOT_FOUND);
    run_batch(aw, third, 1);
    assert_false(third[0].found);
    const struct reading *log = read_log(aw);
    assert_int_equal(log->count, 4);
    assert_int_equal(log->entries[1].event.subject.len, 0);
    assert_int_equal(log->entries[2].event.kind, OG_AUDIT_PRIVACY_ERASE);
    assert_int_equal(log->entries[3].event.kind, OG_AUDIT_PRIVACY_ERASE);
}

static void
test_the_origin_of_an_operation_is_told(void **state)
{
    static const struct og_op_origin origin = {{"key-1", 5}, {"192.0.2.7", 9}, {"req-1", 5}};
    struct audit_world *aw = *state;
    struct tell_op ops[] = {{.way = TELL, .object = "a"}, {.way = TELL, .object = "b"}};
    ops[0].op.origin = &origin;
    run_batch(aw, ops, 2);
    const struct reading *log = read_log(aw);
    assert_string_equal(log->entries[0].event.actor.ptr, "key-1");
    assert_string_equal(log->entries[0].event.ip.ptr, "192.0.2.7");
    assert_string_equal(log->entries[0].event.request.ptr, "req-1");
    assert_int_equal(log->entries[1].event.actor.len, 0);
}

static void
test_notes_from_elsewhere_are_written(void **state)
{
    struct audit_world *aw = *state;
    open_lanes(aw);
    world_must(og_lanes_start(aw->lanes, &aw->w->err), &aw->w->err);
    assert_int_equal(og_audit_note(&aw->w->svc, aw->lanes,
                                   &(struct og_audit_event){.kind = OG_AUDIT_AUTH_API_FAILED,
                                                            .ip = OG_STR("192.0.2.9")}),
                     OG_OK);
    close_lanes(aw);
    const struct reading *log = read_log(aw);
    assert_int_equal(log->count, 1);
    assert_int_equal(log->entries[0].event.kind, OG_AUDIT_AUTH_API_FAILED);
}

static void
test_entries_behind_the_head_stop_the_start(void **state)
{
    struct audit_world *aw = *state;
    struct world *w = aw->w;
    struct tell_op op = {.way = TELL, .object = "a"};
    struct og_audit *audit = NULL;
    static const char hash[OG_DIGEST_BYTES];
    run_batch(aw, &op, 1);
    const struct og_audit_row strange = {2, {hash, sizeof hash}, OG_STR("{}")};
    world_must(og_audit_insert(w->db, &strange, &w->err), &w->err);
    assert_int_equal(og_audit_create(w->db, &audit, &w->err), OG_E_CONFLICT);
}

static int
set_up(void **state)
{
    struct audit_world *aw = og_xalloc(sizeof *aw);
    void *w = NULL;
    sem_init(&aw->answered, 0, 0);
    world_setup(&w);
    aw->w = w;
    *state = aw;
    return 0;
}

static int
tear_down(void **state)
{
    struct audit_world *aw = *state;
    void *w = aw->w;
    sem_destroy(&aw->answered);
    free(aw);
    return world_teardown(&w);
}

#define WITH_AUDIT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_AUDIT(test_req_77_entries_come_with_what_they_describe),
        WITH_AUDIT(test_req_77_a_lost_batch_leaves_the_chain_as_it_was),
        WITH_AUDIT(test_req_91_the_chain_goes_on_after_a_restart),
        WITH_AUDIT(test_req_80_one_pseudonym_for_a_number_and_no_digest),
        WITH_AUDIT(test_req_81_an_erased_number_leads_nowhere_and_the_chain_verifies),
        WITH_AUDIT(test_the_origin_of_an_operation_is_told),
        WITH_AUDIT(test_notes_from_elsewhere_are_written),
        WITH_AUDIT(test_entries_behind_the_head_stop_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
