/*
 * Strings, buffers, arenas and errors.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "check.h"

static void
integers_are_read_whole(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool is_good;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"007", true, 7},
        {"-42", true, -42},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1x", false, 0},
        {"0x1", false, 0},
        {"--1", false, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t value = 77;
        assert_int_equal(og_str_to_i64(og_str_from(cases[i].text), &value), cases[i].is_good);
        assert_int_equal(value, cases[i].is_good ? cases[i].value : 77);
    }
}

static void
utf8_follows_the_table(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool is_good;
    } cases[] = {
        {"", true},
        {"plain", true},
        {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", true},
        {"\xEF\xBF\xBF", true},
        {"\xF4\x8F\xBF\xBF", true},
        {"\xC0\x80", false},         /* overlong */
        {"\xC1\xBF", false},
        {"\xE0\x9F\xBF", false},     /* overlong */
        {"\xF0\x8F\xBF\xBF", false}, /* overlong */
        {"\xED\xA0\x80", false},     /* surrogate */
        {"\xED\xBF\xBF", false},
        {"\xF4\x90\x80\x80", false}, /* past U+10FFFF */
        {"\xF5\x80\x80\x80", false},
        {"\x80", false},
        {"\xFF", false},
        {"a\xC3", false}, /* cut */
        {"\xE2\x82", false},
        {"\xE2\x82x", false},
        {"\xF0\x9F\x98", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(og_str_is_utf8(og_str_from(cases[i].text)), cases[i].is_good);
    }
    uint32_t point = 0;
    assert_int_equal(og_utf8_next(OG_STR("\xF0\x9F\x98\x80z"), &point), 4);
    assert_int_equal(point, 0x1F600);
    assert_int_equal(og_utf8_next(OG_STR("\xC3\xA9"), &point), 2);
    assert_int_equal(point, 0xE9);
    assert_int_equal(og_utf8_next(OG_STR("\xE2\x82\xAC"), &point), 3);
    assert_int_equal(point, 0x20AC);
    assert_int_equal(og_utf8_next(OG_STR(""), &point), 0);
}

static void
strings_are_cut_and_compared(void **state)
{
    (void)state;
    struct og_str none = {0};
    assert_true(og_str_eq(none, OG_STR("")));
    assert_true(og_str_eq_nocase(OG_STR("Content-LENGTH"), OG_STR("content-length")));
    assert_false(og_str_eq_nocase(OG_STR("a["), OG_STR("a{")));
    assert_false(og_str_eq_nocase(OG_STR("ab"), OG_STR("abc")));
    assert_true(og_str_starts(OG_STR("Bearer x"), OG_STR("Bearer ")));
    assert_false(og_str_starts(OG_STR("Bear"), OG_STR("Bearer ")));
    assert_true(og_str_ends(OG_STR("a.pem"), OG_STR(".pem")));
    assert_false(og_str_ends(OG_STR("pem"), OG_STR(".pem")));
    assert_true(og_str_ends(none, none));
    assert_int_equal(og_str_find(OG_STR("a:b"), ':'), 1);
    assert_int_equal(og_str_find(OG_STR("ab"), ':'), 2);
    assert_int_equal(og_str_find(none, ':'), 0);
    assert_true(og_str_eq(og_str_slice(OG_STR("abc"), 1, 99), OG_STR("bc")));
    assert_true(og_str_eq(og_str_slice(OG_STR("abc"), 2, 1), none));
    assert_true(og_str_eq(og_str_slice(none, 1, 2), none));
    assert_true(og_str_eq(og_str_trim(OG_STR(" \ta b\t ")), OG_STR("a b")));
    assert_true(og_str_eq(og_str_trim(OG_STR(" \t ")), none));
}

static void
buffers_keep_their_maximum(void **state)
{
    (void)state;
    struct og_buf buf;
    og_buf_init(&buf, 10);
    og_buf_add_cstr(&buf, "12345");
    og_buf_printf(&buf, "%d-", 67);
    assert_int_equal(buf.len, 8);
    og_buf_add_cstr(&buf, "abc");
    assert_true(buf.full);
    assert_string_equal(buf.ptr, "1234567-");
    og_buf_printf(&buf, "%s", "abc");
    assert_int_equal(buf.len, 8);
    og_buf_clear(&buf);
    assert_false(buf.full);
    assert_string_equal(buf.ptr, "");
    og_buf_add_cstr(&buf, "0123456789");
    assert_false(buf.full);
    og_buf_add_byte(&buf, 'x');
    assert_true(buf.full);
    og_buf_consume(&buf, 4);
    assert_string_equal(buf.ptr, "456789");
    og_buf_consume(&buf, 99);
    assert_int_equal(buf.len, 0);
    og_buf_finish(&buf);

    og_buf_init(&buf, SIZE_MAX - 1);
    assert_null(og_buf_reserve(&(struct og_buf){.max_bytes = 4}, SIZE_MAX));
    for (int i = 0; i < 1000; i++) {
        og_buf_add_cstr(&buf, "0123456789");
    }
    assert_int_equal(buf.len, 10000);
    assert_int_equal(buf.ptr[9999], '9');
    og_buf_finish(&buf);
    og_buf_finish(&(struct og_buf){0});
}

