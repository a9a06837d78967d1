/*
 * A log whose older entries retention has removed: it verifies exactly when the gateway signed for
 * them and the log says so; whoever removes entries otherwise is found.
 */
#include "tests/unit/audit/audit_fixture.h"

static struct og_signing_key signer, stranger;
static struct og_audit_key key;

/* What is left of a log of ENTRIES entries, and of the one that tells of it. */
struct rest {
    struct log log;
    struct og_audit_chain start;
    char note[1024];
    struct og_audit_checkpoint outside[3]; /* of 2, of ENTRIES, of all */
    int outside_count;
};

static int
make_keys(void **state)
{
    uint8_t bytes[OG_KEY_BYTES] = {7};
    struct og_key seed;
    struct og_err err;
    if (start_crypto(state) != 0) {
        return -1;
    }
    og_key_from_bytes(bytes, &seed);
    og_signing_key_make(&seed, &signer);
    bytes[0] = 8;
    og_key_from_bytes(bytes, &seed);
    og_signing_key_make(&seed, &stranger);
    return og_audit_key_make(OG_STR("test/audit"), signer.public_key, &key, &err) == OG_OK ? 0 : -1;
}

static void
sign(struct rest *rest, const struct og_audit_checkpoint *what, const struct og_signing_key *by)
{
    struct og_buf note;
    og_buf_init(&note, sizeof rest->note - 1);
    og_audit_checkpoint_write(what, &key, by, &note);
    snprintf(rest->note, sizeof rest->note, "%.*s", (int)note.len, note.ptr);
    og_buf_finish(&note);
}

/* The chain up to entry n. */
static struct og_audit_chain
chain_to(const struct log *log, int64_t n)
{
    struct og_audit_chain chain = {0};
    for (int i = 0; i < n; i++) {
        og_audit_chain_add(&chain, log->entries[i].hash);
    }
    return chain;
}

static struct og_audit_checkpoint
start_of(const struct og_audit_chain *chain)
{
    struct og_audit_checkpoint out = {.size = chain->size, .is_start = true};
    og_audit_chain_root(chain, out.root);
    return out;
}

static void
drop_first(struct log *log, int64_t n)
{
    log->count -= (int)n;
    memmove(&log->entries[0], &log->entries[n], (size_t)log->count * sizeof log->entries[0]);
}

static void
append_purged(struct log *log, int64_t until)
{
    char detail[32];
    snprintf(detail, sizeof detail, OG_AUDIT_UNTIL "%lld", (long long)until);
    log_append(log, &(struct og_audit_event){.kind = OG_AUDIT_AUDIT_PURGED,
                                             .detail = og_str_from(detail)});
}

/* As retention does it: n entries are gone, the log says that it were `told`. */
static void
purge(struct rest *rest, int64_t n, int64_t told)
{
    *rest = (struct rest){0};
    log_fill(&rest->log, 2, "login");
    rest->outside[0] = log_checkpoint(&rest->log);
    log_fill(&rest->log, ENTRIES, "login");
    rest->outside[1] = log_checkpoint(&rest->log);
    append_purged(&rest->log, told);
    rest->outside[2] = log_checkpoint(&rest->log);
    rest->outside_count = 3;
    rest->start = chain_to(&rest->log, n);
    drop_first(&rest->log, n);
    const struct og_audit_checkpoint start = start_of(&rest->start);
    sign(rest, &start, &signer);
}

/* As log_verify. */
static int64_t
verify(struct rest *rest)
{
    struct og_audit_verifier verifier;
    struct og_audit_fault fault = {0};
    og_audit_verifier_init(&verifier, rest->outside, rest->outside_count);
    bool is_sound = og_audit_verifier_start(&verifier, &rest->start, og_str_from(rest->note), &key,
                                            &fault);
    for (int i = 0; is_sound && i < rest->log.count; i++) {
        const struct log_entry *e = &rest->log.entries[i];
        is_sound = og_audit_verifier_add(&verifier, e->seq,
                                         (struct og_str){(const char *)e->hash, sizeof e->hash},
                                         (struct og_str){e->line, e->len}, &fault);
    }
    is_sound = is_sound && og_audit_verifier_end(&verifier, &rest->log.chain, &fault);
    og_audit_verifier_finish(&verifier);
    assert_int_equal(is_sound, fault.text[0] == '\0');
    return is_sound ? 0 : fault.seq;
}

static void
test_what_retention_leaves_verifies(void **state)
{
    struct rest rest;
    (void)state;
    for (int64_t n = 1; n <= ENTRIES; n++) {
        purge(&rest, n, n);
        assert_int_equal(verify(&rest), 0);
    }
}

static void
test_a_log_that_was_renamed_verifies(void **state)
{
    struct rest rest;
    struct og_err err;
    const struct og_audit_key before = key;
    (void)state;
    purge(&rest, 4, 4);
    assert_int_equal(og_audit_key_make(OG_STR("new/name"), signer.public_key, &key, &err), OG_OK);
    assert_int_equal(verify(&rest), 0);
    key = before;
}

