/*
 * Query parameters: absent keeps what was there, right sets it, wrong is refused by name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "api/smsgate/query.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BEFORE 77

struct bench {
    struct og_arena mem;
    struct og_http_request req;
    struct og_err err;
};

static int
setup(void **state)
{
    struct bench *b = og_xalloc(sizeof *b);
    og_arena_init(&b->mem, 0);
    b->req.mem = &b->mem;
    *state = b;
    return 0;
}

static int
teardown(void **state)
{
    struct bench *b = *state;
    og_arena_finish(&b->mem);
    free(b);
    return 0;
}

static const struct og_http_request *
with(struct bench *b, const char *query)
{
    b->req.query = og_str_from(query);
    b->err = (struct og_err){0};
    return &b->req;
}

static void
assert_refused(const struct bench *b, enum og_code code, const char *query)
{
    if (code != OG_E_INVALID || strcmp(b->err.field, "x") != 0 || !b->err.text[0]) {
        fail_msg("%s: %s \"%s\"", query, og_code_wire(code), b->err.field);
    }
}

static void
test_bool(void **state)
{
    struct bench *b = *state;
    static const char *const right[2][7] = {
        {"0", "f", "F", "FALSE", "false", "False", "false&x=1"}, /* the first one counts */
        {"1", "t", "T", "TRUE", "true", "True", "on"},
    };
    static const char *const wrong[] = {"x=", "x", "x=2", "x=yes", "x=tRUE", "x=off", "x=%20true"};
    for (int value = 0; value < 2; value++) {
        for (size_t i = 0; i < COUNT(right[0]); i++) {
            struct og_str query = og_str_printf(&b->mem, "y=1&x=%s&z=", right[value][i]);
            bool got = !value;
            assert_int_equal(og_query_bool(with(b, query.ptr), "x", &got, &b->err), OG_OK);
            assert_int_equal(got, value);
        }
        static const char *const absent[] = {"", "y=1", "X=1", "xx=1", "y=x"};
        for (size_t i = 0; i < COUNT(absent); i++) {
            bool got = value;
            assert_int_equal(og_query_bool(with(b, absent[i]), "x", &got, &b->err), OG_OK);
            assert_int_equal(got, value);
        }
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        bool got = false;
        assert_refused(b, og_query_bool(with(b, wrong[i]), "x", &got, &b->err), wrong[i]);
        assert_false(got);
    }
}

static void
test_int(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *query;
        int64_t value;
    } right[] = {
        {"", BEFORE}, {"y=9", BEFORE}, {"x=-5", -5}, {"x=100", 100}, {"x=0", 0}, {"x=%31", 1},
        {"x=007", 7}, {"x=1&x=2", 1},
    };
    static const char *const wrong[] = {
        "x=", "x", "x=-6", "x=101", "x=1.0", "x=1e1", "x=0x1", "x=+1", "x=%201", "x=1%20",
        "x=one", "x=99999999999999999999", "x=-99999999999999999999", "x=--1", "x=-",
    };
    for (size_t i = 0; i < COUNT(right); i++) {
        int64_t got = BEFORE;
        assert_int_equal(og_query_int(with(b, right[i].query), "x", -5, 100, &got, &b->err), OG_OK);
        assert_int_equal(got, right[i].value);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        int64_t got = BEFORE;
        assert_refused(b, og_query_int(with(b, wrong[i]), "x", -5, 100, &got, &b->err), wrong[i]);
        assert_int_equal(got, BEFORE);
    }
}

static void
test_time(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *query;
        int64_t value;
    } right[] = {
        {"", BEFORE},
        {"x=2026-01-01T12:00:00Z", INT64_C(1767268800000)},
        {"x=2026-01-01T12:00:00.120Z", INT64_C(1767268800120)},
        {"x=2026-01-01T14:00:00%2B02:00", INT64_C(1767268800000)},
        {"x=2026-01-01T12%3A00%3A00.5Z", INT64_C(1767268800500)},
        {"x=1970-01-01T00:00:00Z", 0},
    };
    static const char *const wrong[] = {
        "x=", "x=2026-01-01", "x=2026-01-01T12:00:00", "x=2026-01-01T14:00:00+02:00",
        "x=2026-13-01T12:00:00Z", "x=1767268800", "x=now",
    };
    for (size_t i = 0; i < COUNT(right); i++) {
        int64_t got = BEFORE;
        assert_int_equal(og_query_time(with(b, right[i].query), "x", &got, &b->err), OG_OK);
        assert_int_equal(got, right[i].value);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        int64_t got = BEFORE;
        assert_refused(b, og_query_time(with(b, wrong[i]), "x", &got, &b->err), wrong[i]);
        assert_int_equal(got, BEFORE);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bool, setup, teardown),
        cmocka_unit_test_setup_teardown(test_int, setup, teardown),
        cmocka_unit_test_setup_teardown(test_time, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
