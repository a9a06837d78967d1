/*
 * Recipients to bytes and back; and bytes that are not ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "store/recipient_box.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ERROR_MAX 300

struct box {
    struct og_arena mem;
    struct og_buf packed;
    struct og_message_recipient *items;
    size_t count;
};

static int
setup(void **state)
{
    struct box *b = og_xalloc(sizeof *b);
    og_arena_init(&b->mem, 0);
    og_buf_init(&b->packed, 1 << 20);
    *state = b;
    return 0;
}

static int
teardown(void **state)
{
    struct box *b = *state;
    og_buf_finish(&b->packed);
    og_arena_finish(&b->mem);
    free(b);
    return 0;
}

static enum og_code
unpack(struct box *b, struct og_str bytes)
{
    struct og_err err = {0};
    enum og_code code = og_recipients_unpack(bytes, &b->mem, &b->items, &b->count, &err);
    assert_int_equal(err.code, code);
    return code;
}

static void
assert_same(const struct og_message_recipient *a, const struct og_message_recipient *b)
{
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->is_assumed, b->is_assumed);
    assert_true(og_str_eq(a->number, b->number));
    assert_true(og_str_eq(a->error, og_str_slice(b->error, 0, ERROR_MAX)));
    assert_false(a->changed);
}

static void
test_round_trip(void **state)
{
    struct box *b = *state;
    char long_text[1000];
    memset(long_text, 'x', sizeof long_text);
    const struct og_message_recipient items[] = {
        {.number = OG_STR("+4915112345678"), .state = OG_MESSAGE_PENDING},
        {.number = OG_STR("900"), .state = OG_MESSAGE_FAILED, .is_assumed = true,
         .error = OG_STR("no service")},
        {.number = OG_STR(""), .state = OG_MESSAGE_DELIVERED},
        {.number = {long_text, 512}, .state = OG_MESSAGE_FAILED, .error = {long_text, 256}},
        {.number = {"a\0b", 3}, .state = OG_MESSAGE_SENT, .error = {"\0", 1}, .changed = true},
        {.number = OG_STR("+1"), .state = OG_MESSAGE_CANCELLED, .error = {long_text, 301}},
    };
    for (size_t count = 0; count <= COUNT(items); count++) {
        og_buf_clear(&b->packed);
        og_recipients_pack(items, count, &b->packed);
        assert_int_equal(unpack(b, og_buf_str(&b->packed)), OG_OK);
        assert_int_equal(b->count, count);
        for (size_t i = 0; i < count; i++) {
            assert_same(&b->items[i], &items[i]);
        }
    }
}

/* The bytes themselves: rows outlive the program that wrote them. */
static void
test_the_format_stands(void **state)
{
    struct box *b = *state;
    const struct og_message_recipient items[] = {
        {.number = OG_STR("+1"), .state = OG_MESSAGE_FAILED, .is_assumed = true,
         .error = OG_STR("e")},
        {.number = OG_STR("2"), .state = OG_MESSAGE_SENT},
    };
    static const char expected[] = "\6\1\0\2+1\0\1e\4\0\0\0012\0\0";
    og_recipients_pack(items, 2, &b->packed);
    assert_int_equal(b->packed.len, sizeof expected - 1);
    assert_memory_equal(b->packed.ptr, expected, sizeof expected - 1);
}

static void
test_damaged_bytes_are_refused(void **state)
{
    struct box *b = *state;
    static const struct og_str cases[] = {
        {"\7\0\0\0011\0\0", 7},         /* no such state */
        {"\xff\0\0\0011\0\0", 7},
        {"\0", 1},                      /* cut */
        {"\0\0", 2},
        {"\0\0\0", 3},
        {"\0\0\0\2+", 5},               /* a number longer than what is there */
        {"\0\0\xff\xff+", 5},
        {"\0\0\0\1+\0", 6},
        {"\0\0\0\1+\0\1", 7},           /* an error longer than what is there */
        {"\0\0\0\1+\0\0!", 8},          /* something behind it */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        /* in memory of its own, so that reading past its end is noticed */
        char *bytes = malloc(cases[i].len);
        memcpy(bytes, cases[i].ptr, cases[i].len);
        assert_int_equal(unpack(b, (struct og_str){bytes, cases[i].len}), OG_E_INTERNAL);
        free(bytes);
    }
}

static void
test_any_cut_is_noticed(void **state)
{
    struct box *b = *state;
    const struct og_message_recipient items[] = {
        {.number = OG_STR("+4915112345678"), .error = OG_STR("why"), .state = OG_MESSAGE_FAILED},
        {.number = OG_STR("+4915112345679"), .state = OG_MESSAGE_SENT},
    };
    og_recipients_pack(items, 1, &b->packed);
    size_t first = b->packed.len;
    og_recipients_pack(items + 1, 1, &b->packed);
    for (size_t len = 0; len <= b->packed.len; len++) {
        bool is_whole = len == 0 || len == first || len == b->packed.len;
        assert_int_equal(unpack(b, (struct og_str){b->packed.ptr, len}),
                         is_whole ? OG_OK : OG_E_INTERNAL);
    }
}

/* What is read from random bytes is what packing would write again, or it is refused. */
static void
test_random_bytes(void **state)
{
    struct box *b = *state;
    uint32_t seed = 12345;
    int read = 0;
    for (int round = 0; round < 20000; round++) {
        char bytes[24];
        size_t len = 0;
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1664525u + 1013904223u;
            uint32_t high = seed >> 24;
            bytes[i] = (char)(high < 240 ? high % 2 : high);
            len = seed >> 16 & 15;
        }
        if (unpack(b, (struct og_str){bytes, len}) != OG_OK) {
            continue;
        }
        read += b->count > 0;
        og_buf_clear(&b->packed);
        og_recipients_pack(b->items, b->count, &b->packed);
        assert_int_equal(b->packed.len, len);
        og_arena_reset(&b->mem);
    }
    assert_true(read > 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_format_stands, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_bytes_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_any_cut_is_noticed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random_bytes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