static void
test_a_plain_checkpoint_is_no_start(void **state)
{
    struct rest rest;
    (void)state;
    purge(&rest, 4, 4);
    struct og_audit_checkpoint plain = start_of(&rest.start);
    plain.is_start = false;
    sign(&rest, &plain, &signer);
    assert_int_equal(verify(&rest), 4);
}

static void
test_a_note_that_the_gateway_did_not_sign_is_no_start(void **state)
{
    struct rest rest;
    (void)state;
    purge(&rest, 4, 4);
    const struct og_audit_checkpoint start = start_of(&rest.start);
    sign(&rest, &start, &stranger);
    assert_int_equal(verify(&rest), 4);
    rest.note[0] = '\0';
    assert_int_equal(verify(&rest), 4);
    purge(&rest, 4, 4);
    const size_t len = strlen(rest.note);
    for (size_t i = 0; i + 1 < len; i++) { /* the last line feed may be missing or another byte */
        rest.note[i] ^= 1;
        assert_int_equal(verify(&rest), 4);
        rest.note[i] ^= 1;
    }
    assert_int_equal(verify(&rest), 0);
}

/* One of an earlier purge, say. */
static void
test_a_note_for_other_entries_is_no_start(void **state)
{
    struct rest rest;
    struct log whole;
    (void)state;
    log_fill(&whole, ENTRIES, "login");
    for (int64_t n = 1; n <= ENTRIES; n++) {
        const struct og_audit_chain chain = chain_to(&whole, n);
        struct og_audit_checkpoint other = start_of(&chain);
        purge(&rest, 4, 4);
        sign(&rest, &other, &signer);
        assert_int_equal(verify(&rest), n == 4 ? 0 : 4);
        other.size = 4; /* the right number, the tree of others */
        sign(&rest, &other, &signer);
        assert_int_equal(verify(&rest), n == 4 ? 0 : 4);
    }
}

static void
test_the_log_says_what_was_removed(void **state)
{
    struct rest rest;
    (void)state;
    for (int64_t told = 0; told <= ENTRIES; told++) {
        purge(&rest, 4, told);
        assert_int_equal(verify(&rest), told == 4 ? 0 : 5);
    }
}

/* Entries say that there was a purge; without its note the log would have to begin with entry 1. */
static void
test_a_log_without_its_note_is_cut_at_the_front(void **state)
{
    struct rest rest;
    (void)state;
    purge(&rest, 4, 4);
    assert_int_equal(log_verify(&rest.log, &rest.log.chain, NULL, 0), 1);
}

static void
test_more_than_was_signed_for_is_found(void **state)
{
    struct rest rest;
    (void)state;
    for (int64_t more = 1; more < ENTRIES - 4; more++) {
        purge(&rest, 4, 4);
        drop_first(&rest.log, more);
        assert_int_equal(verify(&rest), 5);
    }
    purge(&rest, 4, 4);
    rest.log.entries[0].seq = 3; /* one that has gone is there again */
    assert_int_equal(verify(&rest), 3);
}

static void
test_a_start_that_was_touched_is_found(void **state)
{
    struct rest rest;
    (void)state;
    purge(&rest, 4, 4);
    rest.start.last[0] ^= 1; /* the next entry names it */
    assert_int_equal(verify(&rest), 5);
    purge(&rest, 4, 4);
    rest.start.peaks[0][0] ^= 1;
    assert_int_equal(verify(&rest), 4);
    purge(&rest, 4, 4);
    rest.log.entries[2].line[30] ^= 1;
    assert_int_equal(verify(&rest), 7);
}

/* What is left, cut at its end or made anew, is found as in a log that begins at its beginning. */
static void
test_a_cut_end_behind_a_start_is_found(void **state)
{
    struct rest rest;
    (void)state;
    purge(&rest, 4, 4);
    rest.log.count--;
    assert_int_equal(verify(&rest), ENTRIES + 1);
    purge(&rest, 4, 4);
    rest.outside[1].root[0] ^= 1;
    assert_int_equal(verify(&rest), 5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_retention_leaves_verifies),
        cmocka_unit_test(test_a_log_that_was_renamed_verifies),
        cmocka_unit_test(test_a_plain_checkpoint_is_no_start),
        cmocka_unit_test(test_a_note_that_the_gateway_did_not_sign_is_no_start),
        cmocka_unit_test(test_a_note_for_other_entries_is_no_start),
        cmocka_unit_test(test_the_log_says_what_was_removed),
        cmocka_unit_test(test_a_log_without_its_note_is_cut_at_the_front),
        cmocka_unit_test(test_more_than_was_signed_for_is_found),
        cmocka_unit_test(test_a_start_that_was_touched_is_found),
        cmocka_unit_test(test_a_cut_end_behind_a_start_is_found),
    };
    return cmocka_run_group_tests(tests, make_keys, NULL);
}
