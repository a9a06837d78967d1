/*
 * Errors as the outside sees them: status and shape by family, and what is kept inside.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "api/problem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct bench {
    struct og_arena mem;
    struct og_answer answer;
    struct og_err err;
};

static int
setup(void **state)
{
    struct bench *b = og_xalloc(sizeof *b);
    og_arena_init(&b->mem, 0);
    og_buf_init(&b->answer.body, 4096);
    *state = b;
    return 0;
}

static int
teardown(void **state)
{
    struct bench *b = *state;
    og_buf_finish(&b->answer.body);
    og_arena_finish(&b->mem);
    free(b);
    return 0;
}

/* The body that an error gives; err from og_fail. */
static const char *
body_of(struct bench *b, enum og_family family, enum og_code code, const struct og_err *err)
{
    og_problem_write(family, code, err, OG_STR("req-1"), &b->mem, &b->answer);
    return b->answer.body.ptr;
}

static struct og_str
header_of(const struct bench *b, const char *name)
{
    for (int i = 0; i < b->answer.header_count; i++) {
        if (og_str_eq(b->answer.headers[i].name, og_str_from(name))) {
            return b->answer.headers[i].value;
        }
    }
    return OG_STR("");
}

static void
assert_text(struct og_str got, const char *expected)
{
    assert_int_equal(got.len, strlen(expected));
    assert_memory_equal(got.ptr, expected, got.len);
}

/* ---- status ---- */

static void
test_every_code_has_its_status(void **state)
{
    struct bench *b = *state;
    static const struct {
        enum og_code code;
        int own, smsgate;
        const char *retry_after;
    } cases[] = {
        {OG_E_INVALID, 400, 400, ""},    {OG_E_UNPROCESSABLE, 422, 400, ""},
        {OG_E_UNAUTHORIZED, 401, 401, ""}, {OG_E_FORBIDDEN, 403, 403, ""},
        {OG_E_NOT_FOUND, 404, 404, ""},  {OG_E_METHOD, 405, 405, ""},
        {OG_E_CONFLICT, 409, 409, ""},   {OG_E_TOO_LARGE, 413, 413, ""},
        {OG_E_MEDIA_TYPE, 415, 400, ""}, {OG_E_LIMITED, 429, 429, "1"},
        {OG_E_BUSY, 503, 503, "1"},      {OG_E_UNAVAILABLE, 503, 503, "1"},
        {OG_E_QUEUE_FULL, 503, 503, "1"}, {OG_E_UNREADABLE, 500, 500, ""},
        {OG_E_INTERNAL, 500, 500, ""},
    };
    assert_int_equal(COUNT(cases), OG_E_INTERNAL); /* none is forgotten: it is the last */
    for (size_t i = 0; i < COUNT(cases); i++) {
        static const enum og_family families[] = {OG_FAMILY_OWN, OG_FAMILY_ROOT,
                                                  OG_FAMILY_SMSGATE};
        for (size_t f = 0; f < COUNT(families); f++) {
            int expected = families[f] == OG_FAMILY_SMSGATE ? cases[i].smsgate : cases[i].own;
            assert_int_equal(og_problem_status(families[f], cases[i].code), expected);
            body_of(b, families[f], cases[i].code, NULL);
            assert_int_equal(b->answer.status, expected);
            assert_text(header_of(b, "Retry-After"), cases[i].retry_after);
        }
    }
}

static void
test_retry_after_is_what_was_said(void **state)
{
    struct bench *b = *state;
    struct og_err err = {.code = OG_E_LIMITED, .retry_after_s = 37, .text = "later"};
    body_of(b, OG_FAMILY_OWN, OG_E_LIMITED, &err);
    assert_text(header_of(b, "Retry-After"), "37");
    err.code = OG_E_CONFLICT; /* also where the code alone promises nothing */
    body_of(b, OG_FAMILY_SMSGATE, OG_E_CONFLICT, &err);
    assert_text(header_of(b, "Retry-After"), "37");
}

static void
test_who_is_refused_is_told_how_to_come_in(void **state)
{
    struct bench *b = *state;
    body_of(b, OG_FAMILY_OWN, OG_E_UNAUTHORIZED, NULL);
    assert_text(header_of(b, "WWW-Authenticate"), "Bearer realm=\"otpgate\"");
    body_of(b, OG_FAMILY_SMSGATE, OG_E_UNAUTHORIZED, NULL); /* the app would ask its user */
    assert_text(header_of(b, "WWW-Authenticate"), "");
    body_of(b, OG_FAMILY_OWN, OG_E_FORBIDDEN, NULL);
    assert_text(header_of(b, "WWW-Authenticate"), "");
}

/* ---- shape ---- */

