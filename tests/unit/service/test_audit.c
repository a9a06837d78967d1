/*
 * The audit log inside the write lane: one transaction with what it describes, a chain that
 * survives undone operations, lost batches and restarts, and numbers that can be forgotten.
 */
#include "tests/unit/service/audit_fixture.h"

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

static const struct og_op_origin somebody = {{"key-1", 5}, {"192.0.2.7", 9}, {"req-1", 5}};

static void
ask(struct audit_world *aw, struct tell_op *ops, int count)
{
    for (int i = 0; i < count; i++) {
        ops[i].op.origin = &somebody;
    }
    run_batch(aw, ops, count);
}

static void
test_req_77_a_full_log_refuses(void **state)
{
    static const char *const expected[] = {"a", "c", "purge"};
    struct audit_world *aw = *state;
    struct tell_op ops[] = {{.way = TELL, .object = "a"}, {.way = TELL_AND_FAIL, .object = "b"},
                            {.way = TELL, .object = "c"}, {.way = TELL, .object = "d"},
                            {.way = REFUSE, .object = "e"}};
    struct tell_op ours = {.way = TELL, .object = "purge"};
    aw->entries_max = 2;
    ask(aw, ops, 5);
    assert_int_equal(ops[2].op.code, OG_OK);
    assert_int_equal(ops[3].op.code, OG_E_UNAVAILABLE);
    assert_string_equal(ops[3].op.err.text, "the audit log is full");
    assert_int_equal(ops[4].op.code, OG_E_UNAVAILABLE); /* its refusal cannot be written, either */
    run_batch(aw, &ours, 1); /* our own work goes on */
    assert_int_equal(ours.op.code, OG_OK);
    assert_objects(read_log(aw), expected, 3);
}

static void
test_req_77_best_effort_counts_what_it_loses(void **state)
{
    struct audit_world *aw = *state;
    struct tell_op ops[] = {{.way = TELL, .object = "a"}, {.way = TELL, .object = "b"},
                            {.way = REFUSE, .object = "c"}, {.way = TELL, .object = "ours"}};
    aw->entries_max = 1;
    aw->is_best_effort = true;
    for (int i = 0; i < 3; i++) {
        ops[i].op.origin = &somebody;
    }
    run_batch(aw, ops, 4);
    assert_int_equal(ops[1].op.code, OG_OK);
    assert_int_equal(ops[2].op.code, OG_E_LIMITED);
    const struct reading *log = read_log(aw);
    assert_int_equal(log->count, 3);
    assert_string_equal(log->entries[1].event.object.ptr, "ours");
    assert_int_equal(log->entries[2].event.kind, OG_AUDIT_AUDIT_DROPPED);
    assert_string_equal(log->entries[2].event.detail.ptr, "entries=2");
    assert_int_equal(log->entries[2].event.actor.len, 0);
}

static void
test_req_77_a_note_is_no_way_past_the_limit(void **state)
{
    struct audit_world *aw = *state;
    struct tell_op op = {.way = TELL, .object = "a"};
    run_batch(aw, &op, 1);
    aw->entries_max = 1;
    open_lanes(aw);
    assert_int_equal(og_audit_use_percent(aw->w->svc.lane.audit), 100);
    world_must(og_lanes_start(aw->lanes, &aw->w->err), &aw->w->err);
    assert_int_equal(og_audit_note(&aw->w->svc, aw->lanes,
                                   &(struct og_audit_event){.kind = OG_AUDIT_AUTH_API_FAILED,
                                                            .ip = OG_STR("192.0.2.9")}),
                     OG_OK);
    assert_int_equal(og_audit_note(&aw->w->svc, aw->lanes,
                                   &(struct og_audit_event){.kind = OG_AUDIT_SERVICE_STOP}),
                     OG_OK);
    close_lanes(aw);
    const struct reading *log = read_log(aw);
    assert_true(log->count == 3);
    assert_int_equal(log->entries[1].event.kind, OG_AUDIT_SERVICE_STOP);
    assert_int_equal(log->entries[2].event.kind, OG_AUDIT_AUDIT_DROPPED);
}

static void
test_req_77_retention_makes_room(void **state)
{
    struct audit_world *aw = *state;
    struct world *w = aw->w;
    struct tell_op first[] = {{.way = TELL, .object = "a"}, {.way = TELL, .object = "a"},
                              {.way = TELL, .object = "a"}};
    struct tell_op early = {.way = TELL, .object = "early", .op.origin = &somebody};
    struct tell_op purge = {.way = PURGE, .purge = {.until_ms = INT64_MAX, .limit = 3}};
    struct tell_op after = {.way = TELL, .object = "b", .op.origin = &somebody};
    aw->entries_max = 3;
    run_batch(aw, first, 3);
    open_lanes(aw);
    world_must(og_lanes_start(aw->lanes, &w->err), &w->err);
    struct tell_op *const in_turn[] = {&early, &purge, &after};
    for (int i = 0; i < 3; i++) {
        in_turn[i]->op.kind = &tell_kind;
        in_turn[i]->aw = aw;
        assert_int_equal(og_lane_submit(aw->lanes, OG_LANE_WRITE, &in_turn[i]->op), OG_OK);
        sem_wait(&aw->answered);
    }
    close_lanes(aw);
    assert_int_equal(purge.purge.count, 3);
    assert_int_equal(early.op.code, OG_E_UNAVAILABLE);
    assert_int_equal(after.op.code, OG_OK);
    const struct reading *log = read_log(aw);
    assert_int_equal(log->count, 2);
    assert_int_equal(log->entries[0].event.kind, OG_AUDIT_AUDIT_PURGED);
    assert_string_equal(log->entries[1].event.object.ptr, "b");
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
    assert_int_equal(create_audit(w, &audit), OG_E_CONFLICT);
}

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
        WITH_AUDIT(test_req_77_a_full_log_refuses),
        WITH_AUDIT(test_req_77_best_effort_counts_what_it_loses),
        WITH_AUDIT(test_req_77_a_note_is_no_way_past_the_limit),
        WITH_AUDIT(test_req_77_retention_makes_room),
        WITH_AUDIT(test_entries_behind_the_head_stop_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
