/*
 * The API as the http server sees it: the route is found when the head is there, so that a body is
 * only read when somebody wants it; the call begins when the body is whole.
 */
#include "api/api.h"

#include <stdlib.h>

#include "api/api_priv.h"
#include "api/catalog_api.h"
#include "api/problem.h"
#include "api/routes.h"
#include "base/log.h"

/* ---- building ---- */

/* sms-gate.app's paths answer with and without "/api" in front. */
static bool
has_api_twin(const char *path)
{
    return strncmp(path, "/3rdparty/", 10) == 0 || strncmp(path, "/mobile/", 8) == 0;
}

static enum og_code
check_row(const struct og_route *row, struct og_err *err)
{
    bool does_something = row->take_over || row->success;
    if (row->who == OG_WHO_UNSET || !does_something ||
        (row->who == OG_WHO_APP && row->scope == OG_SCOPE_NONE)) {
        return og_fail(err, OG_E_INTERNAL, "",
                       "route %s has no permission or nothing to do; refusing to start",
                       row->path);
    }
    return OG_OK;
}

static enum og_code
add_row(struct og_api *self, const struct og_route *row, struct og_err *err)
{
    enum og_code code = check_row(row, err);
    if (code == OG_OK) {
        code = og_router_add(self->router, row->method, row->path, row, err);
    }
    if (code == OG_OK && has_api_twin(row->path)) {
        struct og_str twin = og_str_printf(&self->mem, "/api%s", row->path);
        code = og_router_add(self->router, row->method, twin.ptr, row, err);
    }
    return code;
}

enum og_code
og_api_create(const struct og_api_config *config, struct og_api **out, struct og_err *err)
{
    struct og_api *self = og_xalloc(sizeof *self);
    self->config = *config;
    og_arena_init(&self->mem, 0);
    self->router = og_router_create();
    self->catalog_limit = og_catalog_limit_create();
    enum og_code code = OG_OK;
    for (int t = 0; t < og_route_table_count; t++) {
        for (int i = 0; i < *og_route_tables[t].count && code == OG_OK; i++) {
            code = add_row(self, &og_route_tables[t].rows[i], err);
        }
    }
    if (code == OG_OK) {
        code = og_gate_create(&config->gate, &self->gate, err);
    }
    if (code != OG_OK) {
        og_api_destroy(self);
        return code;
    }
    *out = self;
    return OG_OK;
}

void
og_api_destroy(struct og_api *self)
{
    if (self) {
        og_gate_destroy(self->gate);
        og_catalog_limit_destroy(self->catalog_limit);
        og_router_destroy(self->router);
        og_arena_finish(&self->mem);
        free(self);
    }
}

void
og_api_set_hub(struct og_api *self, struct og_hub *hub)
{
    self->hub = hub;
}

void
og_api_set_server(struct og_api *self, struct og_http_server *server)
{
    self->server = server;
}

void
og_api_set_public_url(struct og_api *self, const char *url, bool is_set)
{
    self->is_public_url_set = is_set;
    self->public_url = url;
}

void
og_api_set_ready(struct og_api *self, bool is_ready)
{
    self->is_ready = is_ready;
}

void
og_api_set_fsync_us(struct og_api *self, int64_t median_us)
{
    self->fsync_us = median_us;
}

/* ---- the server's callbacks ---- */

/* Headers and body of an answer outlive this function: both are in the request's arena. */
static void
as_reply(struct og_arena *mem, struct og_answer *answer, struct og_http_reply *reply)
{
    struct og_header *headers =
        OG_ARENA_ARRAY(mem, struct og_header, (size_t)answer->header_count + 1);
    memcpy(headers, answer->headers, (size_t)answer->header_count * sizeof *headers);
    *reply = (struct og_http_reply){
        .status = answer->status,
        .content_type = OG_STR("application/json"),
        .body = og_str_dup(mem, og_buf_str(&answer->body)),
        .headers = headers,
        .header_count = (size_t)answer->header_count,
    };
    og_buf_finish(&answer->body);
}

static void
write_refusal(const struct og_http_request *req, enum og_code code, const struct og_err *err,
              const char *allow, struct og_http_reply *reply)
{
    struct og_answer answer = {0};
    og_buf_init(&answer.body, 4096);
    og_problem_write(og_problem_family(req->path), code, err, req->id, req->mem, &answer);
    if (allow) {
        og_answer_header(&answer, "Allow", og_str_dup(req->mem, og_str_from(allow)));
    }
    as_reply(req->mem, &answer, reply);
}

/* Below the applications' API an unknown path is nobody's business without credentials (check
 * 5). */
static enum og_code
unknown_path(const struct og_http_request *req, struct og_err *err)
{
    struct og_str path = req->path;
    if (og_str_starts(path, OG_STR("/api/"))) {
        path = og_str_slice(path, 4, path.len);
    }
    if (og_str_starts(path, OG_STR("/3rdparty/")) &&
        og_http_header(req, "Authorization").len == 0) {
        return og_fail(err, OG_E_UNAUTHORIZED, "", "Unauthorized");
    }
    return og_fail(err, OG_E_NOT_FOUND, "", "no such path");
}

static int64_t
on_head(void *ctx, struct og_http_request *req, struct og_http_reply *refusal)
{
    struct og_api *self = ctx;
    struct og_router_match match;
    struct og_err err = {0};
    og_router_find_request(self->router, req, &match);
    if (!match.row) {
        enum og_code code =
            match.path_known
                ? og_fail(&err, OG_E_METHOD, "", "this path answers %s only", match.allow)
                : unknown_path(req, &err);
        write_refusal(req, code, &err, match.path_known ? match.allow : NULL, refusal);
        return -1;
    }
    struct og_call *call = OG_ARENA_NEW(req->mem, struct og_call);
    call->api = self;
    call->req = req;
    call->route = match.row;
    call->param_count = match.param_count;
    memcpy(call->params, match.params, sizeof call->params);
    req->route = call;
    return call->route->body_max;
}

static void
on_request(void *ctx, struct og_http_request *req)
{
    (void)ctx;
    og_call_begin(req->route);
}

static const struct {
    int status;
    enum og_code code;
} refusals[] = {
    {400, OG_E_INVALID},    {408, OG_E_INVALID},   {411, OG_E_INVALID}, {413, OG_E_TOO_LARGE},
    {417, OG_E_INVALID},    {431, OG_E_TOO_LARGE}, {429, OG_E_LIMITED}, {501, OG_E_INVALID},
    {503, OG_E_UNAVAILABLE}, {505, OG_E_INVALID},
};

static void
on_refusal(void *ctx, struct og_str path, struct og_str request_id, int status, const char *reason,
           struct og_arena *mem, struct og_http_reply *reply)
{
    (void)ctx;
    enum og_code code = OG_E_INVALID;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (refusals[i].status == status) {
            code = refusals[i].code;
        }
    }
    struct og_err err;
    og_fail(&err, code, "", "%s", reason);
    struct og_answer answer = {0};
    og_buf_init(&answer.body, 4096);
    og_problem_write(og_problem_family(path), code, &err, request_id, mem, &answer);
    as_reply(mem, &answer, reply);
    reply->status = status;
}

struct og_http_handler
og_api_handler(struct og_api *self)
{
    return (struct og_http_handler){on_head, on_request, on_refusal, self};
}