static void
test_shapes(void **state)
{
    struct bench *b = *state;
    static const struct {
        enum og_family family;
        enum og_code code;
        const char *field, *text, *body;
    } cases[] = {
        {OG_FAMILY_OWN, OG_E_INVALID, "to", "must start with +",
         "{\"error\":\"invalid_request\",\"message\":\"must start with +\",\"field\":\"to\","
         "\"request_id\":\"req-1\"}"},
        {OG_FAMILY_OWN, OG_E_NOT_FOUND, "", "no such verification",
         "{\"error\":\"not_found\",\"message\":\"no such verification\","
         "\"request_id\":\"req-1\"}"},
        {OG_FAMILY_ROOT, OG_E_CONFLICT, "", "", "{\"error\":\"conflict\",\"message\":\"conflict\","
         "\"request_id\":\"req-1\"}"},
        /* the peer's shape names the field in its message, unless the text does */
        {OG_FAMILY_SMSGATE, OG_E_INVALID, "phoneNumbers[1]", "not a number",
         "{\"message\":\"phoneNumbers[1]: not a number\"}"},
        {OG_FAMILY_SMSGATE, OG_E_INVALID, "phoneNumbers", "phoneNumbers must be unique",
         "{\"message\":\"phoneNumbers must be unique\"}"},
        {OG_FAMILY_SMSGATE, OG_E_NOT_FOUND, "", "not found", "{\"message\":\"not found\"}"},
        /* part of another word is no name */
        {OG_FAMILY_SMSGATE, OG_E_INVALID, "id", "must be valid",
         "{\"message\":\"id: must be valid\"}"},
        {OG_FAMILY_SMSGATE, OG_E_INVALID, "ttl", "give either ttl or validUntil",
         "{\"message\":\"give either ttl or validUntil\"}"},
        /* what comes from the peer cannot break the shape */
        {OG_FAMILY_SMSGATE, OG_E_INVALID, "", "a \"b\"\n\\",
         "{\"message\":\"a \\\"b\\\"\\n\\\\\"}"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_err err;
        og_fail(&err, cases[i].code, cases[i].field, "%s", cases[i].text);
        assert_string_equal(body_of(b, cases[i].family, cases[i].code, &err), cases[i].body);
    }
}

/* Why a credential failed helps a guesser; what is broken inside helps nobody outside. */
static void
test_inner_causes_stay_inside(void **state)
{
    struct bench *b = *state;
    static const enum og_code codes[] = {OG_E_UNAUTHORIZED, OG_E_BUSY, OG_E_UNAVAILABLE,
                                         OG_E_INTERNAL};
    static const enum og_family families[] = {OG_FAMILY_OWN, OG_FAMILY_SMSGATE};
    for (size_t i = 0; i < COUNT(codes); i++) {
        struct og_err err;
        og_fail(&err, codes[i], "", "SECRET /var/lib/x: disk I/O error");
        for (size_t f = 0; f < COUNT(families); f++) {
            const char *body = body_of(b, families[f], codes[i], &err);
            assert_null(strstr(body, "SECRET"));
            assert_non_null(strstr(body, "\"message\":\""));
        }
    }
}

/* An answer that was half written when it failed is written anew. */
static void
test_nothing_remains_of_the_answer_before(void **state)
{
    struct bench *b = *state;
    og_buf_add_cstr(&b->answer.body, "{\"half\":");
    og_answer_header(&b->answer, "Location", OG_STR("/there"));
    b->answer.content_type = OG_STR("text/plain");
    b->answer.status = 201;
    assert_string_equal(body_of(b, OG_FAMILY_SMSGATE, OG_E_NOT_FOUND, NULL),
                        "{\"message\":\"not_found\"}");
    assert_int_equal(b->answer.status, 404);
    assert_int_equal(b->answer.header_count, 0);
    assert_int_equal(b->answer.content_type.len, 0);
}

static void
test_the_path_tells_the_family(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum og_family family;
    } cases[] = {
        {"/3rdparty/v1/messages", OG_FAMILY_SMSGATE}, {"/api/3rdparty/v1/x", OG_FAMILY_SMSGATE},
        {"/mobile/v1/device", OG_FAMILY_SMSGATE},     {"/API/Mobile/v1", OG_FAMILY_SMSGATE},
        {"/3rdparty/", OG_FAMILY_SMSGATE},            {"/3rdparty", OG_FAMILY_OWN},
        {"/otp/v1/verifications", OG_FAMILY_OWN},     {"/api/otp/v1", OG_FAMILY_OWN},
        {"/health", OG_FAMILY_OWN},                   {"", OG_FAMILY_OWN},
        {"/", OG_FAMILY_OWN},                         {"/api/", OG_FAMILY_OWN},
        {"/mobiles/v1", OG_FAMILY_OWN},               {"/x/mobile/v1", OG_FAMILY_OWN},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(og_problem_family(og_str_from(cases[i].path)), cases[i].family);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_code_has_its_status, setup, teardown),
        cmocka_unit_test_setup_teardown(test_retry_after_is_what_was_said, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_is_refused_is_told_how_to_come_in, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_shapes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_inner_causes_stay_inside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_remains_of_the_answer_before, setup,
                                        teardown),
        cmocka_unit_test(test_the_path_tells_the_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
