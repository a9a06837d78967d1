/*
 * Whatever is done to a log is found, with the number of the entry: bytes changed, entries removed,
 * inserted, swapped, the end cut, the whole made anew.
 */
#include "tests/unit/audit/audit_fixture.h"

static void
test_req_78_a_sound_log_verifies(void **state)
{
    struct log log;
    (void)state;
    for (int count = 0; count <= ENTRIES; count++) {
        log_fill(&log, count, "login");
        struct og_audit_checkpoint signed_one[] = {log_checkpoint(&log)};
        assert_int_equal(log_verify(&log, &log.chain, signed_one, 1), 0);
    }
}

static void
test_req_78_each_changed_byte_is_found(void **state)
{
    struct log log;
    (void)state;
    log_fill(&log, ENTRIES, "login");
    for (int i = 0; i < ENTRIES; i++) {
        for (size_t at = 0; at < log.entries[i].len; at++) {
            log.entries[i].line[at] ^= 1;
            assert_int_equal(log_verify(&log, &log.chain, NULL, 0), i + 1);
            log.entries[i].line[at] ^= 1;
        }
        for (size_t at = 0; at < OG_DIGEST_BYTES; at++) {
            log.entries[i].hash[at] ^= 0x80;
            assert_int_equal(log_verify(&log, &log.chain, NULL, 0), i + 1);
            log.entries[i].hash[at] ^= 0x80;
        }
    }
}

/* The line and its hash together, as somebody would who knows the format. */
static void
test_req_78_a_changed_entry_with_a_new_hash_is_found(void **state)
{
    struct log log;
    (void)state;
    for (int i = 0; i < ENTRIES; i++) {
        log_fill(&log, ENTRIES, "login");
        struct log_entry *e = &log.entries[i];
        char *at = strstr(e->line, "wrong");
        memcpy(at, "right", 5);
        og_audit_hash((struct og_str){e->line, e->len}, e->hash);
        int64_t expected = i + 1 < ENTRIES ? i + 2 : ENTRIES; /* the next one's prev, or the head */
        assert_int_equal(log_verify(&log, &log.chain, NULL, 0), expected);
    }
}

static void
test_req_78_a_removed_entry_is_found(void **state)
{
    struct log log;
    (void)state;
    for (int i = 0; i < ENTRIES; i++) {
        log_fill(&log, ENTRIES, "login");
        memmove(&log.entries[i], &log.entries[i + 1],
                (size_t)(ENTRIES - i) * sizeof log.entries[0]);
        log.count--;
        assert_int_equal(log_verify(&log, &log.chain, NULL, 0), i + 1);
    }
}

static void
test_req_78_numbers_moved_up_over_a_gap_are_found(void **state)
{
    struct log log;
    (void)state;
    log_fill(&log, ENTRIES, "login");
    memmove(&log.entries[3], &log.entries[4], (ENTRIES - 4) * sizeof log.entries[0]);
    log.count--;
    for (int i = 3; i < log.count; i++) {
        log.entries[i].seq--;
    }
    assert_int_equal(log_verify(&log, &log.chain, NULL, 0), 4);
}

static void
test_req_78_an_inserted_entry_is_found(void **state)
{
    struct log log;
    (void)state;
    for (int i = 0; i < ENTRIES; i++) {
        log_fill(&log, ENTRIES, "login");
        memmove(&log.entries[i + 1], &log.entries[i],
                (size_t)(ENTRIES - i) * sizeof log.entries[0]);
        log.count++;
        for (int k = i + 1; k < log.count; k++) {
            log.entries[k].seq++;
        }
        assert_int_equal(log_verify(&log, &log.chain, NULL, 0), i + 2);
    }
}

static void
test_req_78_swapped_entries_are_found(void **state)
{
    struct log log;
    (void)state;
    for (int i = 0; i + 1 < ENTRIES; i++) {
        log_fill(&log, ENTRIES, "login");
        struct log_entry kept = log.entries[i];
        log.entries[i] = log.entries[i + 1];
        log.entries[i + 1] = kept;
        log.entries[i].seq = i + 1;
        log.entries[i + 1].seq = i + 2;
        assert_int_equal(log_verify(&log, &log.chain, NULL, 0), i + 1);
    }
}

/* Head and all: nothing inside shows it, a checkpoint from outside does. */
static void
test_req_78_a_cut_end_is_found_by_a_checkpoint(void **state)
{
    struct log whole, cut;
    (void)state;
    log_fill(&whole, ENTRIES, "login");
    struct og_audit_checkpoint outside[] = {log_checkpoint(&whole)};
    for (int left = 0; left < ENTRIES; left++) {
        log_fill(&cut, left, "login");
        assert_int_equal(log_verify(&cut, &cut.chain, NULL, 0), 0);
        assert_int_equal(log_verify(&cut, &cut.chain, outside, 1), left + 1);
        /* the head forgotten */
        assert_int_equal(log_verify(&cut, &whole.chain, NULL, 0), left + 1);
    }
}

static void
test_req_78_a_log_made_anew_is_found_by_a_checkpoint(void **state)
{
    struct log whole, anew;
    (void)state;
    log_fill(&whole, 4, "login");
    struct og_audit_checkpoint outside[2] = {log_checkpoint(&whole)};
    log_fill(&whole, ENTRIES, "login");
    outside[1] = log_checkpoint(&whole);
    log_fill(&anew, ENTRIES, "payment");
    assert_int_equal(log_verify(&anew, &anew.chain, NULL, 0), 0);
    assert_int_equal(log_verify(&anew, &anew.chain, outside, 2), 1);
    /* the first four as they were, the rest anew */
    log_fill(&anew, 4, "login");
    for (int i = 4; i < ENTRIES; i++) {
        log_append(&anew, &(struct og_audit_event){.kind = OG_AUDIT_OTP_CHECK_OK});
    }
    assert_int_equal(log_verify(&anew, &anew.chain, outside, 2), 5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_78_a_sound_log_verifies),
        cmocka_unit_test(test_req_78_each_changed_byte_is_found),
        cmocka_unit_test(test_req_78_a_changed_entry_with_a_new_hash_is_found),
        cmocka_unit_test(test_req_78_a_removed_entry_is_found),
        cmocka_unit_test(test_req_78_numbers_moved_up_over_a_gap_are_found),
        cmocka_unit_test(test_req_78_an_inserted_entry_is_found),
        cmocka_unit_test(test_req_78_swapped_entries_are_found),
        cmocka_unit_test(test_req_78_a_cut_end_is_found_by_a_checkpoint),
        cmocka_unit_test(test_req_78_a_log_made_anew_is_found_by_a_checkpoint),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
