/*
 * From method and path to a row: the table of issue and design.md in small.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/router.h"
#include "http/target.h"

static const struct {
    enum og_method method;
    const char *path;
} routes[] = {
    {OG_GET, "/"},
    {OG_GET, "/health"},
    {OG_POST, "/otp/v1/verifications"},
    {OG_GET, "/otp/v1/verifications/{id}"},
    {OG_DELETE, "/otp/v1/verifications/{id}"},
    {OG_POST, "/otp/v1/verifications/{id}/check"},
    {OG_POST, "/otp/v1/verifications/{id}/resend"},
    {OG_GET, "/admin/v1/accounts/{id}/keys/{key}"},
    {OG_GET, "/admin/v1/accounts/me/keys"},
    {OG_PUT, "/admin/v1/accounts/{id}"},
};

static struct og_router *
make(void)
{
    struct og_router *router = og_router_create();
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        assert_int_equal(og_router_add(router, routes[i].method, routes[i].path, &routes[i], NULL),
                         OG_OK);
    }
    return router;
}

/* Ask with what http makes of a target; `path` is the decoded form. */
static struct og_router_match
ask(const struct og_router *router, struct og_arena *mem, enum og_method method, const char *raw)
{
    struct og_router_match match;
    struct og_http_request req = {.method = method, .raw_path = og_str_from(raw), .mem = mem};
    struct og_target target;
    assert_null(og_target_parse(req.raw_path, false, OG_STR("a"), mem, &target));
    req.path = target.path;
    og_router_find_request(router, &req, &match);
    return match;
}

static void
test_find(void **state)
{
    static const struct {
        enum og_method method;
        const char *path;
        int row; /* -1: none */
        bool known;
        const char *allow;
        const char *params[2];
    } rows[] = {
        {OG_GET, "/", 0, true, "", {NULL}},
        {OG_GET, "/health", 1, true, "", {NULL}},
        {OG_GET, "/HEALTH", 1, true, "", {NULL}},
        {OG_GET, "/health/", 1, true, "", {NULL}},
        {OG_GET, "/he%61lth", 1, true, "", {NULL}},
        {OG_HEAD, "/health", 1, true, "", {NULL}},
        {OG_GET, "/health//", -1, false, "", {NULL}},
        {OG_GET, "//health", -1, false, "", {NULL}},
        {OG_GET, "/healthy", -1, false, "", {NULL}},
        {OG_GET, "/heal", -1, false, "", {NULL}},
        {OG_GET, "/otp/v1", -1, false, "", {NULL}},
        {OG_POST, "/health", -1, true, "GET, HEAD", {NULL}},
        {OG_METHOD_OTHER, "/health", -1, true, "GET, HEAD", {NULL}},
        {OG_POST, "/Otp/V1/Verifications/", 2, true, "", {NULL}},
        {OG_GET, "/otp/v1/verifications", -1, true, "POST", {NULL}},
        {OG_GET, "/otp/v1/verifications/aB-_9", 3, true, "", {"aB-_9"}},
        {OG_DELETE, "/otp/v1/verifications/x/", 4, true, "", {"x"}},
        {OG_PUT, "/otp/v1/verifications/x", -1, true, "GET, HEAD, DELETE", {"x"}},
        {OG_POST, "/otp/v1/verifications/x/check", 5, true, "", {"x"}},
        {OG_POST, "/otp/v1/verifications/x/resend", 6, true, "", {"x"}},
        {OG_POST, "/otp/v1/verifications/x/other", -1, false, "", {NULL}},
        {OG_POST, "/otp/v1/verifications//check", -1, false, "", {NULL}},
        {OG_POST, "/otp/v1/verifications/a%2Fb%20%C3%A4/check", 5, true, "", {"a/b \xc3\xa4"}},
        {OG_GET, "/otp/v1/verifications/a%2Fcheck", 3, true, "", {"a/check"}},
        {OG_GET, "/otp/v1/verifications/a/b", -1, false, "", {NULL}},
        {OG_GET, "/admin/v1/accounts/A/keys/b", 7, true, "", {"A", "b"}},
        {OG_GET, "/admin/v1/accounts/me/keys", 8, true, "", {NULL}},
        /* A literal that leads nowhere gives way to the capture. */
        {OG_GET, "/admin/v1/accounts/me/keys/b", 7, true, "", {"me", "b"}},
        {OG_PUT, "/admin/v1/accounts/me", 9, true, "", {"me"}},
        {OG_OPTIONS, "*", -1, false, "", {NULL}},
    };
    struct og_router *router = make();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct og_arena mem = {0};
        struct og_router_match match = {0};
        if (rows[i].method == OG_OPTIONS) {
            og_router_find(router, OG_OPTIONS, og_str_from(rows[i].path), &match);
        } else {
            match = ask(router, &mem, rows[i].method, rows[i].path);
        }
        const void *wanted = rows[i].row >= 0 ? &routes[rows[i].row] : NULL;
        if (match.row != wanted || match.path_known != rows[i].known) {
            print_error("%s %s\n", og_method_name(rows[i].method), rows[i].path);
        }
        assert_ptr_equal(match.row, wanted);
        assert_int_equal(match.path_known, rows[i].known);
        assert_string_equal(match.allow, rows[i].allow);
        int count = 0;
        for (; count < 2 && rows[i].params[count]; count++) {
            assert_true(match.param_count > count);
            assert_true(og_str_eq(match.params[count], og_str_from(rows[i].params[count])));
        }
        assert_int_equal(match.param_count, count);
        og_arena_finish(&mem);
    }
    og_router_destroy(router);
}

static void
test_bad_tables(void **state)
{
    static const struct {
        enum og_method method;
        const char *path;
        enum og_code code;
    } rows[] = {
        {OG_GET, "/health", OG_E_CONFLICT},
        {OG_GET, "/Health/", OG_E_CONFLICT},
        {OG_GET, "/otp/v1/verifications/{other}", OG_E_CONFLICT},
        {OG_PUT, "/otp/v1/verifications/{other}", OG_OK},
        {OG_GET, "health", OG_E_INVALID},
        {OG_GET, "", OG_E_INVALID},
        {OG_METHOD_OTHER, "/x", OG_E_INVALID},
        {OG_GET, "/{a}/{b}/{c}/{d}", OG_OK},
        {OG_GET, "/{a}/{b}/{c}/{d}/{e}", OG_E_INVALID},
    };
    struct og_router *router = make();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct og_err err;
        assert_int_equal(og_router_add(router, rows[i].method, rows[i].path, &rows[i], &err),
                         rows[i].code);
    }
    og_router_destroy(router);
    og_router_destroy(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_bad_tables),
    };
    return cmocka_run_group_tests_name("http router", tests, NULL, NULL);
}
