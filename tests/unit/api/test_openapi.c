/*
 * The description of the API that is served, against the route table: one for one, with the
 * callers, bodies and statuses that the rows have. tests/api/test_openapi.py holds it against real
 * answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "api/problem.h"
#include "base/json.h"
#include "tests/unit/api/each_route.h"

/* Made of src/api/openapi/ by the build. */
extern const char *const og_openapi_json;
extern const unsigned long og_openapi_json_bytes;

#define DEPTH_MAX 32

struct document {
    struct og_json_doc doc;
    const struct og_json *paths;
    int operations;
};

static const char *
method_word(enum og_method method)
{
    static const char *const words[] = {[OG_GET] = "get",
                                        [OG_POST] = "post",
                                        [OG_DELETE] = "delete",
                                        [OG_PATCH] = "patch",
                                        [OG_PUT] = "put"};
    return words[method];
}

/* A spelling of another path says so: {"$ref": "#/paths/~1health"}. */
static const struct og_json *
find_path(const struct og_json *paths, const char *path)
{
    const struct og_json *item = og_json_get(paths, path);
    struct og_str ref;
    char target[128] = "";
    if (!og_json_to_str(og_json_get(item, "$ref"), &ref)) {
        return item;
    }
    const struct og_str prefix = OG_STR("#/paths/");
    assert_true(og_str_starts(ref, prefix));
    size_t used = 0;
    for (size_t i = prefix.len; i < ref.len; i++) {
        const bool is_slash = ref.ptr[i] == '~' && i + 1 < ref.len && ref.ptr[i + 1] == '1';
        assert_true(used + 1 < sizeof target);
        target[used++] = is_slash ? '/' : ref.ptr[i];
        i += is_slash;
    }
    return og_json_get(paths, target);
}

/* ---- callers ---- */

/* Does one of the alternatives name this scheme, with this scope if there is one? */
static bool
has_scheme(const struct og_json *security, const char *scheme, const char *scope)
{
    for (size_t i = 0; i < og_json_count(security); i++) {
        const struct og_json *scopes = og_json_get(og_json_at(security, i), scheme);
        struct og_str text;
        if (!scopes) {
            continue;
        }
        if (!scope) {
            return og_json_count(scopes) == 0;
        }
        if (og_json_to_str(og_json_at(scopes, 0), &text) && og_str_eq(text, og_str_from(scope))) {
            return true;
        }
    }
    return false;
}

static void
check_account_callers(const struct og_route *row, const struct og_json *operation)
{
    const struct og_json *security = og_json_get(operation, "security");
    const char *scope = og_scope_name((enum og_scope)row->scope);
    struct og_str text;
    MUST(row, og_json_to_str(og_json_get(operation, "description"), &text));
    MUST(row, memmem(text.ptr, text.len, scope, strlen(scope)));
    MUST(row, has_scheme(security, "token", scope));
    if (row->scope != OG_SCOPE_TOKENS_REFRESH) {
        MUST(row, has_scheme(security, "basic", NULL));
        MUST(row, has_scheme(security, "apiKey", scope));
        MUST(row, has_scheme(security, "oauth2", scope));
    }
}

static void
check_callers(const struct og_route *row, const struct og_json *operation)
{
    static const struct {
        size_t alternatives;
        const char *scheme;
    } callers[] = {
        [OG_WHO_ANYONE] = {0, NULL},          [OG_WHO_PATH] = {0, NULL},
        [OG_WHO_DEVICE] = {1, "phone"},       [OG_WHO_DEVICE_OR_NOBODY] = {2, "phone"},
        [OG_WHO_JOINING] = {3, "joinToken"},  [OG_WHO_BASIC] = {1, "basic"},
        [OG_WHO_CLIENT] = {2, "basic"},       [OG_WHO_OPERATOR] = {2, "operator"},
        [OG_WHO_APP] = {4, NULL},
    };
    const struct og_json *security = og_json_get(operation, "security");
    const size_t wanted =
        row->scope == OG_SCOPE_TOKENS_REFRESH ? 1 : callers[row->who].alternatives;
    MUST(row, og_json_kind(security) == OG_JSON_K_ARRAY);
    MUST(row, og_json_count(security) == wanted);
    if (row->who == OG_WHO_APP) {
        check_account_callers(row, operation);
    } else if (callers[row->who].scheme) {
        MUST(row, has_scheme(security, callers[row->who].scheme, NULL));
    }
    MUST(row, row->who != OG_WHO_OPERATOR || has_scheme(security, "apiKey", "admin"));
}

/* ---- statuses and bodies ---- */

static bool
has_status(const struct og_json *responses, int status)
{
    char text[8];
    snprintf(text, sizeof text, "%d", status);
    return og_json_get(responses, text) != NULL;
}

