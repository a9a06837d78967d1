/*
 * The route table as a whole: every row is complete, says who may call, and can be found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/problem.h"
#include "http/router.h"
#include "tests/unit/api/each_route.h"

static bool
is_below(const char *path, const char *prefix)
{
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

/* ---- rows ---- */

static void
check_who(void *ctx, const struct og_route *row)
{
    (void)ctx;
    MUST(row, row->who != OG_WHO_UNSET);
    MUST(row, (row->who == OG_WHO_APP) == (row->scope != OG_SCOPE_NONE));
    MUST(row, (row->scope & ~(uint32_t)(OG_SCOPE_ALL | OG_SCOPE_TOKENS_REFRESH)) == 0);
    /* each API has its callers */
    MUST(row, !is_below(row->path, "/otp/") || row->who == OG_WHO_APP);
    MUST(row, !is_below(row->path, "/admin/") || row->who == OG_WHO_OPERATOR);
    MUST(row, !is_below(row->path, "/mobile/") ||
                  (row->who != OG_WHO_ANYONE && row->who != OG_WHO_APP));
    bool is_watched = strstr(row->path, "/health") || is_below(row->path, "/metrics") ||
                      is_below(row->path, "/openapi.json") ||
                      is_below(row->path, "/api/docs/");
    /* what a client of OAuth, or whoever gets a receipt, reads with nothing to show */
    bool is_oauth = is_below(row->path, "/.well-known/");
    MUST(row, (row->who == OG_WHO_ANYONE) == (is_watched || is_oauth));
    MUST(row, row->method == OG_GET || row->scope != OG_SCOPE_MESSAGES_READ);
    MUST(row, row->method == OG_GET || row->scope != OG_SCOPE_DEVICES_READ);
}

static void
test_every_row_says_who_may_call(void **state)
{
    (void)state;
    each_route(check_who, NULL);
}

static void
check_does_something(void *ctx, const struct og_route *row)
{
    (void)ctx;
    if (row->take_over) {
        MUST(row, !row->success && !row->op_bytes && !row->decode && !row->encode);
        return;
    }
    MUST(row, row->success >= 200 && row->success < 300);
    if (!row->op_bytes) { /* answered on the loop, from memory */
        MUST(row, row->lane == OG_LANE_NONE && !row->kind.apply && row->decode);
        return;
    }
    MUST(row, row->op_bytes > sizeof(struct og_op));
    MUST(row, row->lane > OG_LANE_NONE && row->lane < OG_LANE_COUNT);
    MUST(row, row->kind.name && strchr(row->kind.name, '.'));
    MUST(row, row->kind.apply);
    MUST(row, row->kind.done == og_call_done);
    MUST(row, row->decode);
    MUST(row, !row->kind.committed || row->lane == OG_LANE_WRITE);
    /* a number that is asked for stands in a body, not in a URL that is logged on its way */
    bool reads_by_post = strcmp(row->path, "/admin/v1/privacy/export") == 0;
    MUST(row, row->lane == OG_LANE_WRITE || row->method == OG_GET || reads_by_post);
    /* an answer without a body is told by its status, but for RFC 7009 section 2.2 */
    bool is_empty = row->success == 202 || row->success == 204 || row->family == OG_FAMILY_OAUTH;
    MUST(row, row->encode || is_empty);
}

static void
test_every_row_does_something(void **state)
{
    (void)state;
    each_route(check_does_something, NULL);
}

static void
check_body(void *ctx, const struct og_route *row)
{
    (void)ctx;
    bool may_have_body =
        row->method == OG_POST || row->method == OG_PUT || row->method == OG_PATCH;
    MUST(row, row->body_max >= 0 && row->body_max <= 4 * 1024 * 1024);
    MUST(row, may_have_body || row->body_max == 0);
}

static void
test_every_body_has_its_limit(void **state)
{
    (void)state;
    each_route(check_body, NULL);
}

static void
check_family(void *ctx, const struct og_route *row)
{
    (void)ctx;
    enum og_family by_path = og_problem_family(og_str_from(row->path));
    /* before a route is known errors are judged by the path alone: the shape must be the same */
    bool is_smsgate = row->family == OG_FAMILY_SMSGATE;
    bool is_health = strstr(row->path, "/health") != NULL;
    MUST(row, is_health || is_smsgate == (by_path == OG_FAMILY_SMSGATE));
}

static void
test_family_and_path_agree(void **state)
{
    (void)state;
    each_route(check_family, NULL);
}

static void
add_to_router(void *ctx, const struct og_route *row)
{
    struct og_err err = {0};
    MUST(row, og_router_add(ctx, row->method, row->path, row, &err) == OG_OK);
}

static void
find_in_router(void *ctx, const struct og_route *row)
{
    struct og_router_match match;
    og_router_find(ctx, row->method, og_str_from(row->path), &match); /* {id} fits {id} */
    MUST(row, match.row == row);
    MUST(row, match.param_count <= OG_CALL_PARAMS_MAX);
}

/* No row hides another, and none is there twice. */
static void
test_every_row_can_be_found(void **state)
{
    (void)state;
    struct og_router *router = og_router_create();
    each_route(add_to_router, router);
    each_route(find_in_router, router);
    og_router_destroy(router);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_says_who_may_call),
        cmocka_unit_test(test_every_row_does_something),
        cmocka_unit_test(test_every_body_has_its_limit),
        cmocka_unit_test(test_family_and_path_agree),
        cmocka_unit_test(test_every_row_can_be_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
