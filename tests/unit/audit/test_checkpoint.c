/*
 * Signed notes: the exact text, every byte guarded, and what an independent reader makes of it
 * (tests/api/test_audit.py verifies one with another implementation of Ed25519).
 */
#include "tests/unit/audit/audit_fixture.h"

static struct og_signing_key signer;
static struct og_audit_key key;

static int
make_keys(void **state)
{
    uint8_t bytes[OG_KEY_BYTES];
    struct og_key seed;
    struct og_err err;
    if (start_crypto(state) != 0) {
        return -1;
    }
    memset(bytes, 7, sizeof bytes);
    og_key_from_bytes(bytes, &seed);
    og_signing_key_make(&seed, &signer);
    const struct og_str origin = OG_STR("otpgate.example/audit");
    return og_audit_key_make(origin, signer.public_key, &key, &err) == OG_OK ? 0 : -1;
}

static struct og_str
write_note(struct og_buf *out, int64_t size)
{
    struct og_audit_checkpoint checkpoint = {.size = size};
    memset(checkpoint.root, 0x5A, sizeof checkpoint.root);
    og_buf_init(out, 4096);
    og_audit_checkpoint_write(&checkpoint, &key, &signer, out);
    return og_buf_str(out);
}

static void
test_req_79_a_note_has_the_form_of_c2sp(void **state)
{
    static const char body[] = "otpgate.example/audit\n1000\n"
                               "WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\n\n"
                               "\u2014 otpgate.example/audit ";
    struct og_buf note;
    (void)state;
    struct og_str text = write_note(&note, 1000);
    assert_true(og_str_starts(text, OG_STR(body)));
    assert_int_equal(text.len, sizeof body - 1 + 92 + 1); /* base64 of 4 + 64 bytes, line feed */
    og_buf_finish(&note);
}

static void
test_req_79_a_note_reads_back_and_each_changed_byte_is_found(void **state)
{
    struct og_buf note;
    struct og_audit_checkpoint out;
    struct og_err err;
    size_t used;
    (void)state;
    struct og_str text = write_note(&note, 1000);
    assert_int_equal(og_audit_checkpoint_read(text, &key, &out, &used, &err), OG_OK);
    assert_int_equal(out.size, 1000);
    assert_int_equal(out.root[31], 0x5A);
    assert_int_equal(used, text.len);
    for (size_t at = 0; at < text.len; at++) {
        note.ptr[at] ^= 1;
        assert_int_not_equal(og_audit_checkpoint_read(text, &key, &out, &used, &err), OG_OK);
        note.ptr[at] ^= 1;
    }
    for (size_t len = 0; len < text.len; len++) {
        struct og_str part = {text.ptr, len};
        assert_int_not_equal(og_audit_checkpoint_read(part, &key, &out, &used, &err), OG_OK);
    }
    og_buf_finish(&note);
}

static void
test_several_notes_and_signatures_of_witnesses(void **state)
{
    struct og_buf first, second, file;
    struct og_audit_checkpoint out;
    struct og_err err;
    size_t used;
    (void)state;
    og_buf_init(&file, 8192);
    og_buf_add(&file, write_note(&first, 10));
    og_buf_add_cstr(&file, "\u2014 witness.example AAAAAAAA\n\n");
    og_buf_add(&file, write_note(&second, 20));
    struct og_str rest = og_buf_str(&file);
    assert_int_equal(og_audit_checkpoint_read(rest, &key, &out, &used, &err), OG_OK);
    assert_int_equal(out.size, 10);
    rest = og_str_slice(rest, used, rest.len);
    assert_int_equal(og_audit_checkpoint_read(rest, &key, &out, &used, &err), OG_OK);
    assert_int_equal(out.size, 20);
    assert_int_equal(used, rest.len);
    og_buf_finish(&first);
    og_buf_finish(&second);
    og_buf_finish(&file);
}

static void
test_a_key_reads_back(void **state)
{
    struct og_buf text;
    struct og_audit_key out;
    struct og_err err;
    (void)state;
    og_buf_init(&text, 512);
    og_audit_key_write(&key, &text);
    assert_int_equal(og_audit_key_read(og_buf_str(&text), &out, &err), OG_OK);
    assert_string_equal(out.origin, key.origin);
    assert_memory_equal(out.public_key, key.public_key, sizeof out.public_key);
    for (size_t at = 0; at < text.len; at++) { /* the name, the digits, the key */
        text.ptr[at] ^= 1;
        assert_int_not_equal(og_audit_key_read(og_buf_str(&text), &out, &err), OG_OK);
        text.ptr[at] ^= 1;
    }
    og_buf_finish(&text);
    assert_int_equal(og_audit_key_make(OG_STR("two words"), key.public_key, &out, &err),
                     OG_E_INVALID);
    assert_int_equal(og_audit_key_make(OG_STR(""), key.public_key, &out, &err), OG_E_INVALID);
}

static void
test_a_note_of_another_key_is_refused(void **state)
{
    struct og_buf note;
    struct og_audit_checkpoint out;
    struct og_audit_key other = key;
    struct og_err err;
    size_t used;
    (void)state;
    other.id ^= 1;
    assert_int_equal(og_audit_checkpoint_read(write_note(&note, 5), &other, &out, &used, &err),
                     OG_E_UNAUTHORIZED);
    og_buf_finish(&note);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_79_a_note_has_the_form_of_c2sp),
        cmocka_unit_test(test_req_79_a_note_reads_back_and_each_changed_byte_is_found),
        cmocka_unit_test(test_several_notes_and_signatures_of_witnesses),
        cmocka_unit_test(test_a_key_reads_back),
        cmocka_unit_test(test_a_note_of_another_key_is_refused),
    };
    return cmocka_run_group_tests(tests, make_keys, NULL);
}