static void
buffers_print_integers(void **state)
{
    (void)state;
    static const int64_t values[] = {0, 7, -1, 1234567890, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < COUNT(values); i++) {
        struct og_buf buf;
        og_buf_init(&buf, 64);
        og_buf_add_i64(&buf, values[i]);
        int64_t back = 1;
        assert_true(og_str_to_i64(og_buf_str(&buf), &back));
        assert_int_equal(back, values[i]);
        og_buf_finish(&buf);
    }
}

static void
what_is_dropped_is_wiped(void **state)
{
    (void)state;
    struct og_buf buf;
    og_buf_init(&buf, 100);
    og_buf_add_cstr(&buf, "a secret of some length");
    size_t len = buf.len;
    og_buf_consume(&buf, 9);
    assert_string_equal(buf.ptr, "of some length");
    for (size_t i = buf.len; i < len; i++) {
        assert_int_equal(buf.ptr[i], 0);
    }
    og_buf_clear(&buf);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(buf.ptr[i], 0);
    }
    memcpy(og_buf_reserve(&buf, 20), "not to be committed", 20);
    og_buf_wipe(&buf);
    for (size_t i = 0; i < buf.cap; i++) {
        assert_int_equal(buf.ptr[i], 0);
    }
    og_buf_finish(&buf);
    og_buf_wipe(&buf);
}

static void
arenas_give_zeroed_aligned_memory(void **state)
{
    (void)state;
    struct og_arena mem;
    og_arena_init(&mem, 64);
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 300; size++) {
            unsigned char *piece = og_arena_alloc(&mem, size);
            assert_non_null(piece);
            assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++) {
                assert_int_equal(piece[i], 0);
                piece[i] = 0xAA;
            }
        }
        assert_true(mem.used_bytes >= 300 * 299 / 2);
        og_arena_reset(&mem);
        assert_int_equal(mem.used_bytes, 0);
        assert_non_null(mem.head);
    }
    /* a large piece is not kept */
    og_arena_finish(&mem);
    assert_non_null(og_arena_alloc(&mem, 1 << 20));
    og_arena_reset(&mem);
    assert_null(mem.head);
    og_arena_finish(&mem);

    struct og_arena zeroed = {0};
    assert_non_null(og_arena_alloc(&zeroed, 1));
    og_arena_finish(&zeroed);
    og_arena_finish(&zeroed);
}

static void
arenas_copy_text(void **state)
{
    (void)state;
    struct og_arena mem;
    og_arena_init(&mem, 0);
    struct og_str copy = og_str_dup(&mem, (struct og_str){"abcdef", 3});
    assert_string_equal(copy.ptr, "abc");
    assert_string_equal(og_str_cstr(&mem, (struct og_str){0}), "");
    assert_string_equal(og_str_printf(&mem, "%d/%s", 12, "x").ptr, "12/x");
    int64_t *numbers = OG_ARENA_ARRAY(&mem, int64_t, 4);
    numbers[3] = 1;
    og_arena_finish(&mem);
}

static void
codes_have_words(void **state)
{
    (void)state;
    assert_string_equal(og_code_wire(OG_OK), "ok");
    assert_string_equal(og_code_wire(OG_E_INVALID), "invalid_request");
    assert_string_equal(og_code_wire(OG_E_LIMITED), "rate_limited");
    assert_string_equal(og_code_wire(OG_E_INTERNAL), "internal");
    assert_string_equal(og_code_wire((enum og_code)999), "internal");
    assert_true(og_code_is_retryable(OG_E_BUSY));
    assert_false(og_code_is_retryable(OG_E_INVALID));
    assert_false(og_code_is_retryable((enum og_code)999));
}

static void
failing_fills_the_error(void **state)
{
    (void)state;
    struct og_err err = {.retry_after_s = 9};
    assert_int_equal(og_fail(&err, OG_E_INVALID, "to", "must have %d digits", 3), OG_E_INVALID);
    assert_int_equal(err.code, OG_E_INVALID);
    assert_int_equal(err.retry_after_s, 0);
    assert_string_equal(err.field, "to");
    assert_string_equal(err.text, "must have 3 digits");
    assert_int_equal(og_fail(&err, OG_E_BUSY, NULL, "%0500d", 1), OG_E_BUSY);
    assert_string_equal(err.field, "");
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    assert_int_equal(og_fail(NULL, OG_E_BUSY, "x", "y"), OG_E_BUSY);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read_whole),
        cmocka_unit_test(utf8_follows_the_table),
        cmocka_unit_test(strings_are_cut_and_compared),
        cmocka_unit_test(buffers_keep_their_maximum),
        cmocka_unit_test(buffers_print_integers),
        cmocka_unit_test(what_is_dropped_is_wiped),
        cmocka_unit_test(arenas_give_zeroed_aligned_memory),
        cmocka_unit_test(arenas_copy_text),
        cmocka_unit_test(codes_have_words),
        cmocka_unit_test(failing_fills_the_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