static void
check_statuses(const struct og_route *row, const struct og_json *item,
               const struct og_json *operation)
{
    const struct og_json *responses = og_json_get(operation, "responses");
    static const enum og_code known_callers[] = {OG_E_UNAUTHORIZED, OG_E_FORBIDDEN, OG_E_LIMITED,
                                                 OG_E_BUSY};
    static const enum og_code bodies[] = {OG_E_INVALID, OG_E_TOO_LARGE, OG_E_MEDIA_TYPE};
    MUST(row, !row->success || has_status(responses, row->success));
    for (size_t i = 0; row->who != OG_WHO_ANYONE && row->who != OG_WHO_PATH && i < 4; i++) {
        MUST(row, has_status(responses, og_problem_status(row->family, known_callers[i])));
    }
    for (size_t i = 0; row->body_max && i < 3; i++) {
        MUST(row, has_status(responses, og_problem_status(row->family, bodies[i])));
    }
    const bool names_one = strchr(row->path, '{') != NULL;
    /* removing what is not there succeeds in sms-gate.app's API */
    const bool is_lenient = row->family == OG_FAMILY_SMSGATE && row->method == OG_DELETE &&
                            row->success == 204;
    MUST(row, !names_one || is_lenient || has_status(responses, 404));
    MUST(row, !names_one || og_json_get(item, "parameters"));
}

/* Has a schema, and at least one example? */
static bool
is_shown(const struct og_json *content, const char *type)
{
    const struct og_json *media = og_json_get(content, type);
    return og_json_get(media, "schema") && og_json_get(media, "examples");
}

static bool
check_content(void *ctx, struct og_str type, const struct og_json *value)
{
    (void)type;
    return *(bool *)ctx &= og_json_get(value, "schema") && og_json_get(value, "examples");
}

static bool
check_response(void *ctx, struct og_str status, const struct og_json *value)
{
    (void)status;
    og_json_each(og_json_get(value, "content"), check_content, ctx);
    return true;
}

static void
check_bodies(const struct og_route *row, const struct og_json *operation)
{
    const struct og_json *body = og_json_get(operation, "requestBody");
    const char *type = row->family == OG_FAMILY_OAUTH ? "application/x-www-form-urlencoded"
                                                      : "application/json";
    MUST(row, (body != NULL) == (row->body_max > 0));
    MUST(row, !body || is_shown(og_json_get(body, "content"), type));
    bool all_shown = true;
    og_json_each(og_json_get(operation, "responses"), check_response, &all_shown);
    MUST(row, all_shown);
    char status[8];
    snprintf(status, sizeof status, "%d", row->success);
    const struct og_json *success = og_json_get(og_json_get(operation, "responses"), status);
    MUST(row, !row->encode || og_json_get(success, "content"));
}

/* ---- one for one ---- */

static void
check_is_described(void *ctx, const struct og_route *row)
{
    struct document *self = ctx;
    const struct og_json *item = find_path(self->paths, row->path);
    MUST(row, item);
    const struct og_json *operation = og_json_get(item, method_word(row->method));
    MUST(row, operation);
    MUST(row, og_json_get(operation, "operationId"));
    MUST(row, og_json_get(operation, "summary"));
    MUST(row, og_json_count(og_json_get(operation, "tags")) == 1);
    check_callers(row, operation);
    check_statuses(row, item, operation);
    check_bodies(row, operation);
    self->operations++;
}

static bool
count_operation(void *ctx, struct og_str name, const struct og_json *value)
{
    (void)value;
    ((struct document *)ctx)->operations -= !og_str_eq(name, OG_STR("parameters"));
    return true;
}

static bool
count_path(void *ctx, struct og_str path, const struct og_json *value)
{
    char text[128];
    (void)value;
    snprintf(text, sizeof text, "%.*s", OG_STR_ARG(path));
    og_json_each(find_path(((struct document *)ctx)->paths, text), count_operation, ctx);
    return true;
}

static void
test_the_description_and_the_routes_are_one_for_one(void **state)
{
    (void)state;
    struct document document = {0};
    struct og_err err;
    struct og_str text = {og_openapi_json, og_openapi_json_bytes};
    assert_int_equal(og_json_parse(text, DEPTH_MAX, &document.doc, &err), OG_OK);
    document.paths = og_json_get(document.doc.root, "paths");
    each_route(check_is_described, &document);
    assert_true(document.operations > 80);
    /* each row has its own operation, and there are no more operations than rows */
    og_json_each(document.paths, count_path, &document);
    assert_int_equal(document.operations, 0);
    og_json_doc_finish(&document.doc);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_description_and_the_routes_are_one_for_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
