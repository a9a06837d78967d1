/*
 * The route table as a whole: every row is complete, says who may call, and can be found; and the
 * description that is served says the same of the OTP API.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "api/problem.h"
#include "api/routes.h"
#include "base/json.h"
#include "http/router.h"

/* Made of openapi.json by the build. */
extern const char *const og_openapi_json;
extern const unsigned long og_openapi_json_bytes;

static void
each_route(void (*fn)(void *ctx, const struct og_route *row), void *ctx)
{
    int count = 0;
    for (int t = 0; t < og_route_table_count; t++) {
        for (int i = 0; i < *og_route_tables[t].count; i++, count++) {
            fn(ctx, &og_route_tables[t].rows[i]);
        }
    }
    assert_true(count > 40);
}

/* Say which row it is about. */
#define MUST(row, what)                                                                            \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fail_msg("%s %s: %s", og_method_name((row)->method), (row)->path, #what);              \
        }                                                                                          \
    } while (0)

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
                      is_below(row->path, "/openapi.json");
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
    MUST(row, row->lane == OG_LANE_WRITE || row->method == OG_GET);
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

/* ---- the description ---- */

struct document {
    struct og_json_doc doc;
    const struct og_json *paths;
    int operations;
};

static const char *
method_word(enum og_method method)
{
    switch (method) {
    case OG_GET:
        return "get";
    case OG_POST:
        return "post";
    case OG_DELETE:
        return "delete";
    case OG_PATCH:
        return "patch";
    case OG_PUT:
        return "put";
    default:
        return "?";
    }
}

static void
check_is_described(void *ctx, const struct og_route *row)
{
    struct document *self = ctx;
    if (!is_below(row->path, "/otp/v1/")) {
        return;
    }
    const struct og_json *item = og_json_get(self->paths, row->path);
    MUST(row, item);
    const struct og_json *operation = og_json_get(item, method_word(row->method));
    MUST(row, operation);
    self->operations++;
    MUST(row, og_json_get(operation, "operationId"));
    MUST(row, (og_json_get(operation, "requestBody") != NULL) == (row->body_max > 0));
    /* its success, and what any such call can meet */
    static const enum og_code always[] = {OG_E_UNAUTHORIZED, OG_E_FORBIDDEN, OG_E_LIMITED,
                                          OG_E_BUSY};
    const struct og_json *responses = og_json_get(operation, "responses");
    char status[8];
    snprintf(status, sizeof status, "%d", row->success);
    MUST(row, og_json_get(responses, status));
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        snprintf(status, sizeof status, "%d", og_problem_status(row->family, always[i]));
        MUST(row, og_json_get(responses, status));
    }
    bool names_one = strchr(row->path, '{') != NULL;
    MUST(row, !names_one || og_json_get(responses, "404"));
    MUST(row, !names_one || og_json_get(item, "parameters") ||
                  og_json_get(operation, "parameters"));
    MUST(row, !row->body_max || (og_json_get(responses, "400") && og_json_get(responses, "413") &&
                                 og_json_get(responses, "415")));
    /* whose scope it needs is told in words */
    struct og_str text;
    MUST(row, og_json_to_str(og_json_get(operation, "description"), &text));
    const char *scope = og_scope_name((enum og_scope)row->scope);
    MUST(row, memmem(text.ptr, text.len, scope, strlen(scope)));
}

struct looking {
    const char *path;
    struct og_str method;
    bool found;
};

static void
match_route(void *ctx, const struct og_route *row)
{
    struct looking *self = ctx;
    self->found |= strcmp(row->path, self->path) == 0 &&
                   og_str_eq(self->method, og_str_from(method_word(row->method)));
}

struct described_path {
    struct document *document;
    const char *path;
};

static bool
check_operation_exists(void *ctx, struct og_str method, const struct og_json *value)
{
    struct described_path *self = ctx;
    (void)value;
    if (og_str_eq(method, OG_STR("parameters"))) {
        return true;
    }
    struct looking looking = {self->path, method, false};
    each_route(match_route, &looking);
    if (!looking.found) {
        fail_msg("%s %.*s is described but does not exist", self->path, OG_STR_ARG(method));
    }
    self->document->operations--;
    return true;
}

static bool
check_path_exists(void *ctx, struct og_str path, const struct og_json *value)
{
    char text[128];
    snprintf(text, sizeof text, "%.*s", OG_STR_ARG(path));
    struct described_path described = {ctx, text};
    og_json_each(value, check_operation_exists, &described);
    return true;
}

static void
test_the_description_knows_the_otp_routes(void **state)
{
    (void)state;
    struct document document = {0};
    struct og_err err;
    struct og_str text = {og_openapi_json, og_openapi_json_bytes};
    assert_int_equal(og_json_parse(text, 32, &document.doc, &err), OG_OK);
    document.paths = og_json_get(document.doc.root, "paths");
    each_route(check_is_described, &document);
    assert_true(document.operations >= 5);
    og_json_each(document.paths, check_path_exists, &document);
    assert_int_equal(document.operations, 0); /* one for one */
    og_json_doc_finish(&document.doc);
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
        cmocka_unit_test(test_the_description_knows_the_otp_routes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
