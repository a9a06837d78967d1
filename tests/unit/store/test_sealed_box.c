/* Boxes: opened with the right key and context, and every way in which one does not open. */
#include "store/sealed_box.h"

#include "tests/unit/check.h"

#define CONTEXT OG_STR("row-1")

struct bench {
    struct og_arena mem;
    struct og_key key, other;
    struct og_buf box;
};

static int
setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    uint8_t bytes[OG_KEY_BYTES] = {1};
    og_arena_init(&b->mem, 0);
    og_key_from_bytes(bytes, &b->key);
    bytes[0] = 2;
    og_key_from_bytes(bytes, &b->other);
    og_buf_init(&b->box, 256);
    og_seal(&b->key, CONTEXT, OG_STR("+4915112345678"), &b->box);
    *state = b;
    return 0;
}

static int
teardown(void **state)
{
    struct bench *b = *state;
    og_buf_finish(&b->box);
    og_arena_finish(&b->mem);
    free(b);
    return 0;
}

static enum og_code
open_with(struct bench *b, const struct og_key *key, struct og_str context, size_t max_bytes,
          struct og_str box, struct og_str *out, struct og_err *err)
{
    const struct og_box_ask ask = {key, context, max_bytes, "message"};
    return og_box_open(&ask, box, &b->mem, out, err);
}

static void
test_it_opens(void **state)
{
    struct bench *b = *state;
    struct og_str out;
    const int64_t before = og_box_unreadable_count();
    assert_int_equal(open_with(b, &b->key, CONTEXT, 64, og_buf_str(&b->box), &out, NULL), OG_OK);
    assert_true(og_str_eq(out, OG_STR("+4915112345678")));
    assert_int_equal(open_with(b, &b->key, CONTEXT, 64, OG_STR(""), &out, NULL), OG_OK);
    assert_int_equal(out.len, 0); /* there is none */
    assert_int_equal(og_box_unreadable_count(), before);
}

static void
test_it_says_what_does_not_open(void **state)
{
    struct bench *b = *state;
    const struct og_str box = og_buf_str(&b->box);
    const struct {
        const struct og_key *key;
        struct og_str context, box;
        size_t max_bytes;
    } cases[] = {
        {&b->other, CONTEXT, box, 64},
        {&b->key, OG_STR("row-2"), box, 64}, /* moved to another row */
        {&b->key, CONTEXT, og_str_slice(box, 0, box.len - 1), 64},
        {&b->key, CONTEXT, og_str_slice(box, 0, 3), 64},
        {&b->key, CONTEXT, box, 4},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_str out;
        struct og_err err;
        const int64_t before = og_box_unreadable_count();
        assert_int_equal(open_with(b, cases[i].key, cases[i].context, cases[i].max_bytes,
                                   cases[i].box, &out, &err),
                         OG_E_UNREADABLE);
        assert_string_equal(err.text, "the stored message cannot be opened: its row is damaged, "
                                      "or was sealed with another master key");
        assert_int_equal(out.len, 0);
        assert_int_equal(og_box_unreadable_count(), before + 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_opens, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_says_what_does_not_open, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
